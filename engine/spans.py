"""Spans of samples [start, stop), sorted and apart, as arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int64]


def inside(positions: NDArray[np.integer] | NDArray[np.float64], spans: Samples) -> NDArray[np.bool_]:
    """Return which positions lie in one of the sorted, separate spans [start, stop), shape (k, 2)."""
    found: NDArray[np.bool_] = np.searchsorted(spans[:, 0], positions, side="right") > np.searchsorted(
        spans[:, 1], positions, side="right"
    )
    return found
