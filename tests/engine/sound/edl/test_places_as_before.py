"""Where things lie once a document is edited, and how blocks are rearranged, stays what it was.

What is asked of an edit list is compared with a walk over its segments, sample by sample; what an edit of the
order of blocks makes, of documents full of repeats and moves, with what it made before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import OffcutError, UsageError
from engine.document.proposals import Decision, Verdict
from engine.document.state import DocumentState, Edit, Marker
from engine.exchange.export.placing.marks import removed_edit_list, removed_pieces, seams
from engine.sound.edl.arrangement import (
    arrangement,
    block_again,
    block_taken_out,
    copied_block,
    laid_at,
    moved_block,
    region_edges,
)
from engine.sound.edl.build import build, in_place, played_samples, preview, removed_only, whole, without
from engine.sound.edl.edit_list import EditList, place_in, placed_markers
from engine.sound.edl.tracks.patches import changed_span
from tests.as_before import require_as_before
from tests.engine.sound.edl.heard.test_every_kind import edited, trio  # noqa: F401
from tests.engine.sound.edl.heard.test_sounds_as_before import ALL
from tests.engine.sound.edl.recordings import Recording, by_hand, timeline_state, with_cuts

MARKERS = tuple(
    Marker(f"m{start}", start, stop, f"At {start}")
    for start, stop in (
        (0, 0),
        (900, 900),
        (1_000, 2_600),
        (2_600, 6_000),
        (7_999, 8_001),
        (12_000, 15_999),
        (16_000, 16_000),
    )
)
RATE_HZ = 8_000


def _arranged(number: int) -> DocumentState:
    """Return a document of two seconds with moves, repeats and cuts, beside and in each other."""
    state = replace(timeline_state(16_000), markers={one.id: one for one in MARKERS})
    steps = (
        ("repeat", (1_000, 3_000), {"times": 3}),
        ("move", (5_000, 6_000), {"to_samples": 2_000}),
        ("repeat", (8_000, 9_000), {"times": 2, "to_samples": 12_000, "crossfade_ms": 0.0}),
        ("move", (10_000, 11_000), {"to_samples": 12_000, "rank": 1}),
        ("cut", (2_500, 5_500), {"crossfade_ms": 5.0}),
        ("keep", (4_000, 4_400), {}),
        ("cut", (14_000, 16_000), {}),
        ("move", (0, 500), {"to_samples": 16_000}),
    )
    for kind, span, payload in steps[: number + 1] if number < 8 else steps[number - 8 :: 2]:
        state = by_hand(state, kind, span, payload)
    return state


def _walked(edits: EditList) -> list[int]:
    """Return the source sample that is heard at each place of the result, hard edges throughout."""
    heard: list[int] = []
    for start, stop in zip(
        edits.kept_starts_samples.tolist(), edits.kept_stops_samples.tolist(), strict=True
    ):
        heard += range(start, stop)
    return heard


@pytest.mark.parametrize("number", range(10))
def test_places_are_those_of_a_walk_over_the_segments(number: int) -> None:
    edits = build(_arranged(number))
    heard = _walked(edits)
    assert len(heard) == edits.length_samples
    results = np.arange(-3, len(heard) + 5)
    want = [heard[min(max(at, 0), len(heard) - 1)] for at in results.tolist()]
    beyond = results >= len(heard)
    np.testing.assert_array_equal(edits.to_source_array(results), np.array(want) + beyond)
    first = {source: at for at, source in reversed(list(enumerate(heard)))}
    everywhere: dict[int, list[int]] = {}
    for at, source in enumerate(heard):
        everywhere.setdefault(source, []).append(at)
    for source in range(0, 16_000, 37):
        assert edits.all_results(source) == everywhere.get(source, [])
        if source in first:
            assert edits.to_result(source) == first[source]
            for near in (0, 5_000, 20_000):
                nearest = min(everywhere[source], key=lambda at: abs(at - near))
                assert edits.nearest_result(source, near) == nearest
    places, found = edits.played(np.arange(16_000))
    assert [heard[at] for at in found.tolist()] == places.tolist() == heard
    assert played_samples(_arranged(number)) == len(heard)


@pytest.mark.parametrize("number", range(10))
def test_what_lies_where_is_told_as_before(number: int) -> None:
    state = _arranged(number)
    edits, made, plain = build(state), arrangement(state), whole(state)
    told = {
        "removed": edits.removed_spans,
        "rising": edits.is_rising,
        "bounds": [edits.bounds_samples, edits.seams_samples],
        "spans": [
            edits.result_span(start, start + 1_700, near)
            for start in range(0, 16_000, 1_300)
            for near in (None, 6_000)
        ],
        "lanes": [edits.lane_span(start, start + 900) for start in range(0, 16_000, 2_100)],
        "gone": edits.to_result_array(np.arange(0, 16_500, 250)),
        "same place": [
            place_in(one, other, at)
            for one in (edits, plain)
            for other in (edits, plain)
            for at in range(0, 16_000, 1_111)
        ],
        "markers": [placed_markers(MARKERS, edits, onto_seams=onto) for onto in (True, False)],
        "blocks": made.blocks,
        "block at": [
            made.block_at(at) for at in (-1, 0, 999, 1_000, made.length_samples - 1, made.length_samples)
        ],
        "laid": [laid_at(state, key) for key in state.proposals],
        "regions": region_edges(MARKERS),
        "seams": seams(state, edits),
        "removed pieces": removed_pieces(state, removed_edit_list(state, edits)),
        "lengths": [
            [make(state, key).length_samples for make in (preview, without, removed_only)]
            for key in state.proposals
        ],
    }
    numbers = {key: f"edit {number}" for number, key in enumerate(state.proposals)}
    blocks = [replace(one, laid_by=numbers.get(one.laid_by, "")) for one in made.blocks]
    require_as_before("places", str(number), {**told, "blocks": blocks})


def _outcome(make: object, *asked: object) -> object:
    try:
        edit, key = make(*asked)  # type: ignore[operator]
    except OffcutError as error:
        return str(error)
    assert isinstance(edit, Edit)
    return edit, key


@pytest.mark.parametrize("number", [2, 9])
def test_blocks_are_rearranged_as_before(number: int) -> None:
    state = _arranged(number)
    made = arrangement(state)
    told = {}
    for place in range(len(made)):
        told[f"{place} again"] = _outcome(block_again, state, made, place)
        told[f"{place} out"] = _outcome(block_taken_out, state, made, place)
        for before in {0, place, place + 1, len(made) // 2, len(made)}:
            told[f"{place} before {before}"] = _outcome(moved_block, state, made, place, before)
            told[f"{place} once more before {before}"] = _outcome(copied_block, state, made, place, before)
    require_as_before("rearranged", str(number), dict(sorted(told.items())))


def test_what_changed_of_the_sound_lies_in_the_span_that_is_told(trio: Recording) -> None:  # noqa: F811
    told = {}
    for name, made in ALL.items():
        for number in (1, 2, 4, len(made) - 1):
            before, after = (edited(trio.state, some) for some in (made[:number], made[: number + 1]))
            old, new = build(before).patches, build(after).patches
            told[f"{name} {number}"] = {
                track.id: [
                    changed_span(old.get(track.id), new.get(track.id)),
                    changed_span(new.get(track.id), old.get(track.id)),
                ]
                for track in trio.state.tracks
            }
    require_as_before("places", "changed", told)


def test_an_edit_list_that_plays_in_place_is_as_long_as_the_recording(trio: Recording) -> None:  # noqa: F811
    for made in ALL.values():
        state = edited(trio.state, made)
        assert in_place(state).length_samples == state.length_samples


def test_what_was_rejected_is_heard() -> None:
    state = with_cuts(timeline_state(16_000), (1_000, 2_000), (4_000, 9_000))
    ids = list(state.proposals)
    one = replace(state, decisions={**state.decisions, ids[0]: Decision(ids[0], Verdict.REJECTED)})
    assert build(one) == without(state, ids[0])
    assert build(state) == preview(one, ids[0])


EMPTY: Mapping[str, DocumentState] = {
    "nothing imported": DocumentState(0),
    "nothing edited": timeline_state(16_000),
    "everything cut": with_cuts(timeline_state(16_000), (0, 16_000)),
    "all but the first": with_cuts(timeline_state(16_000), (1, 16_000)),
    "all but the last": with_cuts(timeline_state(16_000), (0, 15_999), crossfade_ms=0.0),
    "all but a click": with_cuts(timeline_state(16_000), (0, 8_000), (8_007, 16_000)),
    "all but a millisecond": with_cuts(timeline_state(16_000), (0, 8_000), (8_008, 16_000)),
    "cut twice": with_cuts(timeline_state(16_000), (0, 9_000), (9_000, 16_000)),
    "overlapping": with_cuts(timeline_state(16_000), (100, 9_000), (8_999, 12_000), (200, 300)),
}


@pytest.mark.parametrize("name", EMPTY)
def test_documents_of_nothing_or_next_to_nothing_are_laid_out_as_before(name: str) -> None:
    state = EMPTY[name]
    made = arrangement(state)
    edits = build(state) if state.rate_hz else None
    told: dict[str, object] = {"blocks": made.blocks, "length": made.length_samples, "at": made.block_at(0)}
    told["heard"] = played_samples(state) if state.rate_hz else 0
    if edits is not None:
        told["edits"] = [
            edits.segments,
            edits.removed_spans,
            edits.is_empty,
            edits.is_rising,
            edits.bounds_samples,
        ]
        told["there"] = [
            edits.to_source_array([0, 1, 8_000, 16_000]),
            edits.to_result_array([0, 1, 8_000, 16_000]),
        ]
        told["all"] = [edits.all_results(at) for at in (0, 8_000, 15_999, 16_000)]
        told["markers"] = placed_markers(MARKERS, edits)
        told["same place"] = [place_in(edits, whole(state), at) for at in (0, 8_003, 16_000)]
        told["spans"] = [edits.result_span(8_000, 8_000), edits.result_span(0, 16_000, 5)]
        told["seams"] = seams(state, edits)
    require_as_before("places", name, told)


def test_a_block_is_heard_ten_thousand_times_and_no_more() -> None:
    state = by_hand(timeline_state(16_000), "repeat", (1_000, 1_100), {"times": 9_999})
    edit, own = block_again(state, arrangement(state), 1)
    assert (list(state.proposals), len(edit.changes)) == ([own], 1)
    state = by_hand(timeline_state(16_000), "repeat", (1_000, 1_100), {"times": 10_000})
    with pytest.raises(UsageError, match="between the copies of one repeat"):
        block_again(state, arrangement(state), 1)
