"""What a window notes of itself while it runs: gone when it is closed, left when it ends otherwise.

The notes are lines of JSON in a file of the user's state folder, written past no buffer, so they are there
after the process is killed. The file has a lock as documents have (`engine.document.file.lock`), which dies
with its window: notes whose lock is free were left by a window that was never closed. What Python's fault
handler tells at a hard crash goes into a second file beside it.
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
"""The file is written anew, shorter, when it would grow past this."""


def sessions_folder() -> Path:
    """Return the folder of the notes.

    Raises
    ------
    OffcutError : it cannot be made
    """
    return state_folder("sessions")


class Journal:
    """The notes of this window. What cannot be written is not: no window may fail for its notes.

    Parameters
    ----------
    facts : what is known at the start
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
        """What is so now."""
        return MappingProxyType(self._facts)

    @property
    def commands(self) -> tuple[str, ...]:
        """The ids of the last commands, the latest at the end."""
        return tuple(self._commands)

    def note(self, **facts: object) -> None:
        """Note what is so from now on; what has the same name is so no longer."""
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
        """Keep what is so now. Killed half way, old lines follow that end in the same."""
        commands: list[dict[str, object]] = [{"command": one} for one in self._commands]
        told = [self._facts, *commands]
        whole = b"".join(json.dumps(one).encode() + b"\n" for one in told)
        os.lseek(self._handle, 0, os.SEEK_SET)
        self._length = os.write(self._handle, whole)
        os.ftruncate(self._handle, self._length)


def remove_notes(path: Path) -> None:
    """Remove the notes of a session, and what the fault handler wrote beside."""
    for one in (path, path.with_suffix(FAULT_SUFFIX)):
        with contextlib.suppress(OSError):
            one.unlink()
