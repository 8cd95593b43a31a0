"""Crash reports: their content, and the folder of their files. Offcut never sends them."""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from desktop.commands import BY_ID
from desktop.crashes.left import Left
from desktop.crashes.private import private_fault, private_traceback
from engine.files.places import state_folder

MOST_REPORTS = 10
_NEW, _SUFFIX = ".new.txt", ".txt"
_HEAD = (
    "Offcut crash report\n\n"
    "This report was not sent. It contains no audio, paths, names of files or tracks, and no text of yours.\n"
    "Messages include only words from the source code; … replaces all others.\n"
)
_TOLD = (("version", "Offcut"), ("system", "System"), ("python", "Python"), ("qt", "Qt"))
_VERSION = re.compile(r"[\w .(),+:-]{1,120}")


def report_of_error(error: BaseException, facts: Mapping[str, Any], commands: Iterable[str]) -> str:
    """Format the report of an unhandled error."""
    return _report("unhandled error", private_traceback(error), facts, commands, facts.get("document"))


def report_of_left(left: Left, machine: Mapping[str, Any]) -> str:
    """Return the report of a window that ended without being closed.

    Parameters
    ----------
    machine : "boot" and "oom_kills" as they are now, to be compared with those of its start
    """
    fault = private_fault(left.fault)
    if fault:
        how = "ended by the operating system after a fault (trace below)"
    elif left.facts.get("boot") != machine.get("boot"):
        how = "the computer was switched off or restarted"
    elif _number(machine, "oom_kills") > _number(left.facts, "oom_kills"):
        how = "killed, possibly out of memory: the system has since ended a program for that"
    else:
        how = "killed by another process"
    return _report(how, fault, left.facts, left.commands, left.document)


def _report(how: str, trace: str, facts: Mapping[str, Any], commands: Iterable[str], document: object) -> str:
    lines = [_HEAD]
    for name, label in _TOLD:
        said = facts.get(name)
        lines.append(
            f"{label}: {said if isinstance(said, str) and _VERSION.fullmatch(said) else 'not known'}"
        )
    opening = "being opened" if facts.get("opening") else "open"
    lines += [
        f"How it ended: {how}",
        f"A document: {opening if document else 'none was open'}",
        f"Last commands: {', '.join(one for one in commands if one in BY_ID) or 'none'}",
        "",
        trace or "No trace.",
        "",
    ]
    return "\n".join(lines)


def _number(facts: Mapping[str, Any], name: str) -> int:
    said = facts.get(name)
    return said if isinstance(said, int) else 0


class Reports:
    """The reports in the user's state folder, each offered once.

    Raises
    ------
    OffcutError : the folder cannot be made
    """

    def __init__(self) -> None:
        self._folder = state_folder("crashes")

    def write(self, text: str) -> Path:
        """Keep a report, and the newest of those before.

        Raises
        ------
        OSError : it cannot be written
        """
        name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}{_NEW}"
        path = self._folder / name
        path.write_text(text, encoding="utf-8")
        for old in self._all()[MOST_REPORTS:]:
            _remove(old)
        return path

    def newest(self) -> Path | None:
        """Return the newest report, offered or not."""
        return next(iter(self._all()), None)

    def take_new(self) -> Path | None:
        """Return the newest report that was not offered yet; marks it as offered."""
        new = [path for path in self._all() if path.name.endswith(_NEW)]
        offered = [path.with_name(path.name.removesuffix(_NEW) + _SUFFIX) for path in new]
        for before, after in zip(new, offered, strict=True):
            with contextlib.suppress(OSError):
                before.replace(after)
        return next((path for path in offered if path.is_file()), None)

    def forget(self) -> int:
        """Delete all reports; return their number."""
        found = self._all()
        for path in found:
            _remove(path)
        return len(found)

    def _all(self) -> list[Path]:
        return sorted(self._folder.glob("crash-*.txt"), key=lambda path: path.name, reverse=True)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
