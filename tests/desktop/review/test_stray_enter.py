"""Enter after a dialog, in a real window: it answers no proposal that nobody looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from desktop.review.queue_side import NOT_HERE, SETTLES_S, TOO_SOON
from tests.desktop.conftest import Hands, fill
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good

ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Clock:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(hands: Hands) -> Clock:
    found = Clock()
    hands.window.stray_enter._clock_s = found
    return found


@pytest.fixture
def reviewing(hands: Hands, clock: Clock, tmp_path: Path) -> Hands:
    hands.window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav")))
    hands.finish_work()
    hands.window.queue_panel.focus_rows()
    hands.qtbot.waitUntil(hands.window.isActiveWindow)
    clock.now_s += 10 * SETTLES_S
    return hands


def decisions(hands: Hands) -> int:
    return len(hands.window.session.state.decisions)


def press(hands: Hands, key: Qt.Key) -> None:
    """Press it where the keyboard is now; the window is not brought to the front for it."""
    QTest.keyClick(QApplication.focusWidget() or hands.window, key)


@pytest.mark.parametrize("key", ENTERS)
def test_enter_accepts_where_no_dialog_was(reviewing: Hands, key: Qt.Key) -> None:
    press(reviewing, key)
    press(reviewing, key)  # at once: a review goes on as fast as hands do
    assert decisions(reviewing) == 2


@pytest.mark.parametrize("key", ENTERS)
@pytest.mark.parametrize("shift", [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier])
def test_enter_outside_of_the_queue_accepts_nothing(
    reviewing: Hands, key: Qt.Key, shift: Qt.KeyboardModifier
) -> None:
    reviewing.window.timeline.setFocus()
    QTest.keyClick(reviewing.window.timeline, key, shift)
    assert decisions(reviewing) == 0
    assert reviewing.window.status_bar.message == NOT_HERE


def test_a_walk_through_the_queue_takes_the_focus_there(reviewing: Hands, clock: Clock) -> None:
    reviewing.window.timeline.setFocus()
    reviewing.press("Down")
    clock.now_s += 2 * SETTLES_S
    here = reviewing.window.review.current
    press(reviewing, Qt.Key.Key_Return)
    assert list(reviewing.window.session.state.decisions) == [here]


def give_up(dialog: QWidget) -> None:
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


@pytest.mark.parametrize("key", ["Return", "Enter"])
@pytest.mark.parametrize(
    ("keys", "answer"),
    [("Ctrl+S", fill(Name="before lunch")), ("Ctrl+G", give_up), ("Ctrl+,", give_up), ("Ctrl+R", give_up)],
)
def test_enter_soon_after_a_dialog_accepts_nothing(
    reviewing: Hands, clock: Clock, keys: str, answer: Callable[[QWidget], None], key: str
) -> None:
    window = reviewing.window
    reviewing.press_and_answer(keys, answer)
    reviewing.press(key)
    assert decisions(reviewing) == 0
    assert window.status_bar.message == TOO_SOON
    clock.now_s += 2 * SETTLES_S
    reviewing.press(key)
    assert decisions(reviewing) == 1


def test_enter_soon_after_the_palette_accepts_nothing(reviewing: Hands, clock: Clock) -> None:
    reviewing.press("F1")
    field = reviewing.window.palette_popup.findChild(QLineEdit)
    QTest.keyClicks(field, "next proposal")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert reviewing.window.palette_popup.isHidden()
    current = reviewing.window.review.current
    press(reviewing, Qt.Key.Key_Return)
    assert decisions(reviewing) == 0
    clock.now_s += 2 * SETTLES_S
    press(reviewing, Qt.Key.Key_Return)
    assert list(reviewing.window.session.state.decisions) == [current]


def test_the_palette_itself_accepts(reviewing: Hands) -> None:
    reviewing.press("F1")
    field = reviewing.window.palette_popup.findChild(QLineEdit)
    QTest.keyClicks(field, "accept")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert decisions(reviewing) == 1


def test_enter_that_ends_a_name_or_a_search_accepts_nothing(reviewing: Hands, clock: Clock) -> None:
    reviewing.press("Shift+M")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    press(reviewing, Qt.Key.Key_Return)
    assert decisions(reviewing) == 0
    clock.now_s += 2 * SETTLES_S
    reviewing.press("Ctrl+F")
    QTest.keyClicks(QApplication.focusWidget(), "odd")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    press(reviewing, Qt.Key.Key_Return)
    assert decisions(reviewing) == 0


@pytest.mark.parametrize("key", ENTERS)
def test_enter_that_is_held_accepts_nothing(reviewing: Hands, key: Qt.Key) -> None:
    held = Qt.KeyboardModifier.NoModifier
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, held, "\r", True)
    event.ignore()
    QApplication.sendEvent(reviewing.window.timeline, event)
    assert event.isAccepted(), "so it is no shortcut any more"
    assert decisions(reviewing) == 0


def test_the_letter_accepts_at_once(reviewing: Hands) -> None:
    reviewing.press_and_answer("Ctrl+G", give_up)
    reviewing.press("A")
    assert decisions(reviewing) == 1
