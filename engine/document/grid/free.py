"""Passages of a grid without a steady pulse: no lines there, and hits stay, until the user sets beats."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.core.timebase import format_time
from engine.core.wording import counted
from engine.document.analysis import BeatGrid

_MOST_NAMED = 4


def is_free(grid: BeatGrid, positions_samples: ArrayLike) -> NDArray[np.bool_]:
    """Return whether each position, shape (n,), is in a passage without a steady pulse."""
    spans, at = grid.free_samples, np.asarray(positions_samples)
    if not len(spans):
        return np.zeros(len(at), bool)
    before = np.searchsorted(spans[:, 0], at, side="right") - 1
    found: NDArray[np.bool_] = (before >= 0) & (at < spans[np.maximum(before, 0), 1])
    return found


def free_outside(grid: BeatGrid, start_samples: int, stop_samples: int) -> NDArray[np.int64]:
    """Return the passages without a pulse, shape (f, 2), that a span does not touch."""
    spans = grid.free_samples
    kept: NDArray[np.int64] = spans[(spans[:, 1] <= start_samples) | (spans[:, 0] >= stop_samples)]
    return kept


def free_notice(grid: BeatGrid, onsets_samples: ArrayLike, rate_hz: int, what: str) -> str:
    """Return a sentence that names the passages in which hits or notes stay; "" for none.

    Parameters
    ----------
    what : "hits" or "notes"
    """
    at = np.asarray(onsets_samples)
    spans = [
        f"{format_time(start / rate_hz, 0)} to {format_time(stop / rate_hz, 0)}"
        for start, stop in grid.free_samples.tolist()
        if np.any((at >= start) & (at < stop))
    ]
    if not spans:
        return ""
    more = len(spans) - _MOST_NAMED
    named = ", ".join(spans[:_MOST_NAMED]) + (f" and {counted(more, 'more passage')}" if more > 0 else "")
    verb = "has" if len(spans) == 1 else "have"
    return f"{named} {verb} no steady pulse: {what} there are not moved."
