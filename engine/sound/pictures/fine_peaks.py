"""Peaks of the visible range, finer than the cached ones: parts of a recording in columns of 16 samples.

A frame that shows 250,000 samples per lane is then drawn from 16,000 columns, and from samples themselves
only if few are visible.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.sound.pictures.peaks import PeakPyramid

FINE_SAMPLES = 16
PIECE_SAMPLES = 1 << 18

Cells = NDArray[np.float32]


def fine_cells(samples: NDArray[np.float32]) -> Cells:
    """Reduce samples, shape (n, channels), to minimum, maximum and sum of squares of every 16.

    Returns
    -------
    cells : shape (3, channels, ceil(n / 16)); the last holds the remainder
    """
    whole, rest = divmod(len(samples), FINE_SAMPLES)
    cells = np.empty((3, samples.shape[1], whole + bool(rest)), np.float32)
    values = np.ascontiguousarray(samples.T)
    # halving takes a quarter of the time of reductions over an axis of sixteen
    for out, how, level in (
        (cells[0], np.minimum, values),
        (cells[1], np.maximum, values),
        (cells[2], np.add, np.square(values)),
    ):
        halves = level[:, : whole * FINE_SAMPLES]
        while halves.shape[1] > whole:
            halves = how(halves[:, ::2], halves[:, 1::2])
        out[:, :whole] = halves
        if rest:
            out[:, whole] = how.reduce(level[:, whole * FINE_SAMPLES :], axis=1)
    return cells


def fine_pyramid(pieces: Sequence[Cells], frames: int, rate_hz: int) -> PeakPyramid:
    """Return a pyramid of one level over consecutive pieces with `frames` samples in total."""
    cells = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=2)
    return PeakPyramid((cells,), rate_hz, cells.shape[1], frames, base_samples=FINE_SAMPLES)
