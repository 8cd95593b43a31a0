"""Logistic regression with a Gaussian prior, as the Gaussian that fits its posterior at the top.

D. J. C. MacKay, "The evidence framework applied to classification networks", Neural Computation 4 (1992).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.review.calibration.evidence import Numbers
from engine.review.calibration.products import times, weighted_squares

_MOST_STEPS = 50
_NEAR_ENOUGH = 1e-5  # the step after one so small would be some 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Prior of the weights: independent and normal.

    Attributes
    ----------
    means, deviations : shape (d,)
    """

    means: Numbers
    deviations: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Posterior of the weights.

    Attributes
    ----------
    means : shape (d,)
    covariance : shape (d, d)
    """

    means: Numbers
    covariance: Numbers

    def log_odds(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Return the log odds of rows, shape (n, d), and their variances, each of shape (n,)."""
        spread: Numbers = np.asarray((times(rows, self.covariance) * rows).sum(axis=1), np.float64)
        return _dot(rows, self.means), spread

    def chances(self, rows: Numbers) -> Numbers:
        """Return the probability that each row, shape (n, d), is accepted; uncertainty pulls it towards 0.5.

        The mean of the logistic over a normal distribution, by MacKay's approximation.
        """
        means, variances = self.log_odds(rows)
        return logistic(means / np.sqrt(1.0 + np.pi * variances / 8.0))


def logistic(log_odds: Numbers) -> Numbers:
    """Return log odds as chances."""
    chances: Numbers = 0.5 * (1.0 + np.tanh(0.5 * log_odds))
    return chances


def posterior(rows: Numbers, answers: NDArray[np.bool_], prior: Prior) -> Posterior:
    """Fit rows, shape (n, d), to their answers, shape (n,); without rows, return the prior.

    Newton steps on a concave function, each halved until it rises, so that the maximum is always found.
    """
    precision = 1.0 / prior.deviations**2
    weights = prior.means.copy()
    signs = np.where(answers, 1.0, -1.0)

    def height(candidate: Numbers) -> float:
        moved = candidate - prior.means
        return float(-np.logaddexp(0.0, -signs * _dot(rows, candidate)).sum() - 0.5 * precision @ moved**2)

    here = height(weights)
    for _ in range(_MOST_STEPS):
        missed = answers - logistic(_dot(rows, weights))
        slope = (rows * missed[:, None]).sum(axis=0) - precision * (weights - prior.means)
        step = np.linalg.solve(_curvature(rows, weights, precision), slope)
        there = height(weights + step)
        while there < here and np.abs(step).max() > _NEAR_ENOUGH:
            step *= 0.5
            there = height(weights + step)
        weights, here = weights + step, there
        if np.abs(step).max() <= _NEAR_ENOUGH:
            break
    return Posterior(weights, np.asarray(np.linalg.inv(_curvature(rows, weights, precision)), np.float64))


def _curvature(rows: Numbers, weights: Numbers, precision: Numbers) -> Numbers:
    chances = logistic(_dot(rows, weights))
    found: Numbers = weighted_squares(rows, chances * (1.0 - chances)) + np.diag(precision)
    return found


def _dot(rows: Numbers, weights: Numbers) -> Numbers:
    return np.asarray(times(rows, weights[:, None])[:, 0], np.float64)
