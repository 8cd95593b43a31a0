"""Try extensions in a separate process, `engine.core.extensions.trial`: one that hangs stops only that.

Each is tried once and not at every start: results are stored under a key that covers the entry point of an
extension and the content and times of the files of its package, but not other packages that it imports.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from importlib.machinery import PathFinder
from itertools import islice
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO

from engine.core.build import module_command, module_environment
from engine.core.errors import OffcutError
from engine.core.extensions.names import (
    Extension,
    Standing,
    all_named,
    leave_out,
    left_out,
    standing_of,
    stray_standing,
    take_in,
)
from engine.core.files.places import cache_file
from engine.core.files.regular_file import read_beginning
from engine.core.files.safe_write import replacing

LIMIT_S = 20.0
"""How long an extension may take to be imported."""

_log = logging.getLogger(__name__)
_MOST_BYTES = 1 << 20
_MOST_KNOWN = 1_000
_MOST_FILES = 2_000
_CODE = (".py", ".so", ".pyd")


def key_of(extension: Extension) -> str:
    """Return a key that changes with an extension, its package or this Python."""
    found = blake2b(digest_size=16)
    named = (extension.group, extension.name, extension.package, extension.version, extension.value)
    found.update(json.dumps([named, sys.version]).encode())
    for path in _files(extension.value.partition(":")[0].partition(".")[0]):
        with suppress(OSError):
            status = path.stat()
            found.update(
                f"{path}\0{status.st_mtime_ns}\0{status.st_size}\0".encode("utf-8", "surrogateescape")
            )
            found.update(blake2b(read_beginning(path, _MOST_BYTES)).digest())
    return found.hexdigest()


def _files(top: str) -> Iterator[Path]:
    """Yield the code of a package or module; nothing of it is imported."""
    spec = PathFinder.find_spec(top)
    if spec is None:
        return
    if spec.origin is not None and spec.submodule_search_locations is None:
        yield Path(spec.origin)
    folders = [Path(one) for one in spec.submodule_search_locations or ()]
    every = (path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in _CODE)
    yield from islice(every, _MOST_FILES)


def known_troubles() -> Mapping[str, str]:
    """Return by key why an extension must not be imported; empty where it was imported before."""
    try:
        stored = json.loads(read_beginning(_path(), _MOST_BYTES))
    except (OSError, ValueError, OffcutError):
        return {}
    if not isinstance(stored, dict):
        return {}
    return {key: text for key, text in stored.items() if isinstance(text, str)}


def remember(troubles: Mapping[str, str]) -> None:
    """Store results of trying extensions; if they cannot be written, the extensions are tried again."""
    every = {key: text for key, text in known_troubles().items() if key not in troubles} | dict(troubles)
    recent = dict(list(every.items())[-_MOST_KNOWN:])
    with suppress(OffcutError, OSError), replacing(_path(), overwrite=True, is_own_name=True) as part:
        part.write_text(json.dumps(recent), encoding="utf-8")


def _path() -> Path:
    return cache_file("extensions", "tried.json")


def probed(*, limit_s: float = LIMIT_S) -> tuple[Standing, ...]:
    """Return the state of every extension; this process excludes those that do not answer."""
    wanted = all_named()
    troubles = _tried({one: key_of(one) for one in wanted}, limit_s)
    standing, used = [], set[tuple[str, str]]()
    for number, extension in enumerate(wanted):
        name, trouble = (extension.group, extension.name), troubles[number]
        if not trouble and name in used:
            trouble = "another package adds one of that name"
        elif not trouble:
            used.add(name)
        standing.append(standing_of(extension, trouble))
    return (*standing, *stray_standing())


def leave_out_hanging(wanted: Sequence[Extension]) -> None:
    """Have this process not import those extensions that would hang or end it.

    Each is tried in a process of its own, once as long as its package does not change.
    """
    keys, known = {one: key_of(one) for one in wanted}, known_troubles()
    new = {one: key for one, key in keys.items() if key not in known and not left_out(one)}
    _tried(new, LIMIT_S)
    for one in wanted:
        if (trouble := left_out(one) or known.get(keys[one], "")) != "":
            leave_out(one, trouble)
            _log.warning("%s 'offcut doctor' tries it again.", standing_of(one, trouble).trouble)


def _tried(keys: Mapping[Extension, str], limit_s: float) -> list[str]:
    """Return the problem of each extension, and store by key which of them must not be imported."""
    wanted, troubles = list(keys), list[str]()
    for one in wanted:
        take_in(one)
    while len(troubles) < len(wanted):
        troubles += _answers(wanted[len(troubles) :], limit_s)
    if wanted:
        remember({key: left_out(one) for one, key in keys.items()})
    return troubles


def _answers(wanted: Sequence[Extension], limit_s: float) -> Iterator[str]:
    """Yield the problem of each extension, up to the first that does not answer."""
    words = json.dumps([[one.group, one.name, one.package, one.value] for one in wanted])
    command, lines = module_command("engine.core.extensions.trial", words), Queue[str]()
    with subprocess.Popen(
        command,
        env=module_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        reader = Thread(target=_pass_on, args=(process.stdout, lines), daemon=True)
        reader.start()
        for extension in wanted:
            try:
                line = lines.get(timeout=limit_s)
            except Empty:
                trouble = f"it takes longer than {limit_s:g} s to be imported"
            else:
                if line:
                    yield json.loads(line)
                    continue
                process.wait()
                status = process.returncode
                how = f"signal {-status}" if status < 0 else f"status {status}"
                trouble = f"it ends the process that imports it ({how})"
            process.kill()
            leave_out(extension, trouble)
            yield trouble
            break
        reader.join()


def _pass_on(stream: IO[str], lines: Queue[str]) -> None:
    """Pass on each line, and an empty one at the end."""
    with suppress(ValueError):
        for line in stream:
            lines.put(line)
    lines.put("")
