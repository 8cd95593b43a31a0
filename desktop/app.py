"""Start Qt and open the window."""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from desktop.main_window import MainWindow
from engine.errors import OffcutError
from widgets.theme import load_fonts


def open_window(what: str) -> int:
    """Open the window on a document, a recording, "--demo" or nothing (""); return the exit status."""
    # torch reads this when it is first imported, which a job does later.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    application = make_application()
    window = MainWindow(application, QSettings())
    window.show()
    try:
        show(window, what)
    except OffcutError as error:
        window.status_bar.set_error(str(error))
    return application.exec()


def make_application() -> QApplication:
    """Return the application, named and with its typefaces loaded."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("offcut")
    application.setApplicationDisplayName("Offcut")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    load_fonts()
    return application


def show(window: MainWindow, what: str) -> None:
    """Open a document or the demo in a window, or import a recording."""
    if what == "--demo":
        from desktop.demo import open_demo

        open_demo(window)
    elif what:
        window.files.drop([what])
