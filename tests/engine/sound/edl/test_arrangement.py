"""The result as blocks, beside what the edit list plays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.document.edits.by_hand import edit_by_hand
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState, Marker
from engine.sound.edl.arrangement import NO_BLOCKS, Arrangement, arrangement, laid_at
from engine.sound.edl.build import build
from engine.sound.edl.gathered import is_arranged
from tests.engine.sound.edl.recordings import timeline_state

RATE_HZ, LENGTH = 1_000, 40_000


def edited(state: DocumentState, *edits: tuple[str, int, int, dict[str, object]]) -> DocumentState:
    for kind, start, stop, payload in edits:
        edit, _ = edit_by_hand(state, kind, start, stop, payload)
        state = apply_rows(state, edit.changes)
    return state


def with_regions(state: DocumentState, *spans: tuple[int, int, str]) -> DocumentState:
    markers = {name: Marker(name, start, stop, name) for start, stop, name in spans}
    return replace(state, markers=markers)


def heard(made: Arrangement) -> list[tuple[int, int, int]]:
    return [(one.start_samples, one.stop_samples, one.length_samples) for one in made.blocks]


def recording() -> DocumentState:
    return timeline_state(LENGTH, rate_hz=RATE_HZ)


def test_a_recording_is_one_block() -> None:
    made = arrangement(recording())
    assert heard(made) == [(0, LENGTH, LENGTH)]
    assert not is_arranged(recording())
    assert arrangement(DocumentState()) is NO_BLOCKS


def test_regions_part_what_stands() -> None:
    made = arrangement(with_regions(recording(), (5_000, 15_000, "verse"), (15_000, 20_000, "chorus")))
    assert [one[:2] for one in heard(made)] == [
        (0, 5_000),
        (5_000, 15_000),
        (15_000, 20_000),
        (20_000, LENGTH),
    ]


def test_cuts_shorten_blocks_and_part_none() -> None:
    state = edited(recording(), ("cut", 1_000, 2_000, {}), ("cut", 30_000, LENGTH, {}))
    made = arrangement(with_regions(state, (10_000, 20_000, "verse"), (30_000, LENGTH, "end")))
    assert heard(made) == [(0, 10_000, 9_000), (10_000, 20_000, 10_000), (20_000, 30_000, 10_000)]


def test_repeats_and_moves_are_blocks_of_their_own() -> None:
    state = edited(
        recording(), ("repeat", 5_000, 8_000, {"times": 3}), ("move", 20_000, 25_000, {"to_samples": 2_000})
    )
    made = arrangement(state)
    assert [(*one[:2],) for one in heard(made)] == [
        (0, 2_000),
        (20_000, 25_000),
        (2_000, 8_000),
        (5_000, 8_000),
        (5_000, 8_000),
        (8_000, 20_000),
        (25_000, LENGTH),
    ]
    assert [one.is_copy for one in made.blocks] == [False, False, False, True, True, False, False]
    assert is_arranged(state)
    moved = made.blocks[1]
    assert (moved.at_samples, moved.is_copy) == (2_000, False)
    assert moved.laid_by in state.proposals
    assert made.block_at(2_000) == 1
    assert made.block_at(made.length_samples) is None


def test_rank_orders_what_is_laid_at_one_place() -> None:
    state = edited(
        recording(),
        ("move", 30_000, 31_000, {"to_samples": 2_000, "rank": 0}),
        ("move", 20_000, 21_000, {"to_samples": 2_000, "rank": 1}),
    )
    assert [one[0] for one in heard(arrangement(state))][:3] == [0, 30_000, 20_000]


spans = st.tuples(st.integers(0, LENGTH - 2), st.integers(2, LENGTH)).map(
    lambda pair: (min(pair), max(max(pair), min(pair) + 2))
)
edit = st.one_of(
    st.tuples(st.just("cut"), spans, st.just({})),
    st.tuples(st.just("keep"), spans, st.just({})),
    st.tuples(st.just("repeat"), spans, st.fixed_dictionaries({"times": st.integers(2, 4)})),
    st.tuples(
        st.just("repeat"),
        spans,
        st.fixed_dictionaries({"times": st.integers(2, 3), "to_samples": st.integers(0, LENGTH)}),
    ),
    st.tuples(
        st.just("move"),
        spans,
        st.fixed_dictionaries({"to_samples": st.integers(0, LENGTH), "rank": st.integers(-2, 2)}),
    ),
)


@given(st.lists(edit, max_size=6), st.lists(spans, max_size=4))
def test_blocks_are_what_the_edit_list_plays(
    edits: list[tuple[str, tuple[int, int], dict[str, object]]], regions: list[tuple[int, int]]
) -> None:
    state = recording()
    for kind, (start, stop), payload in edits:
        to = payload.get("to_samples")
        if kind == "move" and start <= to <= stop:
            continue
        state = edited(state, (kind, start, stop, dict(payload)))
    state = with_regions(state, *((start, stop, str(n)) for n, (start, stop) in enumerate(regions)))
    made, played = arrangement(state), build(state)
    assert made.length_samples == played.length_samples
    at = 0
    for block in made.blocks:
        assert block.result_start_samples == at < block.result_stop_samples
        at = block.result_stop_samples
        inside = np.arange(block.result_start_samples, block.result_stop_samples)
        sources = played.to_source_array(inside)
        assert ((block.start_samples <= sources) & (sources < block.stop_samples)).all()


def test_a_span_is_heard_from_its_first_sample_to_its_last() -> None:
    moved = edited(recording(), ("move", 20_000, 25_000, {"to_samples": 2_000}))
    assert build(moved).result_span(20_000, 25_000) == (2_000, 7_000)
    assert build(moved).result_span(1_000, 3_000) == (1_000, 8_000)  # with what is laid between
    again = edited(recording(), ("repeat", 5_000, 8_000, {"times": 3}))
    assert build(again).result_span(5_000, 8_000) == (5_000, 8_000)
    assert build(again).result_span(5_000, 8_000, 9_000) == (8_000, 11_000)
    cut = edited(recording(), ("cut", 5_000, 8_000, {}), ("repeat", 30_000, 31_000, {"times": 2}))
    assert build(cut).result_span(5_000, 8_000) == (5_000, 5_000)


def test_what_is_laid_is_found_before_it_is_accepted() -> None:
    state = edited(recording(), ("repeat", 5_000, 8_000, {"times": 3}), ("cut", 0, 1_000, {}))
    cut, repeat = state.proposals
    assert laid_at(state, repeat) == (7_000, 10_000)
    assert laid_at(replace(state, decisions={}), repeat) == (8_000, 11_000)
    assert laid_at(state, cut) is None
