"""Scores from 0 to 1 of standard scores, and their smoothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.features.taste.anomaly.metrics import smoothed

Numbers = NDArray[np.float64]

USUAL_LIMIT = 1.9
"""The standard score at which anomalies begin, for a taste without its own."""

HIGHEST_LIMIT = 0.975
"""Dead air scores more, and false starts are raised above: a limit never keeps them."""

SMOOTHING_S = 2.0
"""Width of the triangular window over scores before cuts are found in them. Shorter lets single segments cut,
longer blurs a dropped bar away.
"""

_LINEAR_Z = 3.0


def to_scores(standard: Numbers) -> Numbers:
    """Return scores from 0 to 1 of standard scores, shape (n,); the mean of the training data is 0.5.

    Far from the mean they follow a logarithm, since a plain logistic function rounds everything past 17
    standard deviations to 1 in float32, and the highest scores would be equal.
    """
    bent = _LINEAR_Z * np.arcsinh(standard / _LINEAR_Z)
    scores: Numbers = 1.0 / (1.0 + np.exp(-bent))
    return scores


def score_of(standard: float) -> float:
    """Return the score of one standard score."""
    return float(to_scores(np.array([standard]))[0])


def to_standard(scores: Numbers) -> Numbers:
    """Return the standard scores of scores from 0 to 1, shape (n,)."""
    within = np.clip(scores, 1e-9, 1.0 - 1e-9)
    standard: Numbers = _LINEAR_Z * np.sinh(np.log(within / (1.0 - within)) / _LINEAR_Z)
    return standard


def as_cuts_see(scores: Numbers, hop_s: float) -> Numbers:
    """Return scores or parts of them, shape (n, k), smoothed as they are before cuts are found in them.

    Two moving means over half the width of a triangle are the triangle.
    """
    half_s = SMOOTHING_S / 2.0
    return moving_means(moving_means(scores, half_s, hop_s), half_s, hop_s)


def moving_means(scores: Numbers, length_s: float, hop_s: float) -> Numbers:
    """Return the moving mean of each column, shape (n, k), over about `length_s`."""
    if not len(scores):
        return scores
    width = 1 + 2 * round((length_s / hop_s - 1.0) / 2.0) if hop_s < length_s else 1
    return np.column_stack([smoothed(one, width) for one in scores.T])
