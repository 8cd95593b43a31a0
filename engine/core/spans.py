"""Spans of samples [start, stop), sorted and apart, as arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Samples = NDArray[np.int64]


def inside(positions: NDArray[np.integer] | NDArray[np.float64], spans: Samples) -> NDArray[np.bool_]:
    """Return which positions are in one of the sorted, disjoint spans [start, stop), shape (k, 2)."""
    found: NDArray[np.bool_] = np.searchsorted(spans[:, 0], positions, side="right") > np.searchsorted(
        spans[:, 1], positions, side="right"
    )
    return found


def within(some: Samples, spans: Samples) -> NDArray[np.bool_]:
    """Return which spans, shape (n, 2), are inside one of the sorted, disjoint ones, shape (k, 2)."""
    if not len(spans):
        return np.zeros(len(some), np.bool_)
    near = np.searchsorted(spans[:, 0], some[:, 0], side="right") - 1
    found: NDArray[np.bool_] = (near >= 0) & (some[:, 1] <= spans[near, 1])
    return found


def runs(flags: NDArray[np.bool_], least: int = 1) -> Samples:
    """Return runs of at least `least` set flags, shape (n,), as [start, stop), shape (k, 2)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))).reshape(-1, 2)
    found: Samples = edges[np.diff(edges)[:, 0] >= least]
    return found


def united(spans: ArrayLike) -> Samples:
    """Return spans [start, stop), shape (n, 2) in any order, as one where they overlap or touch, ascending.

    Empty ones are left out.

    Returns
    -------
    spans : shape (k, 2)
    """
    table = np.asarray(spans, np.int64).reshape(-1, 2)
    table = table[table[:, 0] < table[:, 1]]
    if not len(table):
        return table
    table = table[np.argsort(table[:, 0], kind="stable")]
    reached = np.maximum.accumulate(table[:, 1])
    first = np.concatenate([[True], table[1:, 0] > reached[:-1]])
    last = np.concatenate([first[1:], [True]])
    return np.stack([table[first, 0], reached[last]], axis=1)


def outside(spans: ArrayLike, start: int, stop: int) -> Samples:
    """Return the parts of [start, stop) in none of the spans inside it, shape (n, 2) in any order.

    Returns
    -------
    spans : shape (k, 2), sorted and separate
    """
    return united(np.concatenate([[start], united(spans).ravel(), [stop]]))


def common(some: Samples, others: Samples) -> Samples:
    """Return where spans of two tables meet, each sorted and separate, shape (n, 2) and (m, 2).

    Returns
    -------
    spans : shape (k, 2), sorted and separate
    """
    first = np.searchsorted(others[:, 1], some[:, 0], side="right")
    last = np.searchsorted(others[:, 0], some[:, 1], side="left")
    counts = np.maximum(last - first, 0)
    own = np.repeat(np.arange(len(some)), counts)
    other = np.arange(len(own)) - np.repeat(np.cumsum(counts) - counts, counts) + first[own]
    starts = np.maximum(some[own, 0], others[other, 0])
    return np.stack([starts, np.minimum(some[own, 1], others[other, 1])], axis=1)
