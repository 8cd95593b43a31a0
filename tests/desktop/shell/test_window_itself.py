"""The window as the system sees it: its title, its first size, and whose settings it keeps."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyle
from pytestqt.qtbot import QtBot

from desktop.app import close_on_signals, own_settings
from desktop.main_window import MainWindow
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good
from widgets.chrome.around_timeline import Beside
from widgets.theme import QUEUE, px


def test_the_title_names_the_document(hands: Hands, tmp_path: Path) -> None:
    window = hands.window
    assert window.windowTitle() == "Offcut"
    window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"), ()))
    assert window.windowTitle() == "jam"


def test_the_first_window_fits_the_screen(window: MainWindow) -> None:
    room = window.screen().availableSize()
    title_bar = window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
    assert title_bar > 0
    assert window.width() <= room.width()
    assert window.height() <= room.height() - title_bar


@pytest.fixture
def named(qapp: QApplication, tmp_path: Path) -> object:
    """The application as the program names it, with its settings in a folder of the test."""
    before = (
        QCoreApplication.organizationName(),
        QCoreApplication.applicationName(),
        QSettings.defaultFormat(),
    )
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    qapp.setOrganizationName("Offcut")
    qapp.setApplicationName("offcut")
    yield
    qapp.setOrganizationName(before[0])
    qapp.setApplicationName(before[1])
    QSettings.setDefaultFormat(before[2])


@pytest.mark.usefixtures("named")
def test_settings_of_before_are_taken_over_once(tmp_path: Path) -> None:
    scope = QSettings.Scope.UserScope
    old = QSettings(QSettings.Format.IniFormat, scope, "Unknown Organization", "offcut")
    old.setValue("look", "light")
    old.sync()
    assert own_settings().value("look") == "light"
    assert (tmp_path / "Offcut" / "offcut.ini").is_file()
    old.setValue("look", "dark")
    old.sync()
    assert own_settings().value("look") == "light", "what was chosen since is the user's"


def test_the_queue_takes_its_share_until_its_border_is_dragged(window: MainWindow, qtbot: QtBot) -> None:
    def widths(width: int) -> int:
        window.resize(width, 700)
        qtbot.waitUntil(lambda: window.width() == width)
        return window.side.width()

    narrow, wide = widths(1_024), widths(1_600)
    assert narrow < wide == px(QUEUE)
    assert widths(1_024) == narrow
    handle = window.findChild(Beside).handle(1)
    QTest.mousePress(handle, Qt.MouseButton.LeftButton)
    QTest.mouseMove(handle, handle.rect().center() - QPoint(60, 0))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton)
    dragged = window.side.width()
    assert dragged > narrow
    assert widths(1_600) == dragged


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_closes_the_window_between_events_and_not_within_a_line(hands: Hands, name: str) -> None:
    closed: list[bool] = []
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    close_on_signals(lambda: closed.append(hands.window.close()))
    try:
        signal.raise_signal(getattr(signal, name))
        assert hands.window.isVisible(), "whatever runs goes on to its end"
        hands.qtbot.waitUntil(lambda: closed == [True] and not hands.window.isVisible())
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
