"""Where the window of time goes: back and forward, close to a proposal, after the playhead, next time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop.main_window import MainWindow
from desktop.timeline.zooms import Window, WindowHistory, Zooms
from engine.document.edits.proposals import replace_proposals
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import RATE_HZ, good

SECONDS = 20
CUTS = ((2, 5), (8, 10), (14, 17))
IDS = [f"cut-{start * RATE_HZ}" for start, _ in CUTS]


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def document(tmp_path: Path) -> Path:
    cuts = tuple((start * RATE_HZ, stop * RATE_HZ) for start, stop in CUTS)
    return make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", SECONDS, 2), cuts)


@pytest.fixture
def reviewing(hands: Hands, document: Path) -> Hands:
    hands.window.session.open(document)
    hands.finish_work()
    return hands


@pytest.fixture
def reopened(restarted: Callable[[], MainWindow]) -> Callable[[], MainWindow]:
    """Open another window that reads the same settings, on screen."""

    def reopen() -> MainWindow:
        window = restarted()
        window.show()
        return window

    return reopen


def rest(history: WindowHistory, clock: Clock, *windows: Window) -> None:
    """Go to windows, resting at each."""
    for window in windows:
        clock.now_s += 5
        history.note(window)


# The history by itself.

A, B, C = Window(0, 100), Window(500, 100), Window(900, 50)


def test_back_and_forward_walk_through_where_the_user_rested(clock: Clock) -> None:
    history = WindowHistory(clock)
    history.forget(A)
    rest(history, clock, B, C)
    assert [history.back(), history.back(), history.back()] == [B, A, None]
    assert [history.forward(), history.forward(), history.forward()] == [B, C, None]


def test_a_new_step_forgets_what_was_ahead(clock: Clock) -> None:
    history = WindowHistory(clock)
    history.forget(A)
    rest(history, clock, B)
    history.back()
    rest(history, clock, C)
    assert history.forward() is None
    assert history.back() == A


def test_a_run_of_scrolls_is_one_step_however_far_it_goes(clock: Clock) -> None:
    history = WindowHistory(clock)
    history.forget(A)
    for step in range(1, 60):
        clock.now_s += 0.05
        history.note(Window(step * 20, 100))
    assert history.back() == A
    assert history.forward() == Window(59 * 20, 100)
    assert history.forward() is None


def test_small_steps_are_none_until_they_have_led_elsewhere(clock: Clock) -> None:
    history = WindowHistory(clock)
    history.forget(A)
    rest(history, clock, Window(5, 100), Window(10, 100))
    assert history.back() is None
    rest(history, clock, Window(15, 100), Window(20, 100))
    assert history.back() == A


def test_a_long_day_keeps_only_the_last_windows(clock: Clock) -> None:
    history = WindowHistory(clock)
    history.forget(A)
    rest(history, clock, *(Window(step * 1_000, 100) for step in range(1, 200)))
    steps = 0
    while history.back() is not None:
        steps += 1
    assert steps == 50


@pytest.mark.parametrize(
    ("other", "share"), [(A, 1.0), (B, 0.0), (Window(50, 100), 1 / 3), (Window(0, 50), 0.5)]
)
def test_share_of_two_windows(other: Window, share: float) -> None:
    assert A.share_of(other) == other.share_of(A) == pytest.approx(share)


# In the window.


def test_keys_go_back_and_forward_through_the_views(reviewing: Hands) -> None:
    timeline = reviewing.window.timeline
    whole = timeline.canvas.viewport
    reviewing.press("Shift+F")
    close = timeline.canvas.viewport
    assert close.visible_samples == pytest.approx(1.5 * 3 * RATE_HZ)
    reviewing.press("BracketLeft")
    assert timeline.canvas.viewport == whole
    reviewing.press("BracketRight")
    assert timeline.canvas.viewport.start_samples == pytest.approx(close.start_samples)
    assert timeline.canvas.viewport.samples_per_px == pytest.approx(close.samples_per_px)
    reviewing.press("BracketRight")
    assert reviewing.refused == ["No next view."]


def test_zooming_to_the_proposal_again_goes_back(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("+")
    before = window.timeline.canvas.viewport
    reviewing.press("Shift+F")
    assert window.timeline.canvas.viewport != before
    reviewing.press("Shift+F")
    assert window.timeline.canvas.viewport.start_samples == pytest.approx(before.start_samples)
    assert window.timeline.canvas.viewport.samples_per_px == pytest.approx(before.samples_per_px)


LONG = ((60, 240), (300, 302), (303, 304), (500, 640))


@pytest.fixture
def long_and_short(hands: Hands, tmp_path: Path) -> Hands:
    """Twelve minutes with cuts of three minutes and of one second."""
    cuts = tuple((start * RATE_HZ, stop * RATE_HZ) for start, stop in LONG)
    hands.window.session.open(make_document(tmp_path / "long.offcut", good(tmp_path / "long.wav", 720), cuts))
    hands.finish_work()
    return hands


def share_of_view(window: MainWindow) -> float:
    """Return how much of the view the current proposal takes, once it is in it."""
    view, (start, stop) = window.timeline.canvas.viewport, window.review.span()
    assert view.start_samples <= start
    assert stop <= view.stop_samples
    return (stop - start) / view.visible_samples


def test_the_zoom_follows_the_proposal_in_and_out(long_and_short: Hands) -> None:
    window = long_and_short.window
    assert window.timeline.canvas.viewport.visible_samples == 720 * RATE_HZ, "it opens whole"
    long_and_short.press("Down")
    assert share_of_view(window) == pytest.approx(1 / 4), "3 s to either side of 2 s"
    close = window.timeline.canvas.viewport
    long_and_short.press("Down")
    assert window.timeline.canvas.viewport.samples_per_px == close.samples_per_px, "the neighbour is as near"
    assert share_of_view(window) == pytest.approx(1 / 8)
    long_and_short.press("A")
    assert share_of_view(window) == pytest.approx(1 / 3), "140 s after 1 s"
    wide = window.timeline.canvas.viewport
    long_and_short.press("Alt+Right")
    assert window.timeline.canvas.viewport == wide, "an edge that moves in view moves nothing else"
    long_and_short.press("Q")
    long_and_short.press("Up")
    view = window.timeline.canvas.viewport
    assert view.visible_samples == pytest.approx(6 * RATE_HZ), "in the result it is a seam"
    assert view.holds(303 * RATE_HZ)


def test_a_click_in_the_timeline_moves_nothing_and_a_row_frames(long_and_short: Hands) -> None:
    window = long_and_short.window
    whole = window.timeline.canvas.viewport
    window.timeline.canvas.proposal_clicked.emit(f"cut-{300 * RATE_HZ}")
    assert window.review.current == f"cut-{300 * RATE_HZ}"
    assert window.timeline.canvas.viewport == whole
    window.queue_panel.proposal_chosen.emit(f"cut-{303 * RATE_HZ}")
    assert window.timeline.canvas.viewport.visible_samples == pytest.approx(7 * RATE_HZ)


def test_what_takes_the_place_of_a_proposal_that_is_gone_changes_no_zoom(long_and_short: Hands) -> None:
    window = long_and_short.window
    whole, state = window.timeline.canvas.viewport, window.session.state
    rest = [proposal for key, proposal in state.proposals.items() if key != window.review.current]
    window.session.apply(replace_proposals(state, rest, {}, "Proposed"))
    assert window.review.current == f"cut-{300 * RATE_HZ}"
    assert window.timeline.canvas.viewport == whole


def test_zooming_to_another_proposal_does_not_go_back(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("Shift+F")
    reviewing.press("Down")
    reviewing.press("Shift+F")
    start, stop = window.review.span()
    assert window.timeline.canvas.viewport.visible_samples == pytest.approx(1.5 * (stop - start))


def test_back_finds_the_same_moment_in_the_other_view(
    reviewing: Hands, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = reviewing.window
    monkeypatch.setattr(window.zooms._history, "_clock_s", clock)
    reviewing.press("A")  # cut 2 s to 5 s
    window.timeline.zooms.zoom_to(14 * RATE_HZ, 17 * RATE_HZ)
    clock.now_s += 5
    window.timeline.zooms.fit()
    reviewing.press("Q")
    reviewing.press("BracketLeft")
    start, stop = window.timeline.zooms.visible_span
    assert 8 * RATE_HZ < start <= 14 * RATE_HZ
    assert stop >= 17 * RATE_HZ


def test_an_edit_elsewhere_leaves_the_view_where_it_is(reviewing: Hands) -> None:
    window = reviewing.window
    window.timeline.zooms.zoom_to(15 * RATE_HZ, 16 * RATE_HZ)
    before = window.timeline.canvas.viewport
    window.tracks.change(window.session.state.tracks[0].id, {"mute": True})
    assert window.timeline.canvas.viewport == before
    window.queue_panel.proposal_chosen.emit(IDS[0])  # a click on the row of the current one
    assert window.timeline.canvas.viewport.holds(2 * RATE_HZ)


# After the playhead.


@pytest.fixture
def playing(reviewing: Hands) -> Iterator[Hands]:
    """A window that plays, close to the start."""
    reviewing.window.timeline.zooms.zoom_to(0, 2 * RATE_HZ)
    reviewing.press("Space")
    reviewing.qtbot.waitUntil(lambda: reviewing.window.transport.is_playing)
    yield reviewing
    reviewing.window.transport.stop()


def play_from(hands: Hands, seconds: float) -> None:
    """Go on playing somewhere else, and wait until it is heard there."""
    transport, position = hands.window.transport, round(seconds * RATE_HZ)
    transport.seek(position)
    hands.qtbot.waitUntil(lambda: position < transport.playhead_samples < position + RATE_HZ)


def test_the_page_turns_while_playing(playing: Hands) -> None:
    timeline = playing.window.timeline
    play_from(playing, 1.0)
    assert timeline.canvas.viewport.start_samples == 0
    play_from(playing, 5.0)
    assert timeline.canvas.viewport.holds(5 * RATE_HZ)


def test_turned_pages_are_no_steps_to_go_back_through(playing: Hands) -> None:
    for seconds in (5, 9, 14):
        play_from(playing, seconds)
    playing.window.zooms.back()
    assert playing.window.timeline.canvas.viewport.visible_samples == pytest.approx(SECONDS * RATE_HZ)


def test_scrolling_away_pauses_until_the_playhead_comes_into_view(playing: Hands) -> None:
    timeline = playing.window.timeline
    timeline.zooms.zoom_to(10 * RATE_HZ, 12 * RATE_HZ)
    away = timeline.canvas.viewport
    play_from(playing, 5.0)
    assert timeline.canvas.viewport == away
    play_from(playing, 11.0)  # in view by itself
    play_from(playing, 15.0)
    assert timeline.canvas.viewport != away
    assert timeline.canvas.viewport.holds(15 * RATE_HZ)


def test_the_current_proposal_stays_in_view_while_its_pre_roll_plays(reviewing: Hands) -> None:
    window = reviewing.window
    start = window.review.current_span()[0]
    window.timeline.zooms.zoom_to(start, start + RATE_HZ // 4)
    close = window.timeline.canvas.viewport
    reviewing.press("R")
    reviewing.qtbot.waitUntil(lambda: start - RATE_HZ < window.transport.playhead_samples < start)
    assert window.transport.is_auditioning
    assert window.timeline.canvas.viewport == close
    window.transport.stop()


def test_starting_again_follows_again(playing: Hands) -> None:
    timeline = playing.window.timeline
    timeline.zooms.zoom_to(10 * RATE_HZ, 12 * RATE_HZ)
    playing.press("Space")
    assert not timeline.canvas.viewport.holds(playing.window.transport.playhead_samples)
    playing.press("Space")
    playing.qtbot.waitUntil(lambda: timeline.canvas.viewport.holds(playing.window.transport.playhead_samples))


def test_following_is_switched_off_and_stays_off(playing: Hands, reopened: Callable[[], MainWindow]) -> None:
    window = playing.window
    playing.press("Ctrl+Shift+F")
    assert not window.zooms.follows
    before = window.timeline.canvas.viewport
    play_from(playing, 9.0)
    assert window.timeline.canvas.viewport == before
    assert not reopened().zooms.follows
    playing.press("Ctrl+Shift+F")
    playing.qtbot.waitUntil(lambda: window.timeline.canvas.viewport.holds(window.transport.playhead_samples))


def test_home_and_end_bring_the_playhead_into_view(reviewing: Hands) -> None:
    timeline = reviewing.window.timeline
    timeline.zooms.zoom_to(8 * RATE_HZ, 10 * RATE_HZ)
    reviewing.press("End")
    assert timeline.canvas.viewport.stop_samples == pytest.approx(SECONDS * RATE_HZ)
    reviewing.press("Home")
    assert timeline.canvas.viewport.start_samples == 0


# Next time.


def test_a_document_opens_where_it_was_left(
    reviewing: Hands, document: Path, reopened: Callable[[], MainWindow]
) -> None:
    window = reviewing.window
    reviewing.press("Down")
    reviewing.press("Q")
    window.transport.seek(9 * RATE_HZ)
    window.timeline.zooms.zoom_to(8 * RATE_HZ, 10 * RATE_HZ)
    left = window.timeline.canvas.viewport
    window.close()
    again = reopened()
    again.resize(window.size())
    again.session.open(document)
    reviewing.qtbot.waitUntil(lambda: not again.work.is_busy)
    assert again.review.current == IDS[1]
    assert again.transport.plays_result
    assert again.top_bar.view == "result"
    assert again.transport.playhead_samples == 9 * RATE_HZ
    assert again.timeline.zooms.window_samples[0] == pytest.approx(left.start_samples, abs=1)
    assert again.timeline.canvas.viewport.visible_samples == pytest.approx(left.visible_samples)


def test_another_document_opens_whole_and_the_first_where_it_was(
    reviewing: Hands, document: Path, tmp_path: Path
) -> None:
    window = reviewing.window
    reviewing.press("Shift+F")
    left = window.timeline.canvas.viewport
    window.session.open(make_document(tmp_path / "other.offcut", good(tmp_path / "other.wav", 9, seed=1)))
    reviewing.finish_work()
    assert window.timeline.canvas.viewport.visible_samples == pytest.approx(9 * RATE_HZ)
    reviewing.press("BracketLeft")
    assert reviewing.refused == ["No previous view."]
    window.session.open(document)
    reviewing.finish_work()
    assert window.timeline.canvas.viewport.start_samples == pytest.approx(left.start_samples)
    assert window.timeline.canvas.viewport.samples_per_px == pytest.approx(left.samples_per_px)


@pytest.mark.parametrize(
    "stored", ["no json", "[]", '{"%s": 3}', '{"%s": {"start_samples": "x"}}', '{"%s": {}}']
)
def test_what_makes_no_sense_is_as_never_kept(reviewing: Hands, document: Path, stored: str) -> None:
    window = reviewing.window
    window.zooms.keep()
    window._settings.setValue("places", stored.replace("%s", str(document)))
    window.session.leaving.disconnect(window.zooms.keep)
    window.session.open(document)
    reviewing.finish_work()
    assert window.timeline.canvas.viewport.visible_samples == pytest.approx(SECONDS * RATE_HZ)


def test_a_window_of_no_length_is_not_restored(reviewing: Hands, document: Path) -> None:
    window = reviewing.window
    window.zooms.keep()
    kept = json.loads(window._settings.value("places"))
    kept[str(document)]["visible_samples"] = float("nan")
    window._settings.setValue("places", json.dumps(kept))
    window.session.leaving.disconnect(window.zooms.keep)
    window.session.open(document)
    assert window.timeline.canvas.viewport.visible_samples == pytest.approx(SECONDS * RATE_HZ)


def test_only_the_last_documents_are_kept(reviewing: Hands, document: Path) -> None:
    window = reviewing.window
    window._settings.setValue("places", json.dumps({f"/{n}.offcut": {} for n in range(150)}))
    assert isinstance(window.zooms, Zooms)
    window.zooms.keep()
    kept = list(json.loads(window._settings.value("places")))
    assert kept[-1] == str(document)
    assert len(kept) == 100


# Selecting by keys.


def test_the_selection_reaches_by_keys_from_the_current_row(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("Shift+Down")
    assert window.review.selected == set(IDS[:2])
    reviewing.press("Shift+Down")
    reviewing.press("Shift+Down")  # there is no row further down
    assert window.review.selected == set(IDS)
    reviewing.press("Shift+Up")
    assert window.review.selected == set(IDS[:2])
    assert window.review.current == IDS[0]
    reviewing.press("Down")
    assert not window.review.selected
