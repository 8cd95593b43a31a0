"""Start Qt and open the window."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from desktop.main_window import MainWindow
from desktop.shell.after_crash import CrashNotes
from desktop.shell.log import Log
from desktop.shell.work.window_thread import TorchLibraries
from engine.core.errors import OffcutError
from engine.core.memory import keep_large_apart
from widgets.controls.text_and_icons import window_icon
from widgets.theme import load_fonts

SWITCH_INTERVAL_S = 0.001

_NAME_BEFORE = "Unknown Organization"
"""Qt's default name for a program without an organisation."""


def open_window(what: Sequence[str]) -> int:
    """Open the window on a document, on recordings, on "--demo" or on nothing; return the exit status."""
    log, notes = Log(), CrashNotes()
    status = _opened(what, log, notes)
    notes.end()
    leave(status)
    return status


def leave(status: int) -> None:
    """End the program at once if a job still runs: at its usual end Python waits for every thread.

    The documents are closed by then, and a job that was cut off is offered again.
    """
    main = threading.main_thread()
    if any(one is not main and not one.daemon for one in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _end_without_destructors() -> None:
    """Skip the destructors of libraries when the process ends, with the GNU C library.

    Qt ends a program from within when its screen goes away. A destructor of PySide then waits for Python's
    lock, and the thread that has it for a lock of PySide: the document stayed locked.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):  # another C library than that of GNU
        library = ctypes.CDLL(None)
        library.on_exit(ctypes.cast(library._exit, ctypes.c_void_p), None)


def _opened(what: Sequence[str], log: Log, notes: CrashNotes) -> int:
    application = make_application()
    _end_without_destructors()
    settings = own_settings()
    window = MainWindow(application, settings)
    window.show()
    window.crashes.begin(notes)
    log.uncaught = window.crashes.report_uncaught

    def close() -> None:
        window.close()
        application.exit(0)

    close_on_signals(close)
    try:
        show(window, what)
    except OffcutError as error:
        window.messages.refuse(str(error))
    gc.freeze()  # what stands now stays; walking over all of it takes Python's collector 40 ms each time
    status = application.exec()
    if window.isVisible():  # its screen went away, and nobody closed it: what still plays would be waited for
        window.close()
    settings.sync()
    return status


def make_application() -> QApplication:
    """Return the application, named and with its typefaces loaded; its threads take turns quickly.

    A frame releases the interpreter hundreds of times. At Python's own interval of 5 ms a job that computes
    made frames three times as long: their median while a taste was learned, on two cores that were busy.
    """
    # torch reads this when it is first imported, which a job does later.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    sys.meta_path.insert(0, TorchLibraries())
    keep_large_apart()
    application = QApplication(sys.argv[:1])
    application.setOrganizationName("Offcut")
    application.setApplicationName("offcut")
    application.setApplicationDisplayName("Offcut")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    application.setDesktopFileName("offcut")
    application.setWindowIcon(window_icon())
    load_fonts()
    return application


def close_on_signals(close: Callable[[], None]) -> None:
    """Close where the system asks the program to end, as it does when a user logs out.

    Python answers a signal the next time it runs, which `WindowGarbage` sees to twice a second: anywhere,
    between two lines that open a recording too, or before the loop of events runs. So an event closes.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda _number, _frame: QTimer.singleShot(0, close))


def own_settings() -> QSettings:
    """Return the settings; those under the former name are migrated once."""
    settings = QSettings()
    if not settings.allKeys():
        before = QSettings(settings.format(), settings.scope(), _NAME_BEFORE, "offcut")
        before.setFallbacksEnabled(False)
        for key in before.allKeys():
            settings.setValue(key, before.value(key))
    return settings


def show(window: MainWindow, what: Sequence[str]) -> None:
    """Open a document or the demo in a window, or import recordings."""
    if list(what) == ["--demo"]:
        from desktop.demo import open_demo

        open_demo(window)
    elif what:
        window.files.drop(what)
