"""A real window, real keys, and dialogs answered the way a person answers them."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QProgressDialog,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.demo_files import DEMO_FOLDER
from desktop.features.taste.widgets.shelf import Elsewhere, TasteShelf
from desktop.main_window import MainWindow
from desktop.shell.log import Log
from engine.cli.main import main
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.recordings.analyses import AnalysisRequest
from engine.recordings.listen import listen_to_document
from engine.recordings.media import locate_all
from tests.conftest import live_in
from tests.engine.recordings.yard import FIRST_BARK
from widgets.controls.later import Later
from widgets.theme import load_fonts

POLL_MS = 20
ANSWER_TIMEOUT_S = 60.0
JOB_TIMEOUT_MS = 120_000
UNANSWERED_MS = 10_000
RAW = sorted((DEMO_FOLDER / "raw").iterdir())


@pytest.fixture
def window(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """A shown window without a document, whose user has an empty home."""
    home = tmp_path / "home of the user"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    load_fonts()
    # The desktop's own file dialog cannot be typed into by a test.
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("hears_each_proposal", False)  # test_arrivals.py switches it on
    made = MainWindow(qapp, settings)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    yield made
    let_go(made)


def let_go(*windows: MainWindow) -> None:
    """Close windows and have Qt delete them, which by itself it does in a running event loop alone."""
    for one in windows:
        one.close()
        one.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def restarted(qapp: QApplication, tmp_path: Path) -> Iterator[Callable[[], MainWindow]]:
    """Open another window that reads the same settings."""
    opened = []

    def restart() -> MainWindow:
        settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        opened.append(MainWindow(qapp, settings))
        return opened[-1]

    yield restart
    let_go(*opened)


@pytest.fixture
def program_log() -> Iterator[Log]:
    """The log of a program that runs, in its folder; the hooks of the tests come back afterwards."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    before = root.handlers[:]
    yield Log()
    sys.excepthook, threading.excepthook = hooks
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        handler.close()


@contextmanager
def looking(look: Callable[[], None], every_ms: int) -> Iterator[None]:
    """Call a function again and again, also while a dialog is open."""
    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(every_ms)
    try:
        yield
    finally:
        timer.stop()


def named(dialog: QWidget) -> str:
    """Return the kind and the title of a dialog, for the message of a failure."""
    return f"{type(dialog).__name__} {dialog.windowTitle()!r}"


class Hands:
    """Presses keys and answers dialogs."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot = qtbot
        self.window = window
        self.said: list[str] = []
        self.refused: list[str] = []
        work = (window.work, window.files, window.finders, window.timing_proposing)
        for part in (window.review, window.queue.bulk, window.history, *work):
            part.said.connect(self.said.append)
        for part in (window.commands.refused, window.work.failed):
            part.connect(self.refused.append)

    def press(self, keys: str) -> None:
        """Press a key with its modifiers, written as in the table of commands."""
        if QApplication.activeModalWidget() is None:
            self.window.activateWindow()
            self.qtbot.waitUntil(self.window.isActiveWindow)
        *names, last = keys.split("+")
        modifiers, key = filter(None, names), last or "+"
        held = Qt.KeyboardModifier.NoModifier
        for name in modifiers:
            held |= {
                "Ctrl": Qt.KeyboardModifier.ControlModifier,
                "Shift": Qt.KeyboardModifier.ShiftModifier,
                "Alt": Qt.KeyboardModifier.AltModifier,
            }[name]
        named = {
            "Esc": "Escape",
            "?": "Question",
            "+": "Plus",
            "-": "Minus",
            ",": "Comma",
            ".": "Period",
        }.get(key, key)
        named = {"PgUp": "PageUp", "PgDown": "PageDown"}.get(named, named)
        QTest.keyClick(self.window.focusWidget() or self.window, getattr(Qt.Key, f"Key_{named}"), held)
        self.look()

    def look(self) -> None:
        """Let all be shown that follows an answer a moment later, as it is for whoever looks."""
        for later in self.window.findChildren(Later):
            if later.is_due:
                later.now()

    def press_and_answer(self, keys: str, *answers: Callable[[QWidget], None]) -> None:
        """Press a key that opens dialogs one after another or inside each other, and answer each."""
        self.do_and_answer(lambda: self.press(keys), *answers)

    def do_and_answer(self, do: Callable[[], object], *answers: Callable[[QWidget], None]) -> None:
        """Do what opens dialogs one after another or inside each other, and answer each."""
        waiting = list(answers)
        answered: list[QWidget] = []
        unanswered: list[str] = []
        give_up_s = time.monotonic() + ANSWER_TIMEOUT_S
        pressing = True

        def look() -> None:
            if pressing:  # a timer of its own each time: one does not fire again inside its own slot
                QTimer.singleShot(POLL_MS, look)
            dialog = QApplication.activeModalWidget()
            asks = dialog is not None and not isinstance(dialog, QProgressDialog)
            # One that is not active yet hears keys but no shortcuts.
            if waiting and asks and dialog.isActiveWindow() and dialog not in answered:
                answered.append(dialog)
                waiting.pop(0)(dialog)
            elif dialog is not None and time.monotonic() > give_up_s:
                unanswered.append(named(dialog))
                dialog.close()

        QTimer.singleShot(POLL_MS, look)
        do()
        pressing = False
        assert not unanswered
        assert not waiting

    def finish_work(self) -> None:
        """Wait until nothing is running; fail on a dialog without an answer, which would never end."""
        opened: list[QWidget] = []
        unanswered: list[str] = []

        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if dialog is None or isinstance(dialog, QProgressDialog):
                opened.clear()
            elif opened != [dialog]:
                opened[:] = [dialog]
            else:
                unanswered.append(named(dialog))
                dialog.close()

        with looking(look, UNANSWERED_MS):
            self.qtbot.waitUntil(lambda: not self.window.work.is_busy, timeout=JOB_TIMEOUT_MS)
        assert not unanswered


@pytest.fixture
def hands(qtbot: QtBot, window: MainWindow) -> Hands:
    return Hands(qtbot, window)


@pytest.fixture(scope="session")
def listened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's recordings in a document, listened to once for all tests."""
    folder = tmp_path_factory.mktemp("listened")
    path = folder / "song.offcut"
    with pytest.MonkeyPatch.context() as patch:
        live_in(folder, patch)
        assert main(["new", str(path), *map(str, RAW)]) == 0
        with Document.open(path) as document:
            state = document.state
            heard = listen_to_document(AnalysisRequest(state, locate_all(state, folder)), SILENT)
            edit = set_analyses(state, heard.ids, "Recording analysed", by_listening=True)
            document.apply(edit, {heard.ids[kind]: found for kind, found in heard.analyses.items()})
    return path


