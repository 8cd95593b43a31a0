"""How one set of cuts became another: the figures add up, and say what broke up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.review.overlaps import Recount, recount

Pairs = list[tuple[int, int]]


def spans(pairs: Pairs) -> NDArray[np.int64]:
    return np.array(pairs, np.int64).reshape(-1, 2)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [], Recount(0, 0)),
        ([], [(1, 2)], Recount(0, 1, come=1)),
        ([(1, 2)], [], Recount(1, 0, gone=1)),
        ([(0, 10)], [(0, 3), (5, 7), (8, 10)], Recount(1, 3, broke_up=1, pieces_more=2)),
        ([(0, 3), (5, 7)], [(0, 10)], Recount(2, 1, joined_fewer=1)),
        ([(0, 5)], [(5, 9)], Recount(1, 1, gone=1, come=1)),  # they touch and share no sample
        (
            [(0, 10), (20, 30), (40, 41)],
            [(1, 2), (4, 22), (28, 29), (50, 60)],
            Recount(3, 4, broke_up=2, pieces_more=2, joined_fewer=1, gone=1, come=1),
        ),
    ],
)
def test_what_became_of_cuts(before: Pairs, after: Pairs, expected: Recount) -> None:
    assert recount(spans(before), spans(after)) == expected


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (Recount(5, 5), "5 cuts"),
        (Recount(5, 1, gone=4), "1 cut"),
        (Recount(9, 12, broke_up=2, pieces_more=3), "12 cuts (3 more: 2 long cuts broke up)"),
        (Recount(1, 2, broke_up=1, pieces_more=1), "2 cuts (1 more: 1 long cut broke up)"),
        (Recount(9, 7, broke_up=2, pieces_more=3, gone=5), "7 cuts"),
        (Recount(0, 12, come=12), "12 cuts"),
        (
            Recount(1, 4, broke_up=1, pieces_more=1, come=2),
            "4 cuts (3 more: 1 long cut broke up, 2 are new)",
        ),
        (
            Recount(1, 1_003, broke_up=1, pieces_more=1_001, come=1),
            "1,003 cuts (1,002 more: 1 long cut broke up, 1 is new)",
        ),
    ],
)
def test_more_cuts_are_explained(counts: Recount, sentence: str) -> None:
    assert counts.sentence == sentence


@st.composite
def cuts(draw: st.DrawFn, *, apart: bool) -> Pairs:
    borders = sorted(draw(st.sets(st.integers(0, 60), max_size=20)))
    if apart:
        return list(zip(borders[0::2], borders[1::2], strict=False))
    starts_and_lengths = st.tuples(st.integers(0, 60), st.integers(1, 20))
    return [(start, start + length) for start, length in draw(st.lists(starts_and_lengths, max_size=12))]


@given(st.data(), st.booleans())
def test_the_sum_is_right_and_equals_the_slow_count(data: st.DataObject, apart: bool) -> None:
    before, after = data.draw(cuts(apart=apart)), data.draw(cuts(apart=apart))
    found = recount(spans(before), spans(after))
    assert (found.before, found.after) == (len(before), len(after))
    changed = found.pieces_more - found.joined_fewer - found.gone + found.come
    assert found.after == found.before + changed
    pieces = [sum(a < stop and start < b for a, b in after) for start, stop in before]
    assert found.broke_up == sum(count > 1 for count in pieces)
    assert found.pieces_more == sum(count - 1 for count in pieces if count)
    assert found.gone == pieces.count(0)


@given(cuts(apart=True), cuts(apart=True))
def test_both_ways_tell_the_same(before: Pairs, after: Pairs) -> None:
    there, back = recount(spans(before), spans(after)), recount(spans(after), spans(before))
    assert (there.pieces_more, there.joined_fewer) == (back.joined_fewer, back.pieces_more)
    assert (there.gone, there.come) == (back.come, back.gone)
    assert recount(spans(before), spans(before)) == Recount(len(before), len(before))
