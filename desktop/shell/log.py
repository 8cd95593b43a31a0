"""Log file of the program: warnings, failed jobs, crashes and uncaught exceptions.

The home folder is written as ~, because its name often is the name of the user.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from engine.core.build import this_build
from engine.core.errors import OffcutError
from engine.core.files.places import state_folder

MOST_UNCAUGHT = 20
"""Limit per window, because a fault in a paint event occurs sixty times a second."""


def log_file() -> Path:
    """Return the path of the log; the null device if its folder cannot be made."""
    try:
        return state_folder() / "offcut.log"
    except OffcutError:
        return Path(os.devnull)


class HomeAsTilde(logging.Formatter):
    """Formats a record and its traceback; paths in the home folder begin with ~."""

    def format(self, record: logging.LogRecord) -> str:
        homes = {str(Path.home()), str(Path.home().resolve())}
        homes |= {home.replace("\\", "\\\\") for home in homes}  # as quoted in messages
        return re.sub(rf"(?:{'|'.join(map(re.escape, homes))})(?![\w-])", "~", super().format(record))


class Log:
    """Writes log records and uncaught exceptions of this process to the log file and to standard error.

    Attributes
    ----------
    uncaught : called on any thread after an uncaught exception is logged
    """

    def __init__(self) -> None:
        self.uncaught: Callable[[], object] = lambda: None
        self._logged: set[str] = set()
        file = RotatingFileHandler(
            log_file(),
            maxBytes=1 << 20,
            backupCount=2,
            encoding="utf-8",
            errors="backslashreplace",
            delay=True,
        )
        file.setFormatter(HomeAsTilde("%(asctime)s %(levelname)s %(message)s"))
        for handler in (file, logging.lastResort or logging.StreamHandler()):
            logging.getLogger().addHandler(handler)
        sys.excepthook = self._log
        threading.excepthook = lambda one: self._log(one.exc_type, one.exc_value, one.exc_traceback)

    def _log(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        text = "".join(traceback.format_exception(kind, error, trace)).rstrip()
        if issubclass(kind, Exception) and text not in self._logged and len(self._logged) < MOST_UNCAUGHT:
            self._logged.add(text)
            logging.critical("Uncaught exception in Offcut %s\n%s", this_build().sentence, text)
            with suppress(RuntimeError):  # the window is deleted
                self.uncaught()
