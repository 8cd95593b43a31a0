"""Monitors one window: records its activity, and reports unhandled errors."""

from __future__ import annotations

import contextlib
import platform
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from desktop.crashes.journal import Journal
from desktop.crashes.report import Reports, report_of_error
from engine.build import this_build

MOST_REPORTS = 5
"""Limit per window, because a fault in a paint event occurs sixty times a second."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_COUNTS = Path("/proc/vmstat")


def machine() -> dict[str, Any]:
    """Return the boot id of the computer, and the number of processes killed for memory since boot.

    Both are Linux's; elsewhere neither is known.
    """
    with contextlib.suppress(OSError, ValueError):
        counts = dict(line.split() for line in _COUNTS.read_text().splitlines())
        return {"boot": _BOOT.read_text().strip(), "oom_kills": int(counts.get("oom_kill", 0))}
    return {}


class Watch:
    """Records the activity of a window until `end`, and writes a report of each unhandled error.

    Attributes
    ----------
    told : called on any thread after an error report was written
    """

    def __init__(self) -> None:
        self.told: Callable[[], object] = lambda: None
        self._journal = Journal(**machine())
        self._reported: set[tuple[str, ...]] = set()
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._escaped
        threading.excepthook = self._escaped_of_thread

    def note_versions(self) -> None:
        """Record the versions; slow, so it runs after the window is built."""
        from PySide6 import __version__ as qt

        self.note(
            version=this_build().sentence,
            system=f"{platform.system()} {platform.release()} {platform.machine()}",
            python=platform.python_version(),
            qt=qt,
        )

    def note(self, **facts: object) -> None:
        """Update facts."""
        self._journal.note(**facts)

    def note_command(self, command_id: str) -> None:
        """Note that a command is about to be run."""
        self._journal.note_command(command_id)

    def end(self) -> None:
        """Stop: the window was closed."""
        sys.excepthook, threading.excepthook = self._before
        self._journal.end()

    def failed(self) -> None:
        """Record that an error ends the program: the hook writes a report, and the notes stay."""
        self.note(ended_by_error=True)

    def _escaped(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._before[0](kind, error, trace)
        self._report(error.with_traceback(trace))

    def _escaped_of_thread(self, escaped: threading.ExceptHookArgs) -> None:
        self._before[1](escaped)
        if escaped.exc_value is not None:
            self._report(escaped.exc_value)

    def _report(self, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt | SystemExit) or len(self._reported) >= MOST_REPORTS:
            return
        places = traceback.extract_tb(error.__traceback__)
        key = (type(error).__name__, *(f"{one.filename}:{one.lineno}" for one in places[-3:]))
        if key in self._reported:
            return
        self._reported.add(key)
        with contextlib.suppress(Exception):  # what fails while a failure is told is told no more
            Reports().write(report_of_error(error, self._journal.facts, self._journal.commands))
            self.told()
