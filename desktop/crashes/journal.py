"""Notes of a window about itself while it runs: deleted when it closes, left behind after a crash.

The notes are lines of JSON in a file of the user's state folder, written past no buffer, so they are there
after the process is killed. The file has a lock as documents have (`engine.document.file.lock`), which dies
with its window: notes with a free lock belong to a window that was not closed. Python's fault handler
writes its output of a hard crash to a second file next to it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import secrets
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.document.file.lock import DocumentLock, take_lock
from engine.errors import OffcutError
from engine.files.places import state_folder

SUFFIX, FAULT_SUFFIX = ".session", ".fault"
COMMANDS_KEPT = 20
LONGEST_BYTES = 1 << 16
"""The file is compacted if it would grow beyond this size."""


def sessions_folder() -> Path:
    """Return the folder of the notes.

    Raises
    ------
    OffcutError : it cannot be made
    """
    return state_folder("sessions")


class Journal:
    """Notes of this window. Write errors are ignored, so that notes never stop a window.

    Parameters
    ----------
    facts : known facts at the start
    """

    def __init__(self, **facts: Any) -> None:
        self._facts: dict[str, Any] = dict(facts)
        self._commands: deque[str] = deque(maxlen=COMMANDS_KEPT)
        self._handle, self._length = -1, 0
        self._lock: DocumentLock | None = None
        self._fault = None
        with contextlib.suppress(OSError, OffcutError):
            self._path = sessions_folder() / f"{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
            self._lock = take_lock(self._path)  # before there are notes: whoever finds them finds it taken
            self._handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            self._write(self._facts)
            self._fault = self._path.with_suffix(FAULT_SUFFIX).open("wb")
            faulthandler.enable(self._fault)

    @property
    def facts(self) -> Mapping[str, Any]:
        """Current facts."""
        return MappingProxyType(self._facts)

    @property
    def commands(self) -> tuple[str, ...]:
        """The ids of the last commands, the latest at the end."""
        return tuple(self._commands)

    def note(self, **facts: object) -> None:
        """Update facts; a fact replaces an earlier one with the same name."""
        self._facts.update(facts)
        self._write(facts)

    def note_command(self, command_id: str) -> None:
        """Note that a command is about to be run."""
        self._commands.append(command_id)
        self._write({"command": command_id})

    def end(self) -> None:
        """Take the notes away: the window was closed. A second time does nothing."""
        if self._fault is not None:
            faulthandler.disable()
            self._fault.close()
            self._fault = None
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)
            remove_notes(self._path)
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _write(self, facts: dict[str, object]) -> None:
        if self._handle < 0:
            return
        with contextlib.suppress(OSError):
            line = json.dumps(facts).encode() + b"\n"
            if self._length + len(line) > LONGEST_BYTES:
                self._shorten()
            else:
                self._length += os.write(self._handle, line)

    def _shorten(self) -> None:
        """Compact the file. After an interruption, old lines follow and yield the same facts."""
        commands: list[dict[str, object]] = [{"command": one} for one in self._commands]
        told = [self._facts, *commands]
        whole = b"".join(json.dumps(one).encode() + b"\n" for one in told)
        os.lseek(self._handle, 0, os.SEEK_SET)
        self._length = os.write(self._handle, whole)
        os.ftruncate(self._handle, self._length)


def remove_notes(path: Path) -> None:
    """Delete the notes of a session and the output of its fault handler."""
    for one in (path, path.with_suffix(FAULT_SUFFIX)):
        with contextlib.suppress(OSError):
            one.unlink()
