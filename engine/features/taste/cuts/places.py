"""Default cuts of recordings without pulse and phrases, such as places: faults differ from the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.core.spans import Samples, inside, united
from engine.document.analysis import ScoreCurve
from engine.features.taste.anomaly.dead_air import SURELY_ODD
from engine.features.taste.anomaly.threshold import HIGHEST_LIMIT, score_of, to_standard

_MOST_FAULTS = 0.75
"""At most this share of a recording is faults: the rest shows how unlike the training data it is."""
_LEAST_LEFT = 0.5


def with_own_level(curve: ScoreCurve) -> ScoreCurve:
    """Return a curve with limits above the usual scores of the recording, if these are above the edits.

    Another day at the same place, or another side of it, sounds different from beginning to end. Faults that
    rules find stay faults.
    """
    usual = 1.0 - _MOST_FAULTS
    standard = to_standard(np.array([curve.limit, float(np.quantile(curve.scores, usual))]))
    limit = min(score_of(float(standard[0] + max(0.0, standard[1]))), HIGHEST_LIMIT)
    is_fault = inside(curve.times_samples, united(curve.faults_samples))
    scores = np.where(is_fault, np.maximum(curve.scores, np.float32(SURELY_ODD)), curve.scores)
    limits = curve.part_limits
    if len(limits):
        limits = (limits + np.maximum(0.0, np.quantile(curve.parts, usual, axis=0))).astype(np.float32)
    return replace(curve, limit=max(curve.limit, limit), scores=scores, part_limits=limits)


def sharpened(spans: Samples, exact: Samples, curve: ScoreCurve) -> Samples:
    """Return spans, shape (n, 2), without the ends where scores rise and fall, since they are blurred.

    A score half-way between those outside and inside is at the edge of a fault.

    Parameters
    ----------
    exact : edges in any shape, which stay
    """
    times, standard = curve.times_samples, to_standard(curve.scores.astype(np.float64))
    first, last = (np.searchsorted(times, spans[:, edge]) for edge in (0, 1))
    outside = np.ones(len(times), bool)
    for start, stop in zip(first.tolist(), last.tolist(), strict=True):
        outside[start:stop] = False
    if not outside.any():
        return spans
    low, found = float(np.median(standard[outside])), spans.copy()
    for row, (start, stop) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        inner = standard[start:stop]
        high = start + np.flatnonzero(inner >= 0.5 * (low + np.median(inner))) if len(inner) else inner
        if len(high) and times[high[-1]] - times[high[0]] > _LEAST_LEFT * (spans[row, 1] - spans[row, 0]):
            found[row] = np.where(np.isin(spans[row], exact), spans[row], times[high[[0, -1]]])
    return found
