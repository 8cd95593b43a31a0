"""Peaks of each track in rendered audio: the highest sample of each cell of a grid fixed to the result.

The grid does not move with the blocks, so a cell has the same value however it was rendered.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CELLS_PER_S = 50


def cell_samples(rate_hz: int) -> int:
    """Return the length of a cell."""
    return max(1, rate_hz // CELLS_PER_S)


def cell_starts(start_samples: int, stop_samples: int, cell: int) -> NDArray[np.int64]:
    """Return where the cells of a span begin in it, the first at 0, shape (cells,)."""
    borders = np.arange(start_samples // cell, -(-stop_samples // cell), dtype=np.int64) * cell
    borders -= start_samples
    borders[:1] = 0
    return borders


class TrackPeaks:
    """Gathers the peaks of a span [start, stop) of the result while it is rendered.

    Attributes
    ----------
    cell : length of a cell in samples
    values : the highest absolute sample of each track in each cell, float32, shape (tracks, cells); after
        gain and pan, all channels of a track together
    """

    def __init__(self, tracks: int, start_samples: int, stop_samples: int, cell: int) -> None:
        self.cell = cell
        self._first = start_samples // cell
        self.values = np.zeros((tracks, max(0, -(-stop_samples // cell) - self._first)), np.float32)

    def note(self, track: int, start_samples: int, samples: NDArray[Any]) -> None:
        """Add samples of a track, shape (n, channels), n > 0, that begin at a position."""
        starts = cell_starts(start_samples, start_samples + len(samples), self.cell) * samples.shape[1]
        flat = np.ascontiguousarray(samples).reshape(-1)
        high = np.maximum.reduceat(flat, starts)
        np.maximum(high, -np.minimum.reduceat(flat, starts), out=high)
        into = self._of(track, start_samples, start_samples + len(samples))
        np.maximum(into, high, out=into)

    def take(self, other: TrackPeaks, start_samples: int, stop_samples: int) -> None:
        """Copy a span [start, stop) from the peaks of a larger one."""
        into = self._of(slice(None), start_samples, stop_samples)
        np.maximum(into, other._of(slice(None), start_samples, stop_samples), out=into)

    def _of(self, tracks: int | slice, start_samples: int, stop_samples: int) -> NDArray[np.float32]:
        first = start_samples // self.cell - self._first
        found: NDArray[np.float32] = self.values[tracks, first : -(-stop_samples // self.cell) - self._first]
        return found
