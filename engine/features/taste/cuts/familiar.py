"""Passages that the user keeps: nothing like them is a fault, or unfamiliar, from then on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.core.spans import Samples, inside, united
from engine.document.analysis import ScoreCurve
from engine.features.taste.anomaly.metrics import smoothed
from engine.features.taste.anomaly.threshold import HIGHEST_LIMIT, SMOOTHING_S

_HIGH = 0.99
"""This share of a passage is below the limits afterwards."""


def with_familiar(curve: ScoreCurve, passages: Samples, rate_hz: int) -> ScoreCurve:
    """Return a curve with limits as high as the scores in passages [start, stop), shape (k, 2), or higher.

    Faults that rules find stay faults.
    """
    ruled = np.concatenate([curve.false_starts_samples[:, :2], curve.faults_samples])
    times = curve.times_samples
    here = inside(times, passages) & ~inside(times, united(ruled))
    if np.count_nonzero(here) < 2:
        return curve
    hop = float(np.median(np.diff(times))) / rate_hz
    width = max(1, round(SMOOTHING_S / 2.0 / hop))
    limit = float(np.quantile(smoothed(curve.scores, width)[here], _HIGH))
    limits = curve.part_limits
    if len(limits):
        parts = [np.quantile(smoothed(one, width)[here], _HIGH) for one in curve.parts.T]
        limits = np.maximum(limits, np.array(parts, np.float32))
    return replace(curve, limit=min(max(curve.limit, limit), HIGHEST_LIMIT), part_limits=limits)
