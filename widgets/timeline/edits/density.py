"""Coverage of time by spans: computed once, then read for any columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """Cumulative coverage by spans up to any position; overlaps count once.

    Attributes
    ----------
    positions : int64, shape (m,), ascending borders of covered time
    lengths : int64, shape (m,), covered length up to each of them
    """

    positions: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Covered:
        """Add up half-open spans in the order of their starts, shape (n,) each."""
        if not len(starts):
            return NOTHING
        reach = np.maximum.accumulate(stops)
        before = np.append(starts[:1], reach[:-1])  # what those before a span have covered already
        borders = np.stack([np.maximum(starts, before), np.maximum(stops, before)], axis=1)
        lengths = np.stack([np.zeros(len(starts), np.int64), borders[:, 1] - borders[:, 0]], axis=1)
        return cls(borders.ravel(), np.cumsum(lengths.ravel()))

    @property
    def total_samples(self) -> int:
        """Total coverage."""
        return int(self.lengths[-1])

    def shares(self, edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the covered share of each column between borders, 0 to 1: shape (n + 1,) to (n,)."""
        if not self.total_samples:
            return np.zeros(len(edges) - 1)
        covered = np.diff(np.interp(edges, self.positions, self.lengths))
        shares: NDArray[np.float64] = np.clip(covered / np.diff(edges), 0.0, 1.0)
        shares[shares < LEAST] = 0.0  # what is left of differences between large numbers
        return shares


LEAST = 1e-6
NOTHING = Covered(np.zeros(1, np.int64), np.zeros(1, np.int64))
