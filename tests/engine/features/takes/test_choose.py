"""The way through bars is the cheapest of all; other takes are ranked with their seams."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from engine.features.takes.comp import Run, cheapest, others_for, runs_of

TAKES, BARS = 3, 6


def price_of(path: tuple[int, ...], costs: np.ndarray, seams: np.ndarray) -> float:
    own = sum(costs[take, bar] for bar, take in enumerate(path))
    return own + sum(seams[path[bar - 1], path[bar], bar] for bar in range(1, len(path)))


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    seams = rng.uniform(0.1, 1.0, (TAKES, TAKES, BARS))
    seams[np.eye(TAKES, dtype=bool)] = 0.0
    return rng.exponential(0.5, (TAKES, BARS)), seams


@pytest.mark.parametrize("seed", range(20))
def test_no_way_is_cheaper(seed: int) -> None:
    costs, seams = drawn(seed)
    path = tuple(cheapest(costs, seams).tolist())
    best = min(product(range(TAKES), repeat=BARS), key=lambda way: price_of(way, costs, seams))
    assert price_of(path, costs, seams) == pytest.approx(price_of(best, costs, seams))


def test_a_take_continues_where_nothing_is_gained() -> None:
    seams = np.zeros((TAKES, TAKES, BARS))
    assert cheapest(np.zeros((TAKES, BARS)), seams).tolist() == [0] * BARS


def test_a_fault_is_avoided_where_the_seams_are_cheaper() -> None:
    costs, seams = np.zeros((2, 5)), np.ones((2, 2, 5))
    seams[[0, 1], [0, 1]] = 0.0
    costs[1] = 0.15
    costs[0, 2] = 3.0
    path = cheapest(costs, 0.2 * seams)
    assert path.tolist() == [0, 0, 1, 0, 0]
    assert runs_of(path) == (Run(0, 0, 2), Run(1, 2, 3), Run(0, 3, 5))
    assert cheapest(costs, 10.0 * seams).tolist() == [1] * 5


def test_other_takes_are_ranked_with_their_seams() -> None:
    costs = np.array([[0.0, 2.0, 0.0], [0.0, 0.1, 0.0], [0.0, 0.2, 0.0], [0.0, np.inf, 0.0]])
    seams = np.full((4, 4, 3), 0.1)
    path = np.array([0, 1, 0])
    run = runs_of(path)[1]
    assert others_for(run, path, costs, seams) == (2, 0)
    seams[2, 0, 2] = 3.0
    assert others_for(run, path, costs, seams) == (0, 2)
