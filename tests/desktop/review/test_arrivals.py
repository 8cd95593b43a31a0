"""Coming to a proposal plays it, by real keys on a device that is not there: the playhead tells."""

from __future__ import annotations

import pytest

from desktop.main_window import MainWindow
from tests.desktop.conftest import Hands, fill
from tests.desktop.review.test_review import click_row, reviewing  # noqa: F401


@pytest.fixture
def listening(reviewing: Hands) -> Hands:  # noqa: F811
    """A review in which each proposal is heard."""
    reviewing.press("Alt+V")
    assert reviewing.window.arrivals.is_on
    return reviewing


def heard(hands: Hands, window: MainWindow) -> None:
    hands.qtbot.waitUntil(lambda: window.transport.is_auditioning)


def rest(hands: Hands, window: MainWindow) -> None:
    hands.qtbot.waitUntil(lambda: not window.transport.is_playing)


def test_going_to_a_proposal_plays_it_and_the_playhead_comes_back(listening: Hands) -> None:
    window = listening.window
    window.transport.seek(100)
    listening.press("Down")
    heard(listening, window)
    listening.press("Esc")
    rest(listening, window)
    assert window.transport.playhead_samples == 100


def test_an_answer_stops_it_and_plays_the_next(listening: Hands) -> None:
    window = listening.window
    listening.press("Down")
    heard(listening, window)
    listening.press("A")
    assert not window.transport.is_playing, "nothing of the last one is heard over the next"
    heard(listening, window)
    listening.press("Shift+X")
    rest(listening, window)
    listening.qtbot.waitUntil(lambda: not window.arrivals.is_waiting)
    assert not window.transport.is_playing, "an answer that stays plays nothing"


def test_going_to_a_time_ends_it(listening: Hands) -> None:
    window = listening.window
    listening.press("Down")
    heard(listening, window)
    listening.press_and_answer("Ctrl+G", fill(Time="0:01"))
    assert not window.transport.is_playing
    assert window.transport.playhead_samples == window.session.state.rate_hz


def test_a_click_on_a_row_plays_it(listening: Hands) -> None:
    click_row(listening.window, "c1")
    heard(listening, listening.window)


def test_what_the_user_plays_goes_on(listening: Hands) -> None:
    window = listening.window
    window.transport.seek(0)
    window.transport.toggle()
    listening.press("Down")
    listening.qtbot.waitUntil(lambda: not window.arrivals.is_waiting)
    assert window.transport.is_playing
    assert not window.transport.is_auditioning


def test_a_walk_through_the_queue_passes_in_silence(listening: Hands) -> None:
    window = listening.window
    for _ in range(3):
        listening.press("Down")
        assert not window.transport.is_playing
    heard(listening, window)


def test_space_plays_from_the_proposal_just_come_to(reviewing: Hands) -> None:  # noqa: F811
    window = reviewing.window
    assert not window.arrivals.is_on, "as the tests begin"
    window.transport.seek(10)
    reviewing.press("Down")
    span = window.review.current_span()
    assert span is not None
    reviewing.press("Space")
    assert window.transport.is_playing
    assert window.transport.playhead_samples >= span[0]
    reviewing.press("Space")
    rest(reviewing, window)
    window.transport.seek(5)
    reviewing.press("Space")
    assert window.transport.playhead_samples < span[0], "the playhead was moved since"


def test_it_can_be_switched_off_and_stays_so(listening: Hands) -> None:
    window = listening.window
    listening.press("Alt+V")
    assert not window.arrivals.is_on
    listening.press("Down")
    listening.qtbot.waitUntil(lambda: not window.arrivals.is_waiting)
    assert not window.transport.is_playing
