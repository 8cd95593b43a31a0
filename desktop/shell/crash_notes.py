"""Open document of each window, in a file that is deleted when the window closes, and is left after a crash.

Python's fault handler writes the stack of a hard crash to the same file. The lock of the file
(`engine.document.file.lock`) ends with its window, so an unlocked file belongs to a crashed one.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.core.build import this_build
from engine.core.errors import OffcutError
from engine.core.files.places import state_folder
from engine.core.files.regular_file import open_regular
from engine.core.files.strict_json import parse_json
from engine.document.file.lock import DocumentLock, take_lock

FOLDER, SUFFIX = "sessions", ".session"


class CrashNotes:
    """Notes of this window. Write errors are ignored, so that notes never stop a window."""

    def __init__(self) -> None:
        self._lock: DocumentLock | None = None
        self._file = None
        with suppress(OSError, OffcutError):
            path = state_folder(FOLDER) / f"{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
            self._lock = take_lock(path)  # before the file exists, so that no other window finds it unlocked
            self._file = path.open("xb", buffering=0)
            faulthandler.enable(self._file)

    def note(self, document: Path | None, *, settled: bool) -> None:
        """Record the open document, and whether it opened successfully."""
        if self._file is not None:
            with suppress(OSError):
                facts = {"document": document and str(document.absolute()), "settled": settled}
                self._file.write(json.dumps(facts).encode() + b"\n")

    def end(self) -> None:
        """Delete the notes: the window was closed. A second call does nothing."""
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            with suppress(OSError):
                Path(self._file.name).unlink()
        if self._lock is not None:
            self._lock.release()
        self._file = self._lock = None


def take_crashed() -> list[tuple[Path | None, bool]]:
    """Collect the crashed windows, oldest first; log their stacks and delete their notes.

    Returns
    -------
    The document of each, and whether it opened successfully before the crash.
    """
    found = []
    with suppress(OSError, OffcutError):
        for path in sorted(state_folder(FOLDER).glob(f"*{SUFFIX}"), key=lambda one: one.lstat().st_mtime):
            with suppress(OSError):
                lock = take_lock(path)
                if lock is not None:  # else its window is open
                    with suppress(OSError):
                        found.append(_read(path))
                    with suppress(OSError):
                        path.unlink()
                    lock.release()
    return found


def _read(path: Path) -> tuple[Path | None, bool]:
    facts: dict[str, Any] = {}
    stack = ""
    with open_regular(path, follow_symlinks=False) as file:
        lines = file.read(1 << 18).decode("utf-8", "replace").splitlines()
    for line in lines:
        try:
            facts.update(parse_json(line))
        except (ValueError, TypeError):
            stack += f"\n{line}"
    ended = stack or "\nKilled, or the computer was switched off."
    logging.error("Offcut %s ended unexpectedly%s", this_build().sentence, ended)
    name = facts.get("document")
    is_path = isinstance(name, str) and name and "\0" not in name
    return Path(str(name)) if is_path else None, facts.get("settled") is True