def with_caches(document: Path, to: Path) -> Path:
    """Copy a document, and link what is cached of its recordings in the folder that it was made in."""
    own = Path(os.environ["XDG_CACHE_HOME"])
    shutil.copytree(document.parent / own.name, own, copy_function=os.link, dirs_exist_ok=True)
    return shutil.copy(document, to)


@pytest.fixture
def yard(hands: Hands, yard_copy: Path) -> Hands:
    """The window on a yard in which a dog barks, with the first bark selected."""
    hands.window.session.open(yard_copy)
    hands.finish_work()
    hands.window.repairing.said.connect(hands.said.append)
    hands.window.selecting.select(*FIRST_BARK)
    return hands


@pytest.fixture
def song(hands: Hands, listened: Path, tmp_path: Path) -> Hands:
    """The demo's recordings in a document of their own, without a proposal."""
    hands.window.session.open(with_caches(listened, tmp_path / "by hand.offcut"))
    hands.finish_work()
    return hands


def type_path(*paths: Path) -> Callable[[QWidget], None]:
    """Answer a file dialog with paths, by typing them and pressing Enter."""

    def answer(dialog: QWidget) -> None:
        assert isinstance(dialog, QFileDialog)
        field = dialog.findChild(QLineEdit, "fileNameEdit")
        text = " ".join(f'"{path}"' for path in paths) if len(paths) > 1 else str(paths[0])
        field.setCompleter(None)  # its list pops up or does not, as the folder was read by then or was not
        field.setFocus()
        field.selectAll()
        field.insert(text)  # pasted: QTest cannot type every character a path may hold
        QTest.keyClick(field, Qt.Key.Key_Return)

    return answer


def choose_taste(path: Path) -> tuple[Callable[[QWidget], None], ...]:
    """Answer the shelf of tastes by its way to a file, and the file dialog with a path."""

    def go_past_the_list(dialog: QWidget) -> None:
        field = named_field(dialog, "Find a taste")
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_PageUp)
        while dialog.findChild(TasteShelf).chosen() is not Elsewhere.FILE:
            QTest.keyClick(field, Qt.Key.Key_Up)
        QTest.keyClick(field, Qt.Key.Key_Return)

    return go_past_the_list, type_path(path)


def fill(**fields: str) -> Callable[[QWidget], None]:
    """Answer a form by typing into the fields whose accessible names begin so, then pressing Enter."""

    def answer(dialog: QWidget) -> None:
        assert isinstance(dialog, QDialog)
        last: QWidget = dialog
        for name, text in fields.items():
            field = named_field(dialog, name)
            field.setFocus()
            field.selectAll()
            QTest.keyClicks(field, text)
            last = field
        QTest.keyClick(last, Qt.Key.Key_Return)

    return answer


def named_field(dialog: QWidget, name: str) -> QLineEdit:
    """Return the field whose accessible name begins with a word."""
    found = [one for one in dialog.findChildren(QLineEdit) if one.accessibleName().startswith(name)]
    assert len(found) == 1, [one.accessibleName() for one in dialog.findChildren(QLineEdit)]
    return found[0]


def press_button(words: str, seen: list[str] | None = None) -> Callable[[QWidget], None]:
    """Answer a question by the button with these words; `seen` gets its texts and its default button."""

    def answer(dialog: QWidget) -> None:
        assert isinstance(dialog, QMessageBox)
        if seen is not None:
            seen.extend([dialog.text(), dialog.informativeText(), dialog.defaultButton().text()])
        (button,) = [one for one in dialog.buttons() if one.text() == words]
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    return answer
