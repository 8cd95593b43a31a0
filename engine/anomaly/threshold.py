"""Threshold of anomalies, from the scores of injected faults and from those of the recording.

One fixed score cuts a fifth of a clean take that is played a little unlike the training data, and one
percentile cuts as much of a clean take as of a ruined one. Hardly any moment scores between the music of a
recording and its unusable parts, wherever exactly that gap is: so the threshold is its emptiest place near
the score that separates training audio from injected faults. It is the valley of a histogram, as between the
two modes of a picture's brightness (J. M. S. Prewitt and M. L. Mendelsohn, "The analysis of cell images",
Annals of the New York Academy of Sciences 128, 1966).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

USUAL_LIMIT = 1.9
"""The standard score at which anomalies begin, for a taste without its own."""

LEAST_LIMIT = 0.8
_FALSE_ALARMS_COUNT = 3.0
_LOWEST, _HIGHEST = 0.65, 1.5
_CANDIDATES = 29
_WIDTH = 0.2
"""A place is as empty as this share of the limit to both sides of it: a gap that is narrower is chance."""

_LINEAR_Z = 3.0


def to_scores(standard: Numbers) -> Numbers:
    """Return scores from 0 to 1 of standard scores, shape (n,); the mean of the training data is 0.5.

    Far from the mean they follow a logarithm, since a plain logistic function rounds everything past 17
    standard deviations to 1 in float32, and the highest scores would be equal.
    """
    bent = _LINEAR_Z * np.arcsinh(standard / _LINEAR_Z)
    scores: Numbers = 1.0 / (1.0 + np.exp(-bent))
    return scores


def to_standard(scores: Numbers) -> Numbers:
    """Return the standard scores of scores from 0 to 1, shape (n,)."""
    within = np.clip(scores, 1e-9, 1.0 - 1e-9)
    standard: Numbers = _LINEAR_Z * np.sinh(np.log(within / (1.0 - within)) / _LINEAR_Z)
    return standard


def dividing(clean: Numbers, faulty: Numbers) -> float:
    """Return the value that best divides clean moments, shape (n,), from faulty ones, shape (m,).

    A share of clean moments above it counts as three times that share of faulty ones below: the user has to
    play and reject false positives.
    """
    values = np.unique(np.quantile(np.concatenate([clean, faulty]), np.linspace(0.0, 1.0, 401)))
    missed = np.searchsorted(np.sort(faulty), values) / max(1, len(faulty))
    alarms = 1.0 - np.searchsorted(np.sort(clean), values) / max(1, len(clean))
    return float(values[int(np.argmin(missed + _FALSE_ALARMS_COUNT * alarms))])


def automatic(scores: Numbers, limit: float) -> float:
    """Return the threshold for a recording.

    Parameters
    ----------
    scores : of the recording, smoothed, shape (n,)
    limit : the score that separates training data from injected faults
    """
    middle = max(float(to_standard(np.array([limit]))[0]), LEAST_LIMIT)
    places = middle * np.linspace(_LOWEST, _HIGHEST, _CANDIDATES)
    ordered = np.sort(to_standard(scores))
    width = _WIDTH * middle
    near = np.searchsorted(ordered, places + width) - np.searchsorted(ordered, places - width)
    # Of about equally empty places the one nearest to the limit; a hundredth of the moments counts as equal.
    empty = near <= near.min() + 0.01 * len(ordered)
    best = places[empty][int(np.argmin(np.abs(places[empty] - middle)))]
    return float(to_scores(np.array([best]))[0])
