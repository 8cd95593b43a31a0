"""Takes on lanes without a sound: passages, the take that plays, wishes, and switches of a known comp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.document.proposals import BY_COMPING, Decision, Evidence, Proposal, Verdict
from engine.document.state import DocumentState, Marker
from engine.document.tracks import Clip, Source, Track
from engine.features.takes.comp import Comp, cheapest
from engine.features.takes.comp_costs import Costs
from engine.features.takes.finders.lane_proposals import (
    LaneProposals,
    _chosen_by_hand,
    _common_edges,
    _Laid,
    _sum_of,
    _undecided,
)
from engine.features.takes.finders.lanes import (
    LanePassage,
    common_samples,
    is_there,
    lane_passages,
    lane_track,
    lane_wishes,
    pairs_in,
    playing,
)
from engine.features.takes.following import Bars

RATE_HZ = 1000
Samples = NDArray[np.int64]


def clip(key: str, source: str, start: int, stop: int, *, shift: int = 0, fade: int = 0) -> Clip:
    """Return a clip of a source that begins on the timeline at a shift."""
    return Clip(key, source, start, start - shift, stop - start, 0.0, fade, fade)


def state_of(*tracks: Sequence[Clip]) -> DocumentState:
    """Return a document of tracks; sources come in the order of their names."""
    keys = sorted({one.source_id for clips in tracks for one in clips})
    sources = {key: Source(key, f"{key}.wav", "", RATE_HZ, 1, 60_000, "WAV", "FLOAT") for key in keys}
    made = [
        Track(f"t{number}", f"Track {number}", number, clips=tuple(clips))
        for number, clips in enumerate(tracks)
    ]
    return DocumentState(RATE_HZ, sources, tuple(made))


def looped(count: int = 3, length: int = 8_000, name: str = "a") -> list[Clip]:
    """Return takes over each other, the last on top."""
    return [clip(f"{name}{take}", f"{name}{take}", 0, length) for take in range(count)]


def switch(start: int, stop: int, source: str, *, track: str = "t0") -> Proposal:
    payload = {"at_samples": start, "takes": [[source, start]], "number": 1}
    return Proposal(f"p{start}", "take", start, stop, 0.9, "", BY_COMPING, (), payload, None, (track,))


def decided(state: DocumentState, verdict: Verdict, *proposals: Proposal) -> DocumentState:
    decisions = {one.id: Decision(one.id, verdict) for one in proposals}
    return replace(state, proposals={one.id: one for one in proposals}, decisions=decisions)


def starred(state: DocumentState, *ratings: tuple[int, int, str]) -> DocumentState:
    markers = {f"m{at}": Marker(f"m{at}", *one) for at, one in enumerate(ratings)}
    return replace(state, markers=markers)


def spans(state: DocumentState, *tracks: str) -> list[tuple[int, int, tuple[tuple[int, ...], ...]]]:
    return [(one.start_samples, one.stop_samples, one.lanes) for one in lane_passages(state, tracks)]


def test_a_passage_is_where_two_takes_are_over_each_other_for_a_second() -> None:
    assert spans(state_of(looped(1))) == []
    assert spans(state_of(looped(2))) == [(0, 8_000, ((0, 1),))]
    assert spans(state_of(looped(3, 999))) == []
    assert spans(state_of(looped(2, 1_000))) == [(0, 1_000, ((0, 1),))]
    beside = [clip("x", "a0", 0, 5_000), clip("y", "a1", 4_990, 9_000)]  # a crossfade
    assert spans(state_of(beside)) == []


def test_passages_have_the_lanes_of_their_own_takes() -> None:
    clips = [
        clip("w", "a0", 0, 4_000),
        clip("x", "a1", 1_000, 4_500),
        clip("y", "a0", 6_000, 9_000),
        clip("z", "a2", 6_500, 9_000),
    ]
    # a2 has room in the lane of a1
    assert spans(state_of(clips)) == [(1_000, 4_000, ((0, 1),)), (6_500, 9_000, ((0, 1),))]
    three = [clip("w", "a0", 0, 4_000), clip("x", "a1", 0, 4_000), clip("y", "a2", 2_000, 4_000)]
    assert spans(state_of(three)) == [(0, 4_000, ((0, 1, 2),))]


def test_tracks_with_takes_of_the_same_edges_go_together() -> None:
    together = state_of(looped(2), looped(2, 8_090, "b"))
    (both,) = lane_passages(together)
    assert [track.id for track in both.tracks] == ["t0", "t1"]
    assert (both.start_samples, both.stop_samples, both.count) == (0, 8_000, 2)
    assert spans(together, "t1") == [(0, 8_090, ((0, 1),))]
    apart = state_of(looped(2), looped(2, 8_110, "b"))
    assert spans(apart) == [(0, 8_000, ((0, 1),)), (0, 8_110, ((0, 1),))]
    assert len(spans(state_of(looped(2), looped(3, 8_000, "b")))) == 2


SPLIT = [
    clip("a0", "a0", 0, 8_000),
    clip("a1", "a1", 0, 3_000, fade=10),
    clip("a1'", "a1", 3_000, 8_000),
    clip("b", "a2", 2_000, 6_000, shift=500),
]
EDGES = np.array([0, 2_000, 4_000, 6_000, 8_000])


def test_a_lane_is_a_track_without_fades_and_its_sources_are_listed_once() -> None:
    state = state_of(SPLIT)
    (track,) = state.tracks
    alone = lane_track(state, track, 1)
    assert (alone.id, [one.id for one in alone.clips]) == ("t0/1", ["a1", "a1'"])
    assert not any(one.fade_in_samples or one.fade_out_samples for one in alone.clips)
    assert pairs_in(state, track, 1, 1_000, 5_000) == (("a1", 0),)
    assert pairs_in(state, track, 2, 1_000, 5_000) == (("a2", 500),)
    assert pairs_in(state, track, 2, 0, 2_000) == ()
    assert pairs_in(state, track, 2, 6_000, 8_000) == ()


def test_a_take_is_there_for_pieces_that_it_plays_whole() -> None:
    state = state_of(SPLIT)
    (passage,) = lane_passages(state)
    assert is_there(state, passage, EDGES).tolist() == [
        [True] * 4,
        [True] * 4,
        [False, True, True, False],
    ]
    both = state_of(looped(2), [clip("b0", "b0", 0, 8_000), clip("b1", "b1", 0, 7_950)])
    (together,) = lane_passages(both)
    found = is_there(both, together, np.array([0, 4_000, 7_950, 8_000]))
    assert found.tolist() == [[True, True, True], [True, True, False]]


def test_the_take_that_plays_is_on_top_for_nine_tenths_of_a_piece() -> None:
    state = state_of(SPLIT)
    (passage,) = lane_passages(state)
    assert playing(state, passage, state.tracks, EDGES).tolist() == [[1, 2, 2, 1]]
    near = np.array([0, 2_200, 4_000, 6_000, 8_000])  # 200 of 2,200 are a cut near a line
    assert playing(state, passage, state.tracks, near).tolist() == [[1, 2, 2, 1]]
    middle = np.array([0, 2_500, 4_000, 7_000, 8_000])
    assert playing(state, passage, state.tracks, middle).tolist() == [[-1, 2, -1, 1]]


def test_spans_share_what_is_in_both() -> None:
    assert common_samples((0, 10), (4, 20)) == 6
    assert common_samples((4, 20), (0, 10)) == 6
    assert common_samples((0, 4), (4, 9)) == common_samples((0, 2), (4, 9)) == 0
    assert common_samples((0, 100), (40, 50)) == 10


def test_stars_are_of_the_take_that_plays_and_are_cut_to_the_passage() -> None:
    state = starred(
        state_of(SPLIT), (0, 2_000, "★★"), (5_000, 9_000, "★"), (2_500, 3_500, "☆"), (1, 2, "Verse")
    )
    (passage,) = lane_passages(state)
    wishes = list(lane_wishes(state, passage, state.tracks))
    assert wishes == [(1, 0, 2_000, 2), (2, 2_500, 3_500, -1)]  # from 5 s on two takes play
    outside = starred(state, (8_000, 9_000, "★"))
    assert list(lane_wishes(outside, passage, outside.tracks)) == []


def test_takes_of_rejected_switches_are_avoided_and_open_ones_are_not() -> None:
    state = state_of(looped(3))
    (passage,) = lane_passages(state)
    no = decided(state, Verdict.REJECTED, switch(2_000, 4_000, "a1"))
    assert list(lane_wishes(no, passage, no.tracks)) == [(1, 2_000, 4_000, -1)]
    open_again = replace(no, decisions={})
    assert list(lane_wishes(open_again, passage, no.tracks)) == []
    unknown = decided(state, Verdict.REJECTED, switch(2_000, 4_000, "elsewhere"))
    assert list(lane_wishes(unknown, passage, state.tracks)) == []


def test_pieces_of_accepted_switches_are_decided() -> None:
    state = decided(state_of(looped(3)), Verdict.ACCEPTED, switch(2_000, 4_000, "a1"))
    (passage,) = lane_passages(state)
    now = np.array([[2, 1, 2, 2]])
    found = _undecided(state, passage, now, EDGES)
    assert found.tolist() == [
        [True, False, True, True],
        [True, True, True, True],
        [True, False, True, True],
    ]
    other = decided(state_of(looped(3)), Verdict.ACCEPTED, switch(2_000, 4_000, "a1", track="t9"))
    assert _undecided(other, passage, np.full((1, 4), 2), EDGES).all()


def test_a_take_raised_by_hand_is_the_shorter_part_and_the_longest_plays_by_itself() -> None:
    raised = state_of([*looped(2), clip("a0'", "a0", 0, 2_000)])
    (passage,) = lane_passages(raised)
    assert playing(raised, passage, raised.tracks, EDGES).tolist() == [[0, 1, 1, 1]]
    assert _chosen_by_hand(raised, passage, EDGES).tolist() == [True, False, False, False]
    inside = state_of([*looped(2), clip("a0'", "a0", 2_000, 4_000)])
    (passage,) = lane_passages(inside)
    assert _chosen_by_hand(inside, passage, EDGES)[1:].tolist() == [True, False, False]


def test_takes_that_play_or_end_by_themselves_are_not_chosen_by_hand() -> None:
    plain = state_of(looped(2))
    (passage,) = lane_passages(plain)
    assert not _chosen_by_hand(plain, passage, EDGES).any()
    ends = state_of([clip("a0", "a0", 0, 8_000), clip("a1", "a1", 0, 4_000), clip("a2", "a2", 0, 8_000)])
    below = replace(ends.tracks[0], clips=(ends.tracks[0].clips[2], *ends.tracks[0].clips[:2]))
    (passage,) = lane_passages(replace(ends, tracks=(below,)))
    assert playing(ends, passage, [below], EDGES).tolist() == [[1, 1, 0, 0]]
    assert not _chosen_by_hand(ends, passage, EDGES).any()


def laid(start: int = 1_000, stop: int = 5_000, around: int = 500) -> _Laid:
    track = Track("t0", "Track", 0)
    return _Laid(LanePassage(start, stop, (track,), ((0, 1, 2),)), around)


def test_takes_are_laid_after_each_other_and_back() -> None:
    one = laid()
    assert [one.span(take) for take in range(3)] == [(500, 4_500), (5_500, 9_500), (10_500, 14_500)]
    lines = np.array([1_000, 3_000, 5_000])
    assert one.there(lines, 2).tolist() == [10_500, 12_500, 14_500]
    there = np.stack([one.there(lines, take) for take in range(3)])
    np.testing.assert_array_equal(one.back(there), np.stack([lines] * 3))
    assert one.rating((1, 2_000, 3_000, 2)) == (6_500, 7_500, 2)


def test_takes_are_read_as_if_they_followed_each_other() -> None:
    def take(number: int) -> object:
        def read(start: int, stop: int) -> NDArray[np.float32]:
            return (10_000.0 * number + np.arange(start, stop)).astype(np.float32)

        return read

    read = laid().one_after_the_other([take(number) for number in range(3)])  # type: ignore[misc]
    # Each has 5,000 samples: the timeline from 500 to 5,500.
    assert read(0, 3).tolist() == [500.0, 501.0, 502.0]
    assert read(4_998, 5_002).tolist() == [5_498.0, 5_499.0, 10_500.0, 10_501.0]
    assert read(14_999, 15_002).tolist() == [25_499.0, 0.0, 0.0]
    assert read(-2, 1).tolist() == [0.0, 0.0, 500.0]
    early = laid(100, 1_100).one_after_the_other([take(0), take(1)])  # type: ignore[list-item]
    assert early(398, 402).tolist() == [0.0, 0.0, 0.0, 1.0]  # before the timeline is silence
    both = _sum_of([read, read])
    assert both(0, 2).tolist() == [1_000.0, 1_002.0]
    assert _sum_of([read]) is read


def comp(costs: NDArray[np.float64], edges: Samples, is_played: NDArray[np.bool_] | None = None) -> Comp:
    """Return the cheapest comp at seams of 0.1; probabilities are the costs."""
    takes, bars = costs.shape
    seams = 0.1 * (1 - np.eye(takes))[:, :, None] * np.ones(bars)
    there = np.ones(costs.shape, bool) if is_played is None else is_played
    faults = np.full(costs.shape, "a noise")
    path = cheapest(costs, seams)
    made = Costs(np.minimum(costs, 1.0), costs, faults, 0.1)
    return Comp(Bars(edges, there, 0), made, np.zeros(costs.shape, np.int64), seams, path, 0)


def test_the_line_of_a_bar_is_the_earliest_of_the_takes_that_play_near_it() -> None:
    one = laid(0, 4_000, 0)
    lines = np.array([[0, 1_010, 1_990, 4_000], [0, 1_005, 1_800, 3_900], [0, 1_020, 2_000, 3_990]])
    there = np.stack([one.there(row, take) for take, row in enumerate(lines)])
    is_played = np.array([[True, True, True], [True, False, False], [True, True, True]])
    made = comp(np.zeros((3, 3)), there, is_played)
    assert _common_edges(made, one, (0, 4_000)).tolist() == [0, 1_005, 1_990, 4_000]
    back = there.copy()
    back[0, 2] = one.there(np.array([900]), 0)[0]  # never before the line before
    again = comp(np.zeros((3, 3)), back, is_played)
    assert _common_edges(again, one, (0, 4_000)).tolist() == [0, 1_005, 1_005, 4_000]


COSTS = np.array([[0.9, 0.9, 0.0, 0.0], [0.0, 0.0, 0.9, 0.9], [0.2, 0.4, 0.4, 0.4]])


def proposals(now: list[list[int]], costs: NDArray[np.float64] = COSTS, bars: int = 1) -> list[Proposal]:
    tracks = [looped(3, name=name) for name in "ab"[: len(now)]]
    state = state_of(*tracks)
    (passage,) = lane_passages(state)
    made = comp(costs, np.stack([EDGES] * 3))
    return list(LaneProposals(state, passage, made, EDGES, np.array(now), bars))


def test_a_switch_is_proposed_for_each_run_of_bars_of_another_take_than_the_best() -> None:
    assert proposals([[1, 1, 0, 0]]) == []
    (one,) = proposals([[0, 0, 0, 0]])
    assert (one.kind, one.start_samples, one.stop_samples, one.score) == ("take", 0, 4_000, 0.9)
    assert (one.payload["at_samples"], one.payload["takes"], one.payload["number"]) == (0, [["a1", 0]], 2)
    assert one.evidence is Evidence.STRONG
    assert one.reason == "Bars 1–2 from take 2: take 1 has a noise in bar 1."
    (way,) = one.alternatives
    assert way.payload == {"takes": [["a2", 0]], "number": 3}
    assert (one.tracks, one.maker) == (("t0",), BY_COMPING)


def test_runs_are_parted_where_another_take_plays_now() -> None:
    found = proposals([[0, 2, 0, 2]])
    assert [(row.start_samples, row.stop_samples, row.payload["number"]) for row in found] == [
        (0, 2_000, 2),
        (2_000, 4_000, 2),
        (6_000, 8_000, 1),
    ]
    assert [row.score for row in found] == [0.9, 0.4, 0.4]
    assert [len(row.alternatives) for row in found] == [1, 1, 1]
    assert len({row.id for row in found}) == 3


def test_bars_cut_by_hand_and_bars_that_the_best_take_does_not_play_stay() -> None:
    (one,) = proposals([[0, -1, 0, 0]])
    assert (one.start_samples, one.stop_samples) == (0, 2_000)
    state = state_of(looped(3))
    (passage,) = lane_passages(state)
    is_played = np.ones((3, 4), bool)
    is_played[1, 0] = False
    made = comp(COSTS, np.stack([EDGES] * 3), is_played)
    (row,) = LaneProposals(state, passage, made, EDGES, np.zeros((1, 4), np.int64), 1)
    assert (row.start_samples, row.stop_samples) == (2_000, 4_000)


def test_tracks_that_play_different_takes_are_switched_together() -> None:
    (one,) = proposals([[1, 0, 0, 0], [1, 1, 0, 0]])
    assert (one.start_samples, one.stop_samples, one.tracks) == (2_000, 4_000, ("t0", "t1"))
    assert one.payload["takes"] == [["a1", 2_000], ["b1", 2_000]]
    assert one.reason == "Bar 2 from take 2: Track 0 and Track 1 play different takes."
    assert len(one.alternatives) == 2  # both others


@pytest.mark.parametrize(("cost", "evidence"), [(0.3, Evidence.STRONG), (0.29, Evidence.WEAK)])
def test_evidence_is_weak_below_a_likely_fault_and_pieces_have_several_bars(
    cost: float, evidence: Evidence
) -> None:
    costs = np.array([[cost, 0.0, 0.0, 0.0], [0.0, 0.9, 0.9, 0.9], [0.9, 0.9, 0.9, 0.9]])
    (one,) = proposals([[0, 0, 0, 0]], costs, 2)
    assert (one.stop_samples, one.evidence) == (2_000, evidence)
    assert one.reason.startswith("Bars 1–2 from take 2: ")
