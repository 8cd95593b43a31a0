"""Buttons beside a window's shortcuts: who gets Enter and Space, and how the cap is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop.commands import COMMANDS
from tests.widgets.conftest import Dress
from widgets.chrome.palette_and_key_sheet import CommandPalette
from widgets.controls.key_caps import KeyButton
from widgets.theme import DARK, LIGHT


@dataclass
class Bench:
    """A window whose shortcuts and buttons write down what happened."""

    window: QWidget
    reject: KeyButton
    ran: list[str] = field(default_factory=list)


@pytest.fixture
def bench(qtbot: QtBot, dress: Dress) -> Iterator[Bench]:
    dress(DARK)
    window = QWidget()
    qtbot.addWidget(window)
    made = Bench(window, KeyButton(DARK, "Reject", "X"))
    layout = QHBoxLayout(window)
    layout.addWidget(made.reject)
    made.reject.clicked.connect(lambda: made.ran.append("Reject"))
    for key in ("Return", "Space", "Down", "N"):
        shortcut = QShortcut(QKeySequence(key), window)
        shortcut.activated.connect(lambda key=key: made.ran.append(f"shortcut {key}"))
    window.resize(900, 600)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.setFocus()
    return made


def test_enter_is_the_windows_until_a_button_has_the_focus(bench: Bench, qtbot: QtBot) -> None:
    qtbot.keyClick(bench.window, Qt.Key.Key_Return)
    qtbot.mouseClick(bench.reject, Qt.MouseButton.LeftButton)
    qtbot.keyClick(bench.window, Qt.Key.Key_Return)
    assert bench.ran == ["shortcut Return", "Reject", "shortcut Return"], "a click takes no focus"
    bench.reject.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(bench.reject, Qt.Key.Key_Return)
    assert bench.ran[3:] == ["Reject"]


def test_space_always_plays(bench: Bench, qtbot: QtBot) -> None:
    bench.reject.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(bench.reject, Qt.Key.Key_Space)
    assert bench.ran == ["shortcut Space"]


def test_the_open_palette_keeps_its_keys(bench: Bench, qtbot: QtBot) -> None:
    palette = CommandPalette(DARK, COMMANDS, bench.window)
    palette.open_over(bench.window)
    target = palette.focusWidget()
    assert target is not None
    for key in (Qt.Key.Key_N, Qt.Key.Key_Down, Qt.Key.Key_Space):
        qtbot.keyClick(target, key)
    with qtbot.waitSignal(palette.command_requested):
        qtbot.keyClick(target, Qt.Key.Key_Return)
    assert bench.ran == []


def test_the_button_says_and_shows_its_key(qtbot: QtBot, dress: Dress) -> None:
    button = KeyButton(dress(LIGHT), "Export…", "Ctrl E", "download")
    qtbot.addWidget(button)
    assert button.toolTip() == "Export… (Ctrl E)"
    widths = []
    for level in (0, 1, 2):
        button.set_compact(level)
        widths.append(button.sizeHint().width())
    assert widths[0] > widths[1] > widths[2]
    assert button.toolTip() == "Export… (Ctrl E)", "what is not shown is still said"


def test_focus_and_outline_can_be_seen(bench: Bench, qtbot: QtBot) -> None:
    pictures = [bench.reject.grab().toImage()]
    bench.reject.set_outline(DARK.accepted)
    pictures.append(bench.reject.grab().toImage())
    bench.reject.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(bench.reject.hasFocus)
    pictures.append(bench.reject.grab().toImage())
    assert pictures[0] != pictures[1] != pictures[2] != pictures[0]
