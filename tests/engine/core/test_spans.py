"""Spans united and where they meet, against a plain mask of samples."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.core.timebase import common, inside, united

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


@given(SPANS)
def test_united_spans_cover_what_the_spans_do_and_lie_apart(spans: list[tuple[int, int]]) -> None:
    covered = np.zeros(60, bool)
    for start, stop in spans:
        covered[start:stop] = True
    found = united(spans)
    assert found.shape == (len(found), 2)
    assert (found[:, 0] < found[:, 1]).all()
    assert (found[1:, 0] > found[:-1, 1]).all()
    np.testing.assert_array_equal(inside(np.arange(60), found), covered)


@given(SPANS, st.integers(0, 8))
def test_spans_with_a_short_rest_between_them_are_united(spans: list[tuple[int, int]], gap: int) -> None:
    plain, found = united(spans), united(spans, gap)
    assert (found[1:, 0] > found[:-1, 1] + gap).all()
    rests = np.column_stack([plain[:-1, 1], plain[1:, 0]])
    filled = united([*plain.tolist(), *rests[np.diff(rests)[:, 0] <= gap].tolist()])
    np.testing.assert_array_equal(found, filled)


@given(SPANS, SPANS)
def test_common_spans_cover_what_both_do(some: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    at, left, right = np.arange(60), united(some), united(others)
    found = common(left, right)
    assert (found[:, 0] < found[:, 1]).all()
    assert (found[1:, 0] >= found[:-1, 1]).all()
    np.testing.assert_array_equal(inside(at, found), inside(at, left) & inside(at, right))
