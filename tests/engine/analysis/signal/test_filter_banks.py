"""Triangular bands: their heights at bins that are easily counted."""

from __future__ import annotations

import numpy as np

from engine.analysis.signal.bands import triangles, triangles_between

BINS_HZ = np.arange(7.0)


def test_triangles_fall_to_zero_at_their_width() -> None:
    found = triangles(BINS_HZ, np.array([2.0, 4.5]), np.array([2.0, 1.0]))
    np.testing.assert_array_equal(found, [[0, 0.5, 1, 0.5, 0, 0, 0], [0, 0, 0, 0, 0.5, 0.5, 0]])


def test_triangles_between_edges_fall_to_zero_at_their_neighbours() -> None:
    found = triangles_between(BINS_HZ, np.array([0.0, 1.0, 2.0, 6.0]))
    np.testing.assert_array_equal(found, [[0, 1, 0, 0, 0, 0, 0], [0, 0, 1, 0.75, 0.5, 0.25, 0]])


def test_even_edges_are_triangles_of_one_width() -> None:
    edges_hz = np.arange(0.0, 7.0, 2.0)
    expected = triangles(BINS_HZ, edges_hz[1:-1], np.full(2, 2.0))
    np.testing.assert_array_equal(triangles_between(BINS_HZ, edges_hz), expected)
