"""Where hits belong: the lines they can go to, and which goes where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.drums.hits import Hits


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The lines of a grid that hits are moved to.

    Attributes
    ----------
    positions_samples : float64, shape (m,), ascending
    beats : float64, shape (m,), the same counted in beats from the first beat of the grid
    levels : int8, shape (m,), 0 for a downbeat, 1 for a beat, 2 for a division of one
    rate_hz : of the positions
    """

    positions_samples: NDArray[np.float64]
    beats: NDArray[np.float64]
    levels: NDArray[np.int8]
    rate_hz: int


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where each hit goes, a row for each row of `Hits`.

    Attributes
    ----------
    lines : int64, shape (n,), the line that its stroke belongs to; -1 where it belongs to none
    targets_samples : float64, shape (n,), where it is moved to; its onset where it stays
    flams_samples : float64, shape (n,), how late this voice is within its stroke where that is judged a
        fault, else NaN; the stroke is moved as a whole, and the voice by this much more
    confidences : float64, shape (n,), 0 to 1, that this is where it belongs
    """

    lines: NDArray[np.int64]
    targets_samples: NDArray[np.float64]
    flams_samples: NDArray[np.float64]
    confidences: NDArray[np.float64]


def staying(placement: Placement, hits: Hits, stays: NDArray[np.bool_]) -> Placement:
    """Return a placement in which some hits, shape (n,), belong to no line and stay."""
    return Placement(
        np.where(stays, -1, placement.lines),
        np.where(stays, hits.onsets_samples, placement.targets_samples),
        np.where(stays, np.nan, placement.flams_samples),
        placement.confidences,
    )


Aligner = Callable[[Hits, Lines], Placement]
"""Places hits on lines."""
