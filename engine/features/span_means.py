"""Running sums of frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def running_sums(frames: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the sums of all frames before each edge, shape (n + 1, bands), of frames, shape (n, bands)."""
    sums = np.zeros((len(frames) + 1, frames.shape[1]))
    np.cumsum(frames, axis=0, dtype=np.float64, out=sums[1:])
    return sums
