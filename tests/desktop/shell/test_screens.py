"""A window that was last on a screen which is gone comes up on one that is there, whole and within reach."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QByteArray, QDataStream, QIODevice, QRect, QSettings
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from tests.mostly_long import mostly_long

_MAGIC, _MAJOR, _MINOR = 0x1D9D0CB, 3, 0


def kept(frame: QRect, *, screen: int, is_maximized: bool = False, is_full: bool = False) -> QByteArray:
    """Geometry as Qt keeps it, of a window on a screen of 1920 pixels."""
    found = QByteArray()
    stream = QDataStream(found, QIODevice.OpenModeFlag.WriteOnly)
    stream.setVersion(QDataStream.Version.Qt_4_0)
    stream.writeUInt32(_MAGIC)
    stream.writeUInt16(_MAJOR)
    stream.writeUInt16(_MINOR)
    stream << frame << frame
    stream.writeInt32(screen)
    stream.writeUInt8(is_maximized)
    stream.writeUInt8(is_full)
    stream.writeInt32(1920)
    stream << frame
    return found


@mostly_long("is_maximized", [False, True], keep=(False,))
@pytest.mark.parametrize(
    "frame",
    [
        QRect(4000, 100, 1600, 1000),  # right of all that is there
        QRect(-2500, 50, 1600, 1000),  # left of it
        QRect(300, -3000, 1600, 1000),  # above it
        QRect(1900, 1060, 1600, 1000),  # with a corner on it alone
        QRect(100, 100, 5000, 3000),  # larger than it
    ],
)
def test_a_window_of_a_screen_that_is_gone_is_whole_on_this_one(
    qtbot: QtBot,
    restarted: Callable[[], MainWindow],
    tmp_path: object,
    frame: QRect,
    is_maximized: bool,
) -> None:
    settings = QSettings(f"{tmp_path}/settings.ini", QSettings.Format.IniFormat)
    settings.setValue("geometry", kept(frame, screen=1, is_maximized=is_maximized))
    settings.sync()
    window = restarted()
    window.show()
    qtbot.waitExposed(window)
    available = window.screen().availableGeometry()
    assert available.contains(window.frameGeometry()), (available, window.frameGeometry())


def test_where_it_was_it_comes_up_again(qtbot: QtBot, restarted: Callable[[], MainWindow]) -> None:
    first = restarted()
    first.show()
    qtbot.waitExposed(first)
    room = first.screen().availableGeometry()
    first.resize(room.width() - 60, room.height() - 80)
    first.move(40, 50)
    qtbot.waitUntil(lambda: first.pos().x() == 40)
    first.close()
    again = restarted()
    again.show()
    qtbot.waitExposed(again)
    assert (again.pos(), again.size()) == (first.pos(), first.size())
