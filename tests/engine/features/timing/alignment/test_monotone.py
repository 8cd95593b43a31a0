"""The dynamic programme of placement against plain enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from engine.features.timing.alignment.decoder import Costs, decode


def _costs(strokes: int, columns: int, seed: int) -> Costs:
    rng = np.random.default_rng(seed)
    middle = np.cumsum(rng.integers(0, 3, strokes))
    lines = middle[:, None] + np.arange(columns) - columns // 2
    lines[(lines < 0) | (lines > middle.max())] = -1
    sharing = rng.uniform(0.0, 3.0, (strokes, columns, columns))
    sharing[rng.random(strokes) < 0.5] = np.inf
    return Costs(
        lines=lines,
        first=rng.uniform(0.0, 4.0, (strokes, columns)),
        following=rng.uniform(0.0, 4.0, (strokes, columns, columns)),
        sharing=sharing,
        none=rng.uniform(1.0, 4.0, strokes),
    )


def _cost(costs: Costs, choices: tuple[int, ...]) -> float:
    """Add up what one way costs, as the definitions say."""
    total, last = 0.0, -1
    for stroke, choice in enumerate(choices):
        if choice < 0:
            total += costs.none[stroke]
            continue
        line, before = costs.lines[stroke, choice], choices[stroke - 1] if stroke else -1
        if line < 0 or line < last or (line == last and before < 0):
            return np.inf
        if before < 0:
            total += costs.first[stroke, choice]
        elif line == last:
            total += costs.sharing[stroke, before, choice]
        else:
            total += costs.following[stroke, before, choice]
        last = line
    return total


@pytest.mark.parametrize("seed", range(8))
def test_the_cheapest_way_is_that_of_enumeration(seed: int) -> None:
    costs = _costs(5, 3, seed)
    ways = list(product(range(-1, 3), repeat=5))
    totals = np.array([_cost(costs, way) for way in ways])

    decoded = decode(costs)

    assert tuple(decoded.choices) == ways[int(totals.argmin())]


@pytest.mark.parametrize("seed", range(4))
def test_the_posterior_is_that_of_enumeration(seed: int) -> None:
    costs = _costs(4, 3, seed)
    ways = list(product(range(-1, 3), repeat=4))
    weights = np.exp(-np.array([_cost(costs, way) for way in ways]))
    expected = np.zeros((4, 4))
    for way, weight in zip(ways, weights, strict=True):
        expected[np.arange(4), np.array(way)] += weight

    decoded = decode(costs)

    np.testing.assert_allclose(decoded.posterior, expected / weights.sum(), atol=1e-9)


def test_no_strokes_are_no_choices() -> None:
    costs = _costs(3, 3, 0)
    empty = Costs(costs.lines[:0], costs.first[:0], costs.following[:0], costs.sharing[:0], costs.none[:0])

    assert len(decode(empty).choices) == 0
