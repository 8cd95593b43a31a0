"""The cheapest way equals the best of all ways, tried one after another."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.signal.viterbi import cheapest_way, stay_or_jump, traced

Costs = NDArray[np.float64]


def cost_of(way: tuple[int, ...], own: list[Costs], moves: list[Costs]) -> float:
    return sum(costs[state] for costs, state in zip(own, way, strict=True)) + sum(
        move[one, other] for move, one, other in zip(moves, way[:-1], way[1:], strict=True)
    )


@pytest.mark.parametrize("seed", range(8))
def test_no_way_is_cheaper(seed: int) -> None:
    rng = np.random.default_rng(seed)
    states = rng.integers(1, 5, 5).tolist()
    own = [rng.random(count) for count in states]
    moves = [rng.random(shape) for shape in pairwise(states)]
    all_ways = product(*(range(count) for count in states))
    assert tuple(cheapest_way(own, moves)) == min(all_ways, key=lambda way: cost_of(way, own, moves))


def test_a_single_step_needs_no_moves() -> None:
    np.testing.assert_array_equal(cheapest_way([np.array([2.0, 1.0, 1.0])], []), [1])


def test_forbidden_states_and_moves_are_avoided() -> None:
    own = [np.array([0.0, 5.0]), np.array([np.inf, 0.0]), np.array([0.0, 9.0])]
    moves = [np.array([[0.0, np.inf], [0.0, 0.0]]), np.zeros((2, 2))]
    np.testing.assert_array_equal(cheapest_way(own, moves), [1, 1, 0])


def test_ties_go_to_the_lowest_number_or_to_the_state_before() -> None:
    own = [np.array([0.0, 0.0]), np.array([1.0, 0.0])]
    moves = [np.zeros((2, 2))]
    np.testing.assert_array_equal(cheapest_way(own, moves), [0, 1])
    np.testing.assert_array_equal(cheapest_way(own, moves, prefers_staying=True), [1, 1])


@pytest.mark.parametrize("seed", range(8))
def test_jumps_equal_moves_that_all_have_one_price(seed: int) -> None:
    gains, price = np.random.default_rng(seed).random((7, 4)), 0.4
    came_from, totals = stay_or_jump(np.zeros(4), np.arange(4), gains, price)
    found = traced(came_from, int(totals.argmax()))
    moves = np.where(np.eye(4, dtype=bool), 0.0, price)
    way = cheapest_way([*-gains], [moves] * 6)
    np.testing.assert_array_equal(found[1:], way)
    assert totals.max() == pytest.approx(-cost_of(tuple(way), [*-gains], [moves] * 6))


def test_a_new_state_is_entered_at_the_price_and_a_lost_one_is_left() -> None:
    before = np.array([3.0, 0.0])
    came_from, totals = stay_or_jump(before, np.array([1, -1]), np.zeros((1, 2)), 2.0)
    np.testing.assert_array_equal(came_from, [[0, 0]])
    np.testing.assert_array_equal(totals, [1.0, 1.0])
    came_from, totals = stay_or_jump(before, np.array([1, -1]), np.zeros((1, 2)), 4.0)
    np.testing.assert_array_equal(came_from, [[1, 0]])
    np.testing.assert_array_equal(totals, [0.0, -1.0])


def test_a_tie_stays() -> None:
    came_from, totals = stay_or_jump(np.array([2.0, 0.0]), np.arange(2), np.zeros((1, 2)), 2.0)
    np.testing.assert_array_equal(came_from, [[0, 1]])
    np.testing.assert_array_equal(totals, [2.0, 0.0])


def test_a_way_is_traced_back() -> None:
    came_from = np.array([[0, 0, 1], [2, 1, 0]])
    np.testing.assert_array_equal(traced(came_from, 0), [1, 2, 0])
    np.testing.assert_array_equal(traced(came_from[:0], 2), [2])
