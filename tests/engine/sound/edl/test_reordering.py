"""Blocks brought elsewhere, beside a plain list of blocks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import UsageError
from engine.document.file.storage import apply_rows
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.sound.edl.arrangement import arrangement, block_again, block_taken_out, copied_block, moved_block
from engine.sound.edl.conflicts import in_conflict
from tests.engine.sound.edl.recordings import by_hand
from tests.engine.sound.edl.test_arrangement import LENGTH, recording, with_regions

Spans = list[tuple[int, int]]


def song() -> DocumentState:
    edges = [0, 4_000, 9_000, 15_000, 22_000, LENGTH]
    return with_regions(recording(), *((a, b, str(a)) for a, b in pairwise(edges)))


def order_of(state: DocumentState) -> Spans:
    return [(one.start_samples, one.stop_samples) for one in arrangement(state).blocks]


def done(state: DocumentState, edit: object) -> DocumentState:
    return apply_rows(state, edit.changes)


def test_a_block_that_is_moved_again_is_one_proposal() -> None:
    state = song()
    for before in (0, 5, 2):
        made = arrangement(state)
        number = [one.start_samples for one in made.blocks].index(9_000)
        state = done(state, moved_block(state, made, number, before)[0])
    assert [start for start, _ in order_of(state)] == [0, 4_000, 9_000, 15_000, 22_000]
    assert len(state.proposals) == 1


def test_what_is_there_already_is_refused() -> None:
    state = song()
    for before in (1, 2):
        with pytest.raises(UsageError, match="already"):
            moved_block(state, arrangement(state), 1, before)


def test_again_and_taken_out() -> None:
    state = song()
    state = done(state, block_again(state, arrangement(state), 1)[0])
    assert [start for start, _ in order_of(state)] == [0, 4_000, 4_000, 9_000, 15_000, 22_000]
    for number in (1, 2):
        state = done(state, block_again(state, arrangement(state), number)[0])
    assert [start for start, _ in order_of(state)].count(4_000) == 4
    assert len(state.proposals) == 1
    with pytest.raises(UsageError, match="between the copies"):
        moved_block(state, arrangement(state), 0, 3)
    for left in (3, 2, 1):
        state = done(state, block_taken_out(state, arrangement(state), 2)[0])
        assert [start for start, _ in order_of(state)].count(4_000) == left
    assert next(iter(state.decisions.values())).verdict is Verdict.REJECTED
    state = done(state, block_taken_out(state, arrangement(state), 1)[0])
    assert [start for start, _ in order_of(state)] == [0, 9_000, 15_000, 22_000]


def test_one_of_several_copies_goes_elsewhere_and_the_others_stay() -> None:
    state = song()
    for _ in range(2):
        state = done(state, block_again(state, arrangement(state), 1)[0])
    assert [start for start, _ in order_of(state)].count(4_000) == 3
    made = arrangement(state)
    last = max(number for number, one in enumerate(made.blocks) if one.start_samples == 4_000)
    edit, own = moved_block(state, made, last, len(made.blocks))
    state = done(state, edit)
    assert [start for start, _ in order_of(state)] == [0, 4_000, 4_000, 9_000, 15_000, 22_000, 4_000]
    assert arrangement(state).blocks[-1].laid_by == own
    assert len(state.proposals) == 2


step = st.tuples(st.sampled_from(["move", "copy"]), st.integers(0, 30), st.integers(0, 30))


@given(st.lists(step, max_size=8))
def test_blocks_come_where_they_are_put(steps: list[tuple[str, int, int]]) -> None:
    state = song()
    for how, number, before in steps:
        made, listed = arrangement(state), order_of(state)
        number, before = number % len(listed), before % (len(listed) + 1)
        try:
            if how == "move":
                edit, _ = moved_block(state, made, number, before)
                block = listed.pop(number)
                listed.insert(before - (before > number), block)
            else:
                edit, _ = copied_block(state, made, number, before)
                listed.insert(before, listed[number])
        except UsageError:
            continue
        state = done(state, edit)
        assert order_of(state) == listed


def test_copies_in_several_places_are_no_conflict() -> None:
    state = song()
    for how, number, before in ((block_again, 1, 0), (copied_block, 1, 6), (copied_block, 1, 6)):
        made = arrangement(state)
        done_so = how(state, made, number) if how is block_again else how(state, made, number, before)
        state = done(state, done_so[0])
    state = done(state, block_again(state, arrangement(state), 1)[0])
    assert [start for start, _ in order_of(state)].count(4_000) == 5
    assert len(state.proposals) == 3
    assert not in_conflict(state).any()


@pytest.mark.parametrize(("at", "first"), [(0, 0), (9_000, 2)])
def test_nothing_stands_between_the_copies_of_one_repeat(at: int, first: int) -> None:
    state = by_hand(song(), "repeat", (4_000, 9_000), {"times": 3, "to_samples": at})
    made = arrangement(state)
    laid = [number for number, block in enumerate(made.blocks) if block.laid_by]
    assert laid == [first, first + 1]
    last = len(made.blocks) - 1
    with pytest.raises(UsageError, match="cannot be placed between the copies of one repeat"):
        moved_block(state, made, last, first + 1)
    for before in (first, first + 2):
        moved = done(state, moved_block(state, made, last, before)[0])
        assert order_of(moved)[before] == (22_000, LENGTH)
