"""The score curve made smooth and even, so that thresholds, areas and peaks are plain array work."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.spans import Samples, inside
from engine.document.analysis import ScoreCurve
from engine.features.taste.anomaly.threshold import SMOOTHING_S

Numbers = NDArray[np.float64]

CELL_S = 0.1
"""Below the hop of any recipe, and finer than a user places a cut before it snaps."""

OPTIMISED_SMOOTHING_S = 1.0
"""The same for cuts of a target length, whose search weighs the gains of single segments itself."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreProfile:
    """The smoothed score over equal cells that tile the recording.

    Attributes
    ----------
    scores : shape (n,), one per cell
    edges_samples : int64, shape (n + 1,), where the cells begin and end
    area : shape (n + 1,), score times samples from the start of the recording to each cell edge
    """

    scores: Numbers
    edges_samples: Samples
    area: Numbers

    @property
    def length_samples(self) -> int:
        """The end of the last cell."""
        return int(self.edges_samples[-1])

    def areas(self, starts: Samples, stops: Samples) -> Numbers:
        """Return score times samples over spans, shape (k,)."""
        ends = np.stack([starts, stops])
        upto: Numbers = np.interp(ends.ravel(), self.edges_samples, self.area).reshape(ends.shape)
        between: Numbers = upto[1] - upto[0]
        return between

    def peaks(self, starts: Samples, stops: Samples) -> tuple[Numbers, Samples]:
        """Return the highest score in each span, shape (k,), and the first cell that has it, shape (k,).

        A cell belongs to a span that holds any part of it.
        """
        first = np.searchsorted(self.edges_samples, starts, side="right") - 1
        last = np.maximum(np.searchsorted(self.edges_samples, stops, side="left"), first + 1)
        cells = [
            a + int(np.argmax(self.scores[a:b])) for a, b in zip(first.tolist(), last.tolist(), strict=True)
        ]
        at = np.array(cells, np.int64)
        return self.scores[at], at


def smooth(
    curve: ScoreCurve,
    *,
    length_samples: int,
    rate_hz: int,
    width_s: float = SMOOTHING_S,
    sharp: Samples | None = None,
) -> ScoreProfile:
    """Smooth a curve of at least one point over a recording of at least one sample.

    Parameters
    ----------
    sharp : spans [start, stop), shape (k, 2), ascending and disjoint, with exact edges; scores inside and
        outside are smoothed separately
    """
    cells = max(1, math.ceil(length_samples / (CELL_S * rate_hz)))
    edges = np.rint(np.linspace(0, length_samples, min(cells, length_samples) + 1)).astype(np.int64)
    known = np.zeros((0, 2), np.int64) if sharp is None else np.clip(sharp, 0, length_samples)
    edges = np.union1d(edges, known.ravel())
    middles = (edges[1:] + edges[:-1]) / 2
    here = inside(middles, known)
    points = inside(curve.times_samples, known)
    scores = np.zeros(len(middles))
    for side in (False, True):
        cells_here, points_here = here == side, points == side
        if not cells_here.any():
            continue
        # Too short a side to hold a point of the curve takes what the curve says around it.
        use = points_here if points_here.any() else np.ones_like(points_here)
        even = np.interp(middles, curve.times_samples[use], curve.scores[use].astype(np.float64))
        scores[cells_here] = _smoothed(even, cells_here, width_s)[cells_here]
    area = np.concatenate([np.zeros(1), np.cumsum(scores * np.diff(edges))])
    return ScoreProfile(scores, edges, area)


def _smoothed(even: Numbers, counts: NDArray[np.bool_], width_s: float) -> Numbers:
    """Return the weighted means of those cells around each that count."""
    half = round(width_s / 2 / CELL_S)
    window = np.bartlett(2 * half + 1)[1:-1]
    weights = np.pad(counts.astype(np.float64), half - 1, mode="edge")
    padded = np.pad(even, half - 1, mode="edge") * weights
    total = np.convolve(weights, window, mode="valid")
    smooth = np.convolve(padded, window, mode="valid") / np.maximum(total, 1e-9)
    # The clip undoes rounding, so that a flat curve stays flat and no score exceeds what was measured.
    clipped: Numbers = np.clip(smooth, even[counts].min(), even[counts].max())
    return clipped
