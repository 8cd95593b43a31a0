"""Extensions that were once imported without hanging, so that each is tried once and not at every start.

The key of an extension covers its entry point and the content and times of the files of its package, but not
other packages that it imports.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from importlib.machinery import PathFinder
from pathlib import Path

from engine.errors import OffcutError
from engine.extensions.names import Extension
from engine.files.places import cache_file
from engine.files.regular_file import read_beginning
from engine.files.safe_write import replacing

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
    for number, path in enumerate(every):
        if number < _MOST_FILES:
            yield path


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
