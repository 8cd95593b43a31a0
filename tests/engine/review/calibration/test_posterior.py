"""The regression behind the chances, against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize

from engine.review.calibration import Posterior, Prior, logistic, posterior, times, weighted_squares


def problem(count: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray, Prior]:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, width))
    answers = rng.random(count) < logistic(rows @ rng.normal(size=width))
    return rows, answers, Prior(rng.normal(size=width), rng.uniform(0.2, 2.0, width))


def penalty(weights: np.ndarray, rows: np.ndarray, answers: np.ndarray, prior: Prior) -> float:
    signs = np.where(answers, 1.0, -1.0)
    misfit = np.log1p(np.exp(-signs * (rows @ weights))).sum()
    return float(misfit + 0.5 * (((weights - prior.means) / prior.deviations) ** 2).sum())


@pytest.mark.parametrize(("count", "width"), [(1, 1), (5, 4), (60, 6), (300, 20)])
def test_the_top_is_found(count: int, width: int) -> None:
    rows, answers, prior = problem(count, width, count)
    found = posterior(rows, answers, prior)
    best = optimize.minimize(penalty, prior.means, (rows, answers, prior), tol=1e-10)
    np.testing.assert_allclose(found.means, best.x, atol=1e-3)
    slow = np.diag(1 / prior.deviations**2)
    for row in rows:
        chance = logistic(row @ found.means)
        slow = slow + chance * (1 - chance) * np.outer(row, row)
    np.testing.assert_allclose(found.covariance @ slow, np.eye(width), atol=1e-8)


def test_without_answers_the_prior_stays() -> None:
    prior = Prior(np.array([0.5, -1.0]), np.array([1.0, 2.0]))
    found = posterior(np.zeros((0, 2)), np.zeros(0, bool), prior)
    np.testing.assert_array_equal(found.means, prior.means)
    np.testing.assert_allclose(found.covariance, np.diag([1.0, 4.0]))


def test_certain_answers_do_not_run_away() -> None:
    rows = np.array([[1.0], [1.0], [-1.0]] * 200) * 30.0
    found = posterior(rows, rows[:, 0] > 0, Prior(np.zeros(1), np.array([5.0])))
    assert np.isfinite(found.means).all()
    assert 0.0 < found.means[0] < 20.0


@pytest.mark.parametrize("mean", [-3.0, 0.0, 0.7, 2.5])
@pytest.mark.parametrize("variance", [0.01, 1.0, 6.0])
def test_a_chance_is_the_mean_over_what_is_not_known(mean: float, variance: float) -> None:
    known = Posterior(np.array([mean]), np.array([[variance]]))
    deviation = np.sqrt(variance)

    def weighted(x: float) -> float:
        density = np.exp(-0.5 * ((x - mean) / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi))
        return float(density * logistic(np.array(x)))

    exact = integrate.quad(weighted, mean - 9 * deviation, mean + 9 * deviation)[0]
    # The approximation is MacKay's; its worst error over all means and variances is about 0.02.
    assert known.chances(np.ones((1, 1)))[0] == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("count", [0, 1, 95, 96, 97, 500])
def test_products_are_those_of_plain_numpy(count: int) -> None:
    rng = np.random.default_rng(count)
    rows, matrix, weights = rng.normal(size=(count, 7)), rng.normal(size=(7, 3)), rng.random(count)
    np.testing.assert_allclose(times(rows, matrix), rows @ matrix, atol=1e-12)
    np.testing.assert_allclose(weighted_squares(rows, weights), rows.T @ np.diag(weights) @ rows, atol=1e-12)
