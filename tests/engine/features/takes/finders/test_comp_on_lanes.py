"""A comp of takes on lanes: switches that avoid faults, and that sound as takes raised by hand do."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.edits.clips import nudge_clips, raise_clips, split_clips
from engine.document.edits.markers import rate
from engine.document.edits.takes import playing_spans, reach
from engine.document.file.storage import apply_rows
from engine.document.proposals import BY_COMPING, Decision, Proposal, Verdict
from engine.document.state import DocumentState, Edit
from engine.exchange.export.placing.clips import clips
from engine.features.takes.finders.lanes import lane_passages, lane_wishes
from engine.review.finders import Found
from engine.sound.edl.build import build, in_place, played_tracks, preview, whole, without
from engine.sound.edl.conflicts import in_conflict
from engine.sound.edl.render import render
from tests.engine.features.takes.finders.lane_sessions import comped, looped, switch, with_switches
from tests.engine.features.takes.made_takes import RATE_HZ
from tests.engine.sound.edl.recordings import Recording

FAULTS = (3, 1, 4, 2)
"""The faulty bar of each take; the last one plays."""
Made = tuple[Recording, np.ndarray, Found]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    one, lines = looped(tmp_path_factory.mktemp("loop"), FAULTS)
    return one, lines, comped(one, lines, seam_price=0.2)


def after(state: DocumentState, edit: Edit) -> DocumentState:
    return apply_rows(state, edit.changes)


def sound(one: Recording, state: DocumentState) -> np.ndarray:
    edits = build(state)
    return render(state, edits, one.media, 0, edits.length_samples)


def takes_in(state: DocumentState, lines: np.ndarray) -> list[str]:
    """Return the source that the first track plays in the middle of each bar."""
    track = state.tracks[0]
    spans = playing_spans(track.clips, played_tracks(state)[0].clips)
    source_of = {clip.id: clip.source_id for clip in track.clips}
    return [
        next(source_of[key] for key, own in spans.items() if any(a <= at < b for a, b in own))
        for at in ((lines[:-1] + lines[1:]) // 2).tolist()
    ]


def test_no_bar_with_a_fault_plays_once_all_are_accepted(made: Made) -> None:
    one, lines, found = made
    assert {row.kind for row in found.proposals} == {"take"}
    assert {row.maker for row in found.proposals} == {BY_COMPING}
    state = with_switches(one.state, *found.proposals)
    plays = takes_in(state, lines)
    assert not any(plays[fault] == f"s0-{take}" for take, fault in enumerate(FAULTS))
    assert takes_in(one.state, lines) == ["s0-3"] * 6
    assert not in_conflict(state).any()


def test_seams_are_just_before_the_first_attack_of_any_take(made: Made) -> None:
    _, lines, found = made
    inner = [
        edge
        for row in found.proposals
        for edge in (row.start_samples, row.stop_samples)
        if min(abs(lines[1:-1] - edge)) < RATE_HZ // 2
    ]
    assert inner
    for edge in inner:
        nearest = lines[np.abs(lines - edge).argmin()]  # the third take is 9 ms early
        assert 0.010 < (nearest - edge) / RATE_HZ < 0.030


def test_stars_count_for_the_take_that_plays_and_rejected_takes_are_avoided(made: Made) -> None:
    one, lines, found = made
    fault = FAULTS[3]
    bar = int(lines[fault]), int(lines[fault + 1])
    (passage,) = lane_passages(one.state)
    for row, take in ((switch(0.0, 12.0, 1), 1), (switch(0.0, 3.0, 1), 3)):
        state = with_switches(one.state, row)
        state = after(state, rate(state, bar, 1))
        assert list(lane_wishes(state, passage, played_tracks(state))) == [(take, *bar, 1)]
    avoided = after(one.state, rate(one.state, (int(lines[0]), int(lines[1])), -1))
    again = comped(replace(one, state=avoided), lines, seam_price=0.2)
    assert takes_in(with_switches(avoided, *again.proposals), lines)[0] != "s0-3"
    row = next(row for row in found.proposals if row.start_samples <= sum(bar) // 2 < row.stop_samples)
    no = replace(one.state, proposals={row.id: row}, decisions={row.id: Decision(row.id, Verdict.REJECTED)})
    again = comped(replace(one, state=no), lines, seam_price=0.2)
    was = takes_in(with_switches(one.state, row), lines)[fault]
    assert takes_in(with_switches(one.state, *again.proposals), lines)[fault] not in (was, "s0-3")


def test_each_alternative_is_another_take_in_the_same_span(made: Made) -> None:
    one, lines, found = made
    row = max(found.proposals, key=lambda one: one.score)
    assert len(row.alternatives) == 2
    names = set()
    for number in range(3):
        chosen = replace(one.state, proposals={row.id: row})
        chosen = replace(chosen, decisions={row.id: Decision(row.id, Verdict.ACCEPTED, number)})
        names.add(takes_in(chosen, lines)[FAULTS[3]])
    assert names == {"s0-0", "s0-1", "s0-2"}


def test_it_sounds_as_takes_raised_by_hand_do_in_any_order_and_is_undone(made: Made) -> None:
    one, _, _ = made
    rows = [switch(2.3, 4.3, 0), switch(4.3, 6.3, 1), switch(8.3, 10.3, 2), switch(10.5, 13.0, 1)]
    by_hand = one.state
    for row in rows:
        (raised,) = build(with_switches(one.state, row)).raises["t0"]
        source_id = raised.takes[0][0]
        keys = [clip.id for clip in by_hand.tracks[0].clips if clip.source_id == source_id]
        by_hand = after(by_hand, raise_clips(by_hand, keys, reach(raised, RATE_HZ)))
    expected = sound(one, by_hand)
    for order in permutations(rows, 4):
        np.testing.assert_array_equal(sound(one, with_switches(one.state, *order)), expected)
    open_again = with_switches(one.state, *rows, leaving=tuple(row.id for row in rows))
    np.testing.assert_array_equal(sound(one, open_again), sound(one, one.state))


def test_neighbouring_switches_cross_from_one_take_to_the_other_alone(made: Made) -> None:
    one, _, _ = made
    state = with_switches(one.state, switch(2.3, 4.3, 0), switch(4.3, 6.3, 1))
    loud = {key: path for key, path in one.media.items() if key != "s0-3"}
    at = round(4.3 * RATE_HZ)
    heard = render(state, build(state), loud | {"s0-3": one.media["s0-2"]}, at - 200, at + 200)
    np.testing.assert_array_equal(heard, render(state, build(state), one.media, at - 200, at + 200))


def test_previews_and_views_play_what_they_say(made: Made) -> None:
    one, lines, _ = made
    first, second = switch(2.3, 4.3, 0), switch(8.3, 10.3, 1)
    state = with_switches(one.state, first, second, leaving=(second.id,))
    assert set(build(state).raises["t0"]) < set(preview(state, second.id).raises["t0"])
    assert not without(state, first.id).raises
    assert not whole(state).raises
    assert in_place(state).raises == build(state).raises
    assert build(state) != build(one.state)
    assert takes_in(state, lines) == ["s0-3", "s0-0", "s0-3", "s0-3", "s0-3", "s0-3"]


def test_two_takes_at_once_contradict_each_other(made: Made) -> None:
    one, _, _ = made
    state = with_switches(one.state, switch(2.3, 6.3, 0), switch(4.3, 8.3, 1), switch(8.3, 9.0, 0))
    assert in_conflict(state).tolist() == [True, True, False]
    same = with_switches(one.state, switch(2.3, 6.3, 0), switch(4.3, 8.3, 0))
    assert not in_conflict(same).any()


def test_a_take_raised_by_hand_is_above_accepted_switches(made: Made) -> None:
    one, lines, _ = made
    rows = [switch(2.3, 4.3, 0), switch(8.3, 10.3, 1)]
    state = with_switches(one.state, *rows)
    edit = raise_clips(state, ["clip-s0-2"], (3 * RATE_HZ, 4 * RATE_HZ))
    assert edit.label.endswith("1 accepted take there is undecided again")
    raised = after(state, edit)
    assert takes_in(raised, lines)[1] == "s0-2"
    assert raised.verdict(rows[0].id) is Verdict.UNDECIDED
    assert raised.verdict(rows[1].id) is Verdict.ACCEPTED
    undone = after(raised, Edit("", tuple(change.inverse for change in reversed(edit.changes))))
    assert undone == state


def test_a_hand_returns_to_the_take_below_a_switch(made: Made) -> None:
    one, lines, _ = made
    state = with_switches(one.state, switch(2.3, 4.3, 0))
    span = round(2.3 * RATE_HZ), round(4.3 * RATE_HZ)
    assert takes_in(after(state, raise_clips(state, ["clip-s0-3"], span)), lines) == ["s0-3"] * 6
    with pytest.raises(UsageError):
        raise_clips(state, ["clip-s0-0"], (span[0] + 1_000, span[1] - 1_000))


def test_projects_have_the_clips_that_play(made: Made) -> None:
    one, _, _ = made
    state = with_switches(one.state, switch(2.3, 4.3, 0))
    (track,) = state.tracks
    assert [clip.source_id for clip in clips(state, build(state), track)] == ["s0-3", "s0-0", "s0-3"]


def test_tracks_recorded_together_switch_together(tmp_path: Path) -> None:
    one, lines = looped(tmp_path, (None, 2, 4), tracks=2)
    found = comped(one, lines)
    assert found.proposals
    assert {row.tracks for row in found.proposals} == {("t0", "t1")}
    alone = comped(one, lines, ("t1",))
    assert {row.tracks for row in alone.proposals} == {("t1",)}
    state = with_switches(one.state, *found.proposals)
    edits = build(state)
    chosen = [[one.source_id[3:] for one in edits.as_played(track).clips] for track in state.tracks]
    assert chosen[0] == chosen[1]


def test_accepted_switches_stay_when_it_runs_again(made: Made) -> None:
    one, lines, found = made
    state = with_switches(one.state, *found.proposals)
    assert not comped(replace(one, state=state), lines, seam_price=0.2).proposals
    by_hand = with_switches(one.state, switch(2.3, 4.3, 1))
    again = comped(replace(one, state=by_hand), lines, seam_price=0.2).proposals
    assert not any(row.start_samples < 4.2 * RATE_HZ and row.stop_samples > 2.4 * RATE_HZ for row in again)


def test_takes_raised_by_hand_are_not_proposed_back(made: Made) -> None:
    one, lines, _ = made
    bar = FAULTS[0]
    span = (int(lines[bar]), int(lines[bar + 1]))  # the take with a fault there: the ear of the user decides
    state = after(one.state, raise_clips(one.state, ["clip-s0-0"], span))
    assert takes_in(state, lines)[bar] == "s0-0"
    again = comped(replace(one, state=state), lines, seam_price=0.2).proposals
    middle = sum(span) // 2
    assert not any(row.start_samples <= middle < row.stop_samples for row in again)
    assert again, "other bars are proposed as before"


def test_without_takes_the_message_tells_how_to_get_some(tmp_path: Path) -> None:
    one, lines = looped(tmp_path, (None,))
    found = comped(one, lines)
    assert not found.proposals
    assert "on a track" in found.summary


def test_a_repair_where_another_take_plays_is_a_conflict(made: Made) -> None:
    one, _, _ = made
    key = f"audio-{'0' * 32}"
    at = 3 * RATE_HZ
    payload = {"audio": key, "audio_start_samples": at, "audio_stop_samples": at + 100}
    repair = Proposal("repair", "repair", at, at + 100, 0.9, "", "test", (), payload, None, ("t0",))
    assert in_conflict(with_switches(one.state, switch(2.3, 4.3, 0), repair)).all()
    assert not in_conflict(with_switches(one.state, switch(4.3, 6.3, 0), repair)).any()


def test_a_switch_follows_its_clips_wherever_they_are_split_or_moved(made: Made) -> None:
    one, lines, _ = made
    state = with_switches(one.state, switch(2.3, 4.3, 0))
    split = after(state, split_clips(state, 3 * RATE_HZ))
    np.testing.assert_array_equal(sound(one, split), sound(one, state))
    later = after(state, nudge_clips(state, [clip.id for clip in state.tracks[0].clips], RATE_HZ))
    assert takes_in(later, lines + RATE_HZ) == takes_in(state, lines)
    np.testing.assert_array_equal(sound(one, later)[RATE_HZ:], sound(one, state))
    only = after(state, nudge_clips(state, ["clip-s0-0"], RATE_HZ))
    assert played_tracks(only)[0].clips == only.tracks[0].clips
