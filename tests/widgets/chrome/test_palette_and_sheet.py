"""The palette under real keys, and the key sheet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QListView, QWidget
from pytestqt.qtbot import QtBot

from desktop.commands import COMMANDS
from tests.widgets.conftest import Dress
from widgets.chrome.palette_and_key_sheet import CommandPalette, KeySheet
from widgets.controls.command_entries import key_labels
from widgets.theme import DARK, LIGHT

Key = Qt.Key


@pytest.fixture
def opened(qtbot: QtBot, dress: Dress) -> Iterator[CommandPalette]:
    dress(DARK)
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    with qtbot.waitExposed(window):
        window.show()
    made = CommandPalette(DARK, COMMANDS, window)
    made.open_over(window)
    yield made
    made.close()


def field_of(palette: CommandPalette) -> QLineEdit:
    field = palette.findChild(QLineEdit)
    assert field is not None
    return field


def test_letters_and_enter_run_a_command(opened: CommandPalette, qtbot: QtBot) -> None:
    qtbot.keyClicks(field_of(opened), "snapshot")
    with qtbot.waitSignal(opened.command_requested) as asked:
        qtbot.keyClick(field_of(opened), Key.Key_Return)
    assert asked.args == ["file.snapshot"]
    assert not opened.isVisible()


def test_arrows_steer_the_list_and_stop_at_its_ends(opened: CommandPalette, qtbot: QtBot) -> None:
    listed = opened.findChild(QListView)
    assert listed is not None
    field = field_of(opened)
    assert listed.currentIndex().row() == 0
    qtbot.keyClick(field, Key.Key_Up)
    assert listed.currentIndex().row() == 0
    qtbot.keyClick(field, Key.Key_Down)
    qtbot.keyClick(field, Key.Key_Down)
    assert listed.currentIndex().row() == 2
    for _ in range(len(COMMANDS) // 5):
        qtbot.keyClick(field, Key.Key_PageDown)
    assert listed.currentIndex().row() == len(COMMANDS) - 1
    with qtbot.waitSignal(opened.command_requested) as asked:
        qtbot.keyClick(field, Key.Key_Enter)
    assert asked.args == [COMMANDS[-1].id]


def test_escape_closes_and_runs_nothing(opened: CommandPalette, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(opened.command_requested):
        qtbot.keyClick(field_of(opened), Key.Key_Escape)
    assert not opened.isVisible()


def test_nothing_found_runs_nothing(opened: CommandPalette, qtbot: QtBot) -> None:
    qtbot.keyClicks(field_of(opened), "qqqzz")
    with qtbot.assertNotEmitted(opened.command_requested):
        qtbot.keyClick(field_of(opened), Key.Key_Return)
    assert opened.isVisible()


def test_a_click_runs_and_reopening_starts_empty(opened: CommandPalette, qtbot: QtBot) -> None:
    qtbot.keyClicks(field_of(opened), "zoom")
    listed = opened.findChild(QListView)
    assert listed is not None
    where = listed.visualRect(listed.model().index(1, 0)).center()
    with qtbot.waitSignal(opened.command_requested) as asked:
        qtbot.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert asked.args == ["view.zoom_out"]
    opened.open_over(opened.parentWidget())
    assert field_of(opened).text() == ""


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_sheet_shows_every_key(qtbot: QtBot, dress: Dress, scale: float) -> None:
    dress(LIGHT, scale)
    sheet = KeySheet(COMMANDS)
    qtbot.addWidget(sheet)
    with qtbot.waitExposed(sheet):
        sheet.show()
    labels = [label for label in sheet.findChildren(QLabel) if label.isVisible()]
    caps = sorted(label.text() for label in labels if label.property("role") == "key")
    assert caps == sorted(label for command in COMMANDS for label in key_labels(command.keys))
    with_keys = {command.label for command in COMMANDS if command.keys}
    assert with_keys <= {label.text() for label in labels}
    for label in labels:
        assert label.width() >= label.sizeHint().width(), label.text()
    qtbot.keyClick(sheet, Key.Key_Escape)
    assert not sheet.isVisible()
