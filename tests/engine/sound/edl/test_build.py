"""What remains to be heard, against a mask of the timeline that is plain to see."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.kinds import KINDS, Drop
from engine.document.proposals import Decision, Edited, Verdict
from engine.document.state import DocumentState
from engine.sound.edl.build import build, cut, in_place, preview, removed_only, whole
from engine.sound.edl.edit_list import EditList, Segment
from tests.counting import calls_of
from tests.engine.sound.edl.recordings import RATE_HZ, by_hand, cut_proposal, timeline_state, with_cuts
from tests.timing import fastest_cpu_s, slowness

LENGTH = 400
MS = 1000  # at this rate one sample is a millisecond, so no kept piece is too short

drops = st.lists(
    st.builds(Drop, st.integers(-20, LENGTH + 20), st.integers(-20, LENGTH + 20), st.floats(0.0, 120.0)),
    max_size=8,
)


def kept_mask(given_drops: list[Drop], length: int = LENGTH) -> np.ndarray:
    mask = np.ones(length, bool)
    for drop in given_drops:
        mask[max(0, drop.start_samples) : max(0, drop.stop_samples)] = False
    return mask


def assert_fits(edit_list: EditList) -> None:
    """Every crossfade overlaps by its length, none meets another, all material exists."""
    for segment in edit_list.segments:
        assert 0 <= segment.start_samples < segment.stop_samples <= edit_list.source_length_samples
        alone = (
            segment.stop_samples - segment.start_samples - segment.fade_in_samples - segment.fade_out_samples
        )
        assert alone >= 0
    for left, right in zip(edit_list.segments, edit_list.segments[1:], strict=False):
        assert left.fade_out_samples == right.fade_in_samples
        assert left.result_stop_samples - right.result_start_samples == right.fade_in_samples
        assert left.start_samples < right.start_samples
    if edit_list.segments:
        assert edit_list.segments[0].result_start_samples == 0
        assert edit_list.segments[-1].result_stop_samples == edit_list.length_samples


@given(drops)
def test_edit_list_equals_the_mask(given_drops: list[Drop]) -> None:
    edit_list = cut(given_drops, length_samples=LENGTH, rate_hz=MS)
    mask = kept_mask(given_drops)
    kept = np.flatnonzero(mask)
    assert edit_list.length_samples == len(kept)
    assert_fits(edit_list)
    np.testing.assert_array_equal(edit_list.to_source_array(np.arange(len(kept))), kept)
    if len(kept):
        before = np.concatenate([[0], np.cumsum(mask)])
        np.testing.assert_array_equal(edit_list.to_result_array(np.arange(LENGTH + 1)), before)
    removed = np.zeros(LENGTH, bool)
    for start, stop in edit_list.removed_spans:
        assert not removed[start:stop].any()
        removed[start:stop] = True
    np.testing.assert_array_equal(removed, ~mask)


@given(drops, st.randoms(use_true_random=False))
def test_the_order_of_decisions_changes_nothing(given_drops: list[Drop], dice: random.Random) -> None:
    shuffled = list(given_drops)
    dice.shuffle(shuffled)
    assert cut(given_drops, length_samples=LENGTH, rate_hz=MS) == cut(
        shuffled, length_samples=LENGTH, rate_hz=MS
    )


@given(drops)
def test_touching_halves_cut_like_the_whole(given_drops: list[Drop]) -> None:
    halves = []
    for drop in given_drops:
        middle = (drop.start_samples + drop.stop_samples) // 2
        halves += [replace(drop, stop_samples=middle), replace(drop, start_samples=middle)]
    assert cut(halves, length_samples=LENGTH, rate_hz=MS) == cut(
        given_drops, length_samples=LENGTH, rate_hz=MS
    )


def test_a_crossfade_is_centred_on_its_cut() -> None:
    edit_list = cut([Drop(1000, 3000, 20.0)], length_samples=8000, rate_hz=8000)
    assert edit_list.segments == (
        Segment(0, 1080, 0, 0, 160),
        Segment(2920, 8000, 920, 160, 0),
    )
    assert edit_list.length_samples == 6000
    assert edit_list.to_result(2000) == edit_list.to_result(1000) == edit_list.to_result(3000) == 1000
    assert edit_list.to_source(1000) == 3000
    assert edit_list.to_source(999) == 999


def test_an_odd_crossfade_has_its_longer_half_after_the_cut() -> None:
    left, right = cut([Drop(100, 200, 7.0)], length_samples=400, rate_hz=MS).segments
    assert (left.stop_samples, right.start_samples, right.result_start_samples) == (104, 197, 97)


@pytest.mark.parametrize(
    ("given_drops", "fade"),
    [
        ([Drop(100, 104, 100.0)], 8),  # no more than the cut has inside
        ([Drop(10, 300, 100.0)], 10),  # half of the short piece before on either side
        ([Drop(100, 200, 30.0), Drop(150, 210, 50.0)], 50),  # united cuts take the longest
        ([Drop(100, 200, 0.0)], 0),
    ],
)
def test_a_crossfade_is_clipped_to_what_there_is(given_drops: list[Drop], fade: int) -> None:
    assert cut(given_drops, length_samples=LENGTH, rate_hz=MS).segments[0].fade_out_samples == fade


def test_an_exposed_edge_is_faded_within_itself() -> None:
    edit_list = cut([Drop(0, 1000, 20.0), Drop(7000, 8000, 20.0)], length_samples=8000, rate_hz=8000)
    assert edit_list.segments == (Segment(1000, 7000, 0, 40, 40),)
    hard = cut([Drop(0, 1000, 0.0)], length_samples=8000, rate_hz=8000)
    assert hard.segments == (Segment(1000, 8000, 0, 0, 0),)


def test_a_piece_under_a_millisecond_goes_with_its_neighbours() -> None:
    def with_gap(gap: int) -> EditList:
        return cut([Drop(1000, 2000), Drop(2000 + gap, 3000)], length_samples=8000, rate_hz=8000)

    assert with_gap(7).length_samples == 6000
    assert with_gap(8).length_samples == 6008
    assert cut([Drop(7, 7993)], length_samples=8000, rate_hz=8000).segments == ()
    assert len(cut([Drop(8, 7992)], length_samples=8000, rate_hz=8000).segments) == 2


def test_everything_cut_leaves_nothing() -> None:
    edit_list = cut([Drop(0, 500), Drop(400, 8000)], length_samples=8000, rate_hz=8000)
    assert (edit_list.segments, edit_list.length_samples) == ((), 0)
    assert edit_list.removed_spans == ((0, 8000),)
    assert edit_list.to_result(5000) == edit_list.to_source(7) == 0


def test_only_accepted_proposals_cut_with_the_edges_the_user_gave_them() -> None:
    state = with_cuts(
        timeline_state(80_000), (1000, 3000), (10_000, 20_000), (40_000, 50_000), (60_000, 70_000)
    )
    decisions = {
        "cut-1000-3000": Decision("cut-1000-3000", Verdict.ACCEPTED, stop_samples=5000),
        "cut-10000-20000": Decision("cut-10000-20000", Verdict.REJECTED),
        "cut-40000-50000": Decision("cut-40000-50000", Verdict.UNDECIDED, start_samples=41_000),
        "gone": Decision("gone", Verdict.ACCEPTED),
    }
    state = replace(state, decisions=decisions)
    assert build(state).removed_spans == ((1000, 5000),)
    assert preview(state, "cut-40000-50000").removed_spans == ((1000, 5000), (41_000, 50_000))
    assert preview(state, "cut-1000-3000") == build(state)
    assert whole(state).segments == (Segment(0, 80_000, 0),)
    heard = removed_only(state, "cut-40000-50000")
    assert heard.removed_spans == ((0, 41_000), (50_000, 80_000))
    assert heard.segments[0].fade_in_samples == heard.segments[0].fade_out_samples == 40


def many_accepted(count: int) -> DocumentState:
    state = timeline_state(count * 1000, rate_hz=48_000)
    proposals = [cut_proposal(1000 * n + 200, 1000 * n + 700) for n in range(count)]
    return replace(
        state,
        proposals={proposal.id: proposal for proposal in proposals},
        decisions={proposal.id: Decision(proposal.id, Verdict.ACCEPTED) for proposal in proposals},
    )


def test_building_costs_few_calls_a_cut() -> None:
    few, many = (calls_of(lambda count=count: build(many_accepted(count))) for count in (100, 1_100))
    assert many - few < 40 * 1_000


@pytest.mark.alone
def test_ten_thousand_proposals_are_built_in_a_moment() -> None:
    state = many_accepted(10_000)
    edit_list = build(state)
    assert len(edit_list.segments) == 10_001
    assert_fits(edit_list)
    assert fastest_cpu_s(lambda: build(state)) < 0.5 * slowness()  # about 0.05 on an idle machine


def test_the_recording_in_place_sounds_as_edited_and_lasts_as_long() -> None:
    state = timeline_state(16_000)
    for kind, span, payload in (
        ("cut", (1_000, 2_000), {}),
        ("repeat", (4_000, 5_000), {"times": 2}),
        ("gain", (3_000, 4_000), {"gain_db": -6.0}),
    ):
        state = by_hand(state, kind, span, payload)
    heard = in_place(state)
    assert heard.plays_as(whole(state))
    assert heard.patches == build(state).patches
    assert in_place(replace(state, decisions={})) == whole(state)


@pytest.mark.parametrize("kind", ["move", "repeat"])
@pytest.mark.parametrize("crossfade_ms", [0.0, 25.0])
def test_what_is_laid_elsewhere_is_crossfaded_as_long_as_it_says(kind: str, crossfade_ms: float) -> None:
    place = {"to_samples": 50_000} if kind == "move" else {"times": 3}
    state = by_hand(timeline_state(80_000), kind, (20_000, 30_000), {**place, "crossfade_ms": crossfade_ms})
    segments = build(state).segments
    assert len(segments) == {"move": 4, "repeat": 3}[kind]
    wished = round(crossfade_ms * RATE_HZ / 1000)
    assert [one.fade_out_samples for one in segments[:-1]] == [wished] * (len(segments) - 1)
    assert [one.fade_in_samples for one in segments[1:]] == [wished] * (len(segments) - 1)


def test_a_move_that_goes_nowhere_does_nothing() -> None:
    def effect(start: int, stop: int, **payload: object) -> tuple[object, ...]:
        return KINDS["move"].effect(Edited(start, stop, payload))

    for to in (100, 101, 199, 200):
        assert effect(100, 200, to_samples=to) == ()
    assert effect(200, 200, to_samples=500) == ()
    for to in (99, 201):
        (order,) = effect(100, 200, to_samples=to)
        assert (order.at_samples, order.times, order.stays, order.rank) == (to, 1, False, 0)
    (ranked,) = effect(100, 200, to_samples=100, rank=2)
    assert ranked.rank == 2, "it comes after what else is laid there"
