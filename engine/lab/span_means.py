"""Means of frames over spans of any length, frames at the edges by their share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SHORTEST_FRAMES = 1e-6


def means_between(sums: NDArray[np.float64], edges_frames: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the means between neighbouring edges, shape (spans, cells, bands).

    Parameters
    ----------
    sums : of `engine.analysis.signal.span_means.running_sums`, shape (n + 1, bands)
    edges_frames : shape (spans, cells + 1), ascending; frame i covers [i, i + 1), and edges beyond the frames
        are clipped
    """
    edges = np.clip(edges_frames, 0.0, len(sums) - 1.0)
    whole = np.minimum(edges.astype(np.int64), len(sums) - 2)
    upto = sums[whole] + (edges - whole)[..., None] * (sums[whole + 1] - sums[whole])
    lengths = np.maximum(np.diff(edges, axis=1), _SHORTEST_FRAMES)[..., None]
    means: NDArray[np.float32] = (np.diff(upto, axis=1) / lengths).astype(np.float32)
    return means
