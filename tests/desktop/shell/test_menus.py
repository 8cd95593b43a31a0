"""The menu bar: every command is in it, it can be hidden, and it takes no key from the review."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from desktop.commands import COMMANDS, MENUS
from desktop.main_window import MainWindow
from tests.desktop.conftest import Hands


def entries(menu: QMenu) -> Iterator[object]:
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            yield from entries(below)
        elif not action.isSeparator():
            yield action


def test_every_command_is_in_the_menu_bar_once(hands: Hands) -> None:
    bar = hands.window.menuBar()
    assert [action.text() for action in bar.actions()] == [menu.title for menu in MENUS]
    listed = [entry for action in bar.actions() for entry in entries(action.menu())]
    known = {hands.window.commands.action(command.id) for command in COMMANDS}
    assert len(listed) == len(COMMANDS)
    assert set(listed) == known


def test_a_click_in_a_menu_runs_the_command(hands: Hands) -> None:
    bar = hands.window.menuBar()
    view = next(action for action in bar.actions() if action.text() == "View")
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.actionGeometry(view).center())
    menu = view.menu()
    hands.qtbot.waitUntil(menu.isVisible)
    entry = hands.window.commands.action("view.theme")
    before = hands.window.look.theme
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())
    assert hands.window.look.theme is not before


def test_it_is_hidden_and_shown_by_a_command_and_stays_so(
    hands: Hands, restarted: Callable[[], MainWindow]
) -> None:
    bar = hands.window.menuBar()
    assert bar.isVisible()
    hands.press("Ctrl+F10")
    assert not bar.isVisible()
    again = restarted()
    again.show()
    assert not again.menuBar().isVisible()
    hands.press("Ctrl+F10")
    assert bar.isVisible()


@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_key_opens_the_menus_also_where_the_bar_is_hidden(hands: Hands, is_hidden: bool) -> None:
    if is_hidden:
        hands.press("Ctrl+F10")
    hands.press("F10")
    hands.qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    QApplication.activePopupWidget().close()


def test_alt_alone_does_not_enter_the_menu_bar(hands: Hands) -> None:
    bar = hands.window.menuBar()
    QTest.keyPress(hands.window, Qt.Key.Key_Alt, Qt.KeyboardModifier.AltModifier)
    QTest.keyRelease(hands.window, Qt.Key.Key_Alt, Qt.KeyboardModifier.NoModifier)
    assert bar.activeAction() is None
    assert not bar.hasFocus()


def test_the_window_fits_a_small_screen_with_its_menu_bar(hands: Hands) -> None:
    hands.window.resize(1024, 700)
    hands.qtbot.waitUntil(lambda: hands.window.width() == 1024)
    assert hands.window.size().toTuple() == (1024, 700)
    bar = hands.window.menuBar()
    last = bar.actions()[-1]
    assert bar.rect().contains(bar.actionGeometry(last)), "no menu is behind the mark of an overflow"
