"""The list of steps: what it shows, and the walk to any of them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView

from desktop.main_window import MainWindow
from desktop.review.history_walk import STEPS_AT_ONCE
from engine.document.edits.proposals import decide
from tests.desktop.conftest import Hands
from tests.desktop.review.test_review import IDS, LEFT, NO_KEYS, A, R, reviewing, verdicts  # noqa: F401


def history_rows(window: MainWindow) -> QListView:
    rows = window.history_panel.findChild(QListView)
    assert rows is not None
    return rows


def click_step(window: MainWindow, place: int) -> None:
    rows = history_rows(window)
    index = rows.model().index(place, 0)
    rows.scrollTo(index)
    QTest.mouseClick(rows.viewport(), LEFT, NO_KEYS, rows.visualRect(index).center())


def test_the_history_lists_every_step_and_a_click_goes_there(reviewing: Hands) -> None:  # noqa: F811
    window = reviewing.window
    states = [window.session.state]
    for key in ("A", "X", "A"):
        reviewing.press(key)
        states.append(window.session.state)
    reviewing.press("Ctrl+H")
    assert window.history_panel.isVisible()
    model = history_rows(window).model()
    first = model.rowCount() - 4
    labels = [model.index(first + row, 0).data() for row in range(4)]
    assert labels[1].startswith("Accepted cut")
    for place in (1, 3, 0, 2):
        click_step(window, first + place)
        assert window.session.state == states[place]
        assert history_rows(window).currentIndex().row() == first + place
        spoken_row = model.index(first + place, 0).data(Qt.ItemDataRole.AccessibleTextRole)
        assert spoken_row.endswith(", here")
    assert reviewing.window.session.undo_label == labels[2]
    reviewing.press("Ctrl+Shift+Z")
    assert history_rows(window).currentIndex().row() == first + 3
    reviewing.press("Ctrl+H")
    assert window.history_panel.isHidden()


def test_the_history_goes_back_to_the_empty_document_and_again_to_the_end(reviewing: Hands) -> None:  # noqa: F811
    window = reviewing.window
    reviewing.press("A")
    state = window.session.state
    reviewing.press("Ctrl+H")
    click_step(window, 0)
    assert not window.session.state.tracks
    click_step(window, history_rows(window).model().rowCount() - 1)
    assert window.session.state == state


@pytest.fixture
def long_review(reviewing: Hands) -> Hands:  # noqa: F811
    """A history of more steps than are walked at once."""
    session = reviewing.window.session
    for number in range(2 * STEPS_AT_ONCE + 30):
        session.apply(decide(session.state, IDS[:1], R if number % 2 else A))
    return reviewing


def test_a_long_way_through_the_history_is_walked_in_parts(long_review: Hands) -> None:
    window = long_review.window
    end, steps = window.session.state, len(window.session.steps())
    window.history.go_to(5)
    assert (
        long_review.said[-1] == f"Undid {STEPS_AT_ONCE} steps, {steps - 5 - STEPS_AT_ONCE} to go: Esc stops"
    )
    long_review.qtbot.waitUntil(lambda: long_review.said[-1] == f"Undid {steps - 5} steps")
    assert sum(not step.undone for step in window.session.steps()) == 5
    window.history.go_to(steps)
    long_review.qtbot.waitUntil(lambda: long_review.said[-1] == f"Redid {steps - 5} steps")
    assert window.session.state == end


@pytest.mark.parametrize("how", ["Esc", "a flag"])
def test_esc_or_an_edit_ends_a_walk_where_it_is(long_review: Hands, how: str) -> None:
    window = long_review.window
    steps = len(window.session.steps())
    window.history.go_to(5)
    window.commands.run("transport.stop" if how == "Esc" else "review.flag")
    QApplication.processEvents()
    done = sum(not step.undone for step in window.session.steps())
    assert done == steps - STEPS_AT_ONCE + (how != "Esc")


def test_the_history_by_keys_decides_nothing(reviewing: Hands) -> None:  # noqa: F811
    window = reviewing.window
    reviewing.press("A")
    reviewing.press("Ctrl+H")
    rows = history_rows(window)
    rows.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(rows, Qt.Key.Key_Up)
    assert verdicts(window) == "auuuuuuu"
    QTest.keyClick(rows, Qt.Key.Key_Return)
    assert verdicts(window) == "uuuuuuuu"
    reviewing.press("X")  # every other key is the window's
    assert verdicts(window) == "uruuuuuu"


# Evidence and figures.
