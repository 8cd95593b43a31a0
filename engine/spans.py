"""Spans of samples [start, stop), sorted and apart, as arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Samples = NDArray[np.int64]


def inside(positions: NDArray[np.integer] | NDArray[np.float64], spans: Samples) -> NDArray[np.bool_]:
    """Return which positions lie in one of the sorted, separate spans [start, stop), shape (k, 2)."""
    found: NDArray[np.bool_] = np.searchsorted(spans[:, 0], positions, side="right") > np.searchsorted(
        spans[:, 1], positions, side="right"
    )
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
