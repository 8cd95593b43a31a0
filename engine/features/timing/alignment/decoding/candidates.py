"""Lines near each stroke that it may belong to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features.timing.alignment.placement import Lines

REACH = 3
"""Number of lines considered on either side of the nearest."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The lines near each stroke.

    Attributes
    ----------
    lines : int64, shape (s, 2 * REACH + 1), their numbers, ascending in a row; -1 for none
    offsets_samples : float64, the same shape, how much later than the line the stroke is; inf where none is
    """

    lines: NDArray[np.int64]
    offsets_samples: NDArray[np.float64]


def near(
    onsets_samples: NDArray[np.float64], expected_samples: NDArray[np.float64], lines: Lines
) -> Candidates:
    """Return the lines near where strokes would be without push and pull.

    Parameters
    ----------
    onsets_samples : shape (s,), ascending
    expected_samples : shape (s,), how much later than its line each is likely to be
    """
    count = len(lines.positions_samples)
    middle = nearest(onsets_samples - expected_samples, lines.positions_samples)
    # Rows never step back from one stroke to the next: the dynamic programme relies on it.
    middle = np.maximum.accumulate(middle) if len(middle) else middle
    numbers = middle[:, None] + np.arange(-REACH, REACH + 1)
    there = (numbers >= 0) & (numbers < count)
    positions = lines.positions_samples[np.clip(numbers, 0, max(count - 1, 0))] if count else 0.0 * numbers
    offsets = np.where(there, onsets_samples[:, None] - positions, np.inf)
    return Candidates(np.where(there, numbers, -1), offsets)


def nearest(positions_samples: NDArray[np.float64], lines_samples: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of the line nearest to each position, the earlier of two as near; 0 without lines."""
    if len(lines_samples) == 0:
        return np.zeros(len(positions_samples), np.int64)
    after = np.clip(np.searchsorted(lines_samples, positions_samples), 1, max(len(lines_samples) - 1, 1))
    after = np.minimum(after, len(lines_samples) - 1)
    before = np.maximum(after - 1, 0)
    closer = positions_samples - lines_samples[before] <= lines_samples[after] - positions_samples
    found: NDArray[np.int64] = np.where(closer, before, after).astype(np.int64)
    return found
