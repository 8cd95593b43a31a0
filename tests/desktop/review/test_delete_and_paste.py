"""Delete, copy, cut, paste, duplicate and split by keys; none of them moves the view."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.document.edits.markers import add_region
from engine.document.edits.proposals import add_proposals
from engine.document.proposals import Proposal, Verdict
from engine.sound.edl.build import build
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import RATE_HZ, good

SECONDS = 60
PROPOSED = ((20 * RATE_HZ, 22 * RATE_HZ), (40 * RATE_HZ, 44 * RATE_HZ))


@pytest.fixture
def song(hands: Hands, tmp_path: Path) -> Hands:
    """The window on a minute of sound with two proposed cuts, zoomed to its first ten seconds."""
    window = hands.window
    window.session.open(make_document(tmp_path / "a.offcut", good(tmp_path / "a.wav", SECONDS), PROPOSED))
    hands.finish_work()
    window.by_hand.said.connect(hands.said.append)
    window.timeline.zooms.zoom_to(2 * RATE_HZ, 8 * RATE_HZ)
    return hands


def select(song: Hands, start_s: float, stop_s: float) -> None:
    song.window.selecting.select(round(start_s * RATE_HZ), round(stop_s * RATE_HZ))


def played_s(song: Hands) -> list[tuple[float, float]]:
    """The spans of the source in the order in which the result plays them, in seconds."""
    made = build(song.window.session.state)
    starts, stops = made.kept_starts_samples.tolist(), made.kept_stops_samples.tolist()
    joined: list[tuple[float, float]] = []
    for start, stop in zip(starts, stops, strict=True):
        if joined and joined[-1][1] == start / RATE_HZ:
            joined[-1] = (joined[-1][0], stop / RATE_HZ)
        else:
            joined.append((start / RATE_HZ, stop / RATE_HZ))
    return joined


def test_delete_removes_an_own_edit_and_rejects_a_proposal_in_place(song: Hands) -> None:
    window = song.window
    before = window.session.state
    view = window.timeline.canvas.viewport
    select(song, 3, 5)
    song.press("Delete")
    assert played_s(song) == [(0, 3), (5, SECONDS)]
    song.press("Backspace")
    assert window.session.state.proposals == before.proposals
    song.press("Ctrl+Z")
    assert played_s(song) == [(0, 3), (5, SECONDS)]
    song.press("Ctrl+Shift+Z")
    proposed = f"cut-{PROPOSED[1][0]}"
    window.timeline.canvas.proposal_clicked.emit(proposed)
    song.press("Delete")
    assert window.session.state.verdict(proposed) is Verdict.REJECTED
    assert window.review.current == proposed, "it stays the current one"
    assert not song.refused
    assert window.timeline.canvas.viewport == view


def test_delete_answers_no_proposal_that_it_led_to(song: Hands) -> None:
    window = song.window
    select(song, 3, 5)
    song.press("Delete")
    song.press("Delete")
    before = window.session.state
    led_to = window.review.current
    for key in ("Delete", "Backspace"):
        song.press(key)
        assert window.session.state is before
    assert len(song.refused) == 2
    song.press("Down")
    song.press("Up")
    assert window.review.current == led_to, "chosen now"
    song.press("Delete")
    assert window.session.state.verdict(str(led_to)) is Verdict.REJECTED


@pytest.mark.parametrize("where", ["queue", "timeline"])
def test_a_click_on_an_edit_takes_the_place_of_the_selection(song: Hands, where: str) -> None:
    window, proposed = song.window, f"cut-{PROPOSED[1][0]}"
    select(song, 3, 5)
    clicked = (
        window.queue_panel.proposal_chosen if where == "queue" else window.timeline.canvas.proposal_clicked
    )
    clicked.emit(proposed)
    song.press("Delete")
    assert window.session.state.verdict(proposed) is Verdict.REJECTED
    assert len(window.session.state.proposals) == len(PROPOSED)


def test_delete_takes_all_selected_rows_as_one_step(song: Hands) -> None:
    window = song.window
    select(song, 3, 5)
    song.press("Delete")
    own = window.review.current
    window.review.select_all()
    song.press("Delete")
    state = window.session.state
    assert own not in state.proposals
    assert {state.verdict(key) for key in state.proposals} == {Verdict.REJECTED}
    song.press("Ctrl+Z")
    assert played_s(song) == [(0, 3), (5, SECONDS)]


def test_a_copied_span_is_repeated_at_the_playhead_as_often_as_it_is_pasted(song: Hands) -> None:
    window = song.window
    before = window.session.state
    select(song, 3, 5)
    song.press("Ctrl+C")
    assert window.session.state is before
    window.transport.seek(8 * RATE_HZ)
    song.press("Ctrl+V")
    assert played_s(song) == [(0, 8), (3, 5), (8, SECONDS)]
    (own,) = window.session.state.proposals.keys() - before.proposals.keys()
    assert window.session.state.verdict(own) is Verdict.ACCEPTED
    song.press("Ctrl+V")
    assert played_s(song) == [(0, 8), (3, 5), (3, 5), (8, SECONDS)]
    song.press("Ctrl+Z")
    song.press("Ctrl+Z")
    assert window.session.state.proposals == before.proposals


def test_a_cut_span_is_moved_to_the_playhead_and_repeated_after_that(song: Hands) -> None:
    window = song.window
    before = window.session.state
    select(song, 3, 5)
    song.press("Ctrl+X")
    assert played_s(song) == [(0, 3), (5, SECONDS)]
    window.transport.seek(4 * RATE_HZ)
    song.press("Ctrl+V")
    assert "inside the span that was cut" in song.refused[-1]
    window.transport.seek(8 * RATE_HZ)
    song.press("Ctrl+V")
    assert played_s(song) == [(0, 3), (5, 8), (3, 5), (8, SECONDS)]
    window.transport.seek(10 * RATE_HZ)
    song.press("Ctrl+V")
    assert played_s(song) == [(0, 3), (5, 8), (3, 5), (8, 10), (3, 5), (10, SECONDS)]
    song.press("Ctrl+Z")
    song.press("Ctrl+Z")
    assert played_s(song) == [(0, 3), (5, SECONDS)], "the move is one step, and the cut is there again"
    song.press("Ctrl+Z")
    assert window.session.state.proposals == before.proposals


def test_a_cut_that_was_undone_is_pasted_as_a_copy(song: Hands) -> None:
    window = song.window
    select(song, 3, 5)
    song.press("Ctrl+X")
    song.press("Ctrl+Z")
    window.transport.seek(8 * RATE_HZ)
    song.press("Ctrl+V")
    assert played_s(song) == [(0, 8), (3, 5), (8, SECONDS)]


@pytest.mark.parametrize("key", ["Ctrl+C", "Ctrl+X", "Ctrl+V", "Ctrl+D"])
def test_without_a_selection_or_a_copy_the_keys_name_the_remedy(song: Hands, key: str) -> None:
    before = song.window.session.state
    song.press(key)
    assert len(song.refused) == 1
    assert "elect" in song.refused[0]
    assert song.window.session.state is before


def test_duplicate_repeats_the_selection_once_more_with_each_press(song: Hands) -> None:
    view = song.window.timeline.canvas.viewport
    select(song, 3, 5)
    song.press("Ctrl+D")
    assert played_s(song) == [(0, 5), (3, SECONDS)]
    song.press("Ctrl+D")
    assert played_s(song) == [(0, 5), (3, 5), (3, SECONDS)]
    assert len(song.window.session.state.proposals) == 1 + len(PROPOSED)
    assert song.window.timeline.canvas.viewport == view


def test_one_block_is_not_repeated_as_a_whole(song: Hands) -> None:
    before = song.window.session.state
    song.window.commands.run("arrange.again")
    assert "whole recording" in song.refused[-1]
    assert song.window.session.state is before


def test_split_parts_an_own_cut_and_leaves_the_result(song: Hands) -> None:
    window = song.window
    select(song, 3, 6)
    song.press("Delete")
    window.transport.seek(5 * RATE_HZ)
    song.press("Ctrl+Shift+D")
    own = [key for key, one in window.session.state.proposals.items() if one.maker == "you"]
    assert sorted(window.session.state.span(key)[0] / RATE_HZ for key in own) == [3, 5]
    assert played_s(song) == [(0, 3), (6, SECONDS)]
    song.press("Delete")
    assert played_s(song) == [(0, 3), (5, SECONDS)]
    song.press("Ctrl+Z")
    song.press("Ctrl+Z")
    assert [window.session.state.span(key) for key in window.session.state.proposals if "cut-" in key]
    assert played_s(song) == [(0, 3), (6, SECONDS)]


def test_split_parts_the_shortest_region_there(song: Hands) -> None:
    session = song.window.session
    for start_s, stop_s in ((0, 50), (2, 8)):
        session.apply(add_region(session.state, start_s * RATE_HZ, stop_s * RATE_HZ)[0])
    song.window.transport.seek(5 * RATE_HZ)
    song.press("Ctrl+Shift+D")
    found = {(one.name, one.start_samples, one.stop_samples) for one in session.state.markers.values()}
    assert found == {
        ("Region 1", 0, 50 * RATE_HZ),
        ("Region 2", 2 * RATE_HZ, 5 * RATE_HZ),
        ("Region 3", 5 * RATE_HZ, 8 * RATE_HZ),
    }


def test_split_of_an_edit_is_refused_where_there_is_none(song: Hands) -> None:
    before = song.window.session.state
    song.window.transport.seek(5 * RATE_HZ)
    song.press("Ctrl+Shift+D")
    assert "‹clips.split›" in song.refused[-1]
    assert song.window.session.state is before


def test_a_double_click_selects_between_markers(song: Hands) -> None:
    window = song.window
    for at_s in (3, 5):
        window.transport.seek(at_s * RATE_HZ)
        song.press("M")
    assert [one.start_samples / RATE_HZ for one in window.session.state.markers.values()] == [3, 5]
    window.selecting.select_piece(4 * RATE_HZ)
    assert window.selecting.span == (3 * RATE_HZ, 5 * RATE_HZ)


@pytest.mark.parametrize("edit", ["hand.cut", "hand.keep"])
def test_an_edit_near_the_border_of_the_view_scrolls_nothing(song: Hands, edit: str) -> None:
    window = song.window
    view = window.timeline.canvas.viewport
    start_s = view.start_samples / RATE_HZ
    select(song, start_s + 0.05, start_s + 0.5)
    window.commands.run(edit)
    assert window.timeline.canvas.viewport == view
    song.press("Ctrl+Z")
    assert window.timeline.canvas.viewport == view, "nor does an undo"


def test_proposals_and_answers_elsewhere_scroll_nothing_and_going_there_does(song: Hands) -> None:
    window, session = song.window, song.window.session
    view = window.timeline.canvas.viewport
    made = Proposal("other", "cut", 30 * RATE_HZ, 31 * RATE_HZ, 0.9, "Odd.", "test")
    session.apply(add_proposals(session.state, [made], "Proposed"))
    assert window.timeline.canvas.viewport == view
    song.press("Down")
    assert window.timeline.canvas.viewport != view


def test_a_selection_moves_no_lane(song: Hands) -> None:
    window = song.window
    heights = window.timeline.height(), window.timeline.canvas.frame.layout.lane_tops
    select(song, 3, 5)
    song.qtbot.waitUntil(lambda: not window.selection_bar.is_empty)
    window.centralWidget().layout().activate()
    assert (window.timeline.height(), window.timeline.canvas.frame.layout.lane_tops) == heights
