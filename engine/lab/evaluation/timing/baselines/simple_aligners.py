"""The simplest ways of alignment: leave all as it is, or bring each hit to the line that is nearest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Hits
from engine.features.timing.alignment.lines import Lines, Placement


def as_it_is(hits: Hits, lines: Lines) -> Placement:
    """Leave all hits where they are."""
    return _to(hits, lines, hits.onsets_samples.astype(np.float64))


def to_nearest_line(hits: Hits, lines: Lines) -> Placement:
    """Move each hit to its nearest line, without regard to simultaneous hits."""
    return _to(hits, lines, lines.positions_samples[nearest_lines(hits.onsets_samples, lines)])


def nearest_lines(positions_samples: NDArray[np.float64], lines: Lines) -> NDArray[np.int64]:
    """Return the line nearest to each position, shape (n,)."""
    halves = (lines.positions_samples[1:] + lines.positions_samples[:-1]) / 2.0
    found: NDArray[np.int64] = np.searchsorted(halves, positions_samples)
    return found


def _to(hits: Hits, lines: Lines, targets_samples: NDArray[np.float64]) -> Placement:
    count = len(hits.onsets_samples)
    return Placement(
        lines=nearest_lines(targets_samples, lines),
        targets_samples=targets_samples,
        flams_samples=np.full(count, np.nan),
        confidences=np.ones(count),
    )
