"""Run every command of a window, and print the heavy modules that it imported on the window's thread.

``python -m tests.desktop.shell.every_command (all | heavy) DOCUMENT EDITED``

"all" runs every command and lets no thread import a heavy module, so that each command counts as the first.
"heavy" runs those whose jobs need such modules, to the end.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QPushButton, QWidget

HEAVY = {"torch", "scipy", "librosa", "soxr", "safetensors", "pyqtgraph"}
WAITED_FOR = {"timing.propose", "timing.recorders", "timing.tempo", "takes.propose", "taste.listen"}
LEFT_OUT = {"file.quit", "file.demo", "file.demo_day", "help.log_folder"}
PATIENCE_S = 240.0


class Watch(MetaPathFinder):
    """Notes heavy modules that the thread that makes it imports; it can refuse them to all threads."""

    def __init__(self, *, refuses: bool) -> None:
        self.now = "start"
        self._refuses = refuses
        self.found: list[str] = []
        self._window = threading.current_thread()

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: object = None
    ) -> ModuleSpec | None:
        if fullname in HEAVY and threading.current_thread() is self._window:
            self.found.append(f"{self.now}: {fullname}")
        if fullname in HEAVY and self._refuses:
            raise ImportError(f"{fullname} is not there for this test")
        return None


def answer() -> None:
    """Go ahead in the dialog that is open, where it can be; else give it up."""
    dialog = QApplication.activeModalWidget() or QApplication.activePopupWidget()
    if dialog is None:
        return
    ready = [one for one in dialog.findChildren(QPushButton) if one.isDefault() and one.isEnabled()]
    if ready and not isinstance(dialog, QFileDialog):
        ready[0].click()
    elif isinstance(dialog, QDialog):
        dialog.reject()
    else:
        dialog.close()


def spin(application: QApplication, is_over: Callable[[], bool]) -> None:
    """Let the window go on until something is over."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not is_over():
        application.processEvents()
        time.sleep(0.002)
        assert time.monotonic() < give_up_s


def main(mode: str, document: Path, edited: Path) -> None:
    """Run commands on a document."""
    from desktop.app import make_application
    from desktop.commands import COMMANDS
    from desktop.main_window import MainWindow

    application = make_application()
    watch = Watch(refuses=mode == "all")
    sys.meta_path.insert(0, watch)
    window = MainWindow(application, QSettings(str(document.with_suffix(".ini")), QSettings.Format.IniFormat))
    window.show()
    window.session.open(document)
    spin(application, lambda: not window.work.is_busy)
    answering = QTimer(window, interval=20)
    answering.timeout.connect(answer)
    answering.start()

    wanted = WAITED_FOR if mode == "heavy" else {command.id for command in COMMANDS} - LEFT_OUT
    do = {name: partial(window.commands.run, name) for name in sorted(wanted)}
    # First, since other commands take the recording away.
    for name, run in {"taking an edit": partial(window.edits.take, edited), **do}.items():
        watch.now = name
        run()
        spin(application, lambda: not window.work.is_busy)
    close_all(application, window)
    print("\n".join(watch.found))


def close_all(application: QApplication, window: QWidget) -> None:
    """Close the window with all that it opened."""
    for one in application.topLevelWidgets():
        if one is not window:
            one.close()
    window.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
