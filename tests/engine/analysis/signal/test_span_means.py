"""Means over spans equal a plain loop over frames and their shares."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.analysis.signal.span_means import means_around, means_of, running_sums, sums_at
from engine.lab.span_means import means_between


@pytest.mark.parametrize("count", [1, 2, 40])
def test_means_equal_a_plain_loop(count: int) -> None:
    rng = np.random.default_rng(count)
    frames = rng.standard_normal((count, 3)).astype(np.float32)
    edges = np.sort(rng.uniform(0.0, count, (5, 9)), axis=1)
    found = means_between(running_sums(frames), edges)
    for span, cells in zip(edges, found, strict=True):
        for (begin, end), cell in zip(pairwise(span), cells, strict=True):
            shares = [max(0.0, min(end, k + 1) - max(begin, k)) for k in range(count)]
            np.testing.assert_allclose(cell, shares @ frames / (end - begin), rtol=1e-4, atol=1e-4)


def test_whole_frames_are_their_own_means_and_nothing_lies_beyond() -> None:
    frames = np.arange(6, dtype=np.float32).reshape(3, 2)
    sums = running_sums(frames)
    np.testing.assert_allclose(means_between(sums, np.array([[0.0, 1.0, 2.0, 3.0]]))[0], frames)
    np.testing.assert_allclose(means_between(sums, np.array([[-5.0, 9.0]]))[0, 0], frames.mean(axis=0))


def test_running_sums_of_any_shape_are_float64() -> None:
    flags = np.array([True, False, True])
    np.testing.assert_array_equal(running_sums(flags), [0.0, 1.0, 1.0, 2.0])
    cubes = np.ones((2, 3, 2), np.float32)
    assert running_sums(cubes).shape == (3, 3, 2)
    assert running_sums(cubes).dtype == np.float64
    np.testing.assert_array_equal(running_sums(np.zeros((0, 2))), [[0.0, 0.0]])


def test_sums_between_rows_are_interpolated_and_end_at_the_ends() -> None:
    sums = running_sums(np.array([[2.0], [4.0]]))
    found = sums_at(sums, np.array([[-1.0, 0.5], [1.25, 3.0]]))
    np.testing.assert_array_equal(found, [[[0.0], [1.0]], [[3.0], [6.0]]])


def test_means_of_spans_equal_those_of_their_rows() -> None:
    rows = np.arange(12.0).reshape(4, 3)
    first, last = np.array([0, 1, 2]), np.array([4, 3, 2])
    found = means_of(rows, first, last)
    np.testing.assert_array_equal(found, [rows.mean(axis=0), rows[1:3].mean(axis=0), np.zeros(3)])
    np.testing.assert_array_equal(means_of(rows[:, 0], first, last), found[:, 0])


def test_means_around_are_truncated_at_the_ends() -> None:
    rows = np.array([0.0, 4.0, 8.0, 0.0])
    np.testing.assert_array_equal(means_around(rows, 1), rows)
    np.testing.assert_array_equal(means_around(rows, 2), [0.0, 2.0, 6.0, 4.0])
    np.testing.assert_array_equal(means_around(rows, 3), [2.0, 4.0, 4.0, 4.0])
    assert means_around(np.zeros((0, 2), np.float32), 3).shape == (0, 2)
