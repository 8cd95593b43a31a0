"""Notes of crashed windows, read defensively: they may be truncated or forged."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desktop.crashes.journal import COMMANDS_KEPT, FAULT_SUFFIX, SUFFIX, remove_notes, sessions_folder
from engine.document.file.lock import take_lock
from engine.errors import OffcutError
from engine.files.regular_file import open_regular
from engine.strict_json import parse_json

MOST_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Left:
    """Facts about a window that was not closed.

    Attributes
    ----------
    facts : its notes, by name: "document" (open), "opening" (being opened), "settled" (open for a while),
        "report" (an error was reported by it), versions
    commands : ids of those it ran last, the newest last
    fault : output of the fault handler; "" if another process killed it
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    fault: str = ""

    @property
    def document(self) -> Path | None:
        """The document that was open or being opened."""
        return self._path("opening") or self._path("document")

    @property
    def failed_at_opening(self) -> bool:
        """Whether it ended while a document was being opened, or soon after."""
        is_new = self._path("document") is not None and not self.facts.get("settled")
        return self._path("opening") is not None or is_new

    @property
    def ended_by_error(self) -> bool:
        """Whether an unhandled error ended it, which wrote a report of its own."""
        return bool(self.facts.get("ended_by_error"))

    def _path(self, name: str) -> Path | None:
        said = self.facts.get(name)
        return Path(said) if isinstance(said, str) and said and "\0" not in said else None


def take_left() -> tuple[Left, ...]:
    """Collect the notes of all crashed windows, most recent first.

    Deletes the notes before returning them, so that no other start finds them.
    """
    found: list[tuple[float, Left]] = []
    with suppress(OSError, OffcutError):
        for path in sessions_folder().glob(f"*{SUFFIX}"):
            with suppress(OSError):
                lock = take_lock(path)
                if lock is None:
                    continue  # its window is open
                try:
                    found.append((path.lstat().st_mtime, _read(path)))
                finally:
                    remove_notes(path)
                    lock.release()
    return tuple(left for _, left in sorted(found, key=lambda one: one[0], reverse=True))


def _read(path: Path) -> Left:
    facts: dict[str, Any] = {}
    commands: list[str] = []
    for line in _text(path).splitlines():
        try:
            said = parse_json(line)
        except ValueError:  # the last line of one that was killed
            continue
        if isinstance(said, dict):
            command = said.pop("command", None)
            commands += [command] if isinstance(command, str) else []
            facts.update(said)
    return Left(facts, tuple(commands[-COMMANDS_KEPT:]), _text(path.with_suffix(FAULT_SUFFIX)))


def _text(path: Path) -> str:
    try:
        with open_regular(path, follow_symlinks=False) as stream:
            return stream.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
