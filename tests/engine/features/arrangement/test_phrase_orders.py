"""Orders of phrases with free jumps are the best of all orders, and hold their bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from engine.features.arrangement.rules.learned import PhraseBounds, best_order

PASSES = 3


def chances(rng: np.random.Generator, n: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.float64]]:
    logits = rng.normal(0.0, 1.5, (PASSES, n + 1, n + 1))
    return logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))


def bounds(n: int, **changes: object) -> PhraseBounds:
    plain = PhraseBounds(np.zeros(n, bool), np.zeros(n, bool), np.full(n, 4), most_times=2)
    return replace(plain, **changes)  # type: ignore[arg-type]


def every_order(
    logs: np.ndarray[tuple[int, int, int], np.dtype[np.float64]], n: int, limits: PhraseBounds
) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Yield every order within bounds and its score, plainly."""

    def onward(order: tuple[int, ...], value: float) -> Iterator[tuple[float, tuple[int, ...]]]:
        row = order[-1] if order else n
        passed = min(order.count(row) - 1, PASSES - 1) if order else 0
        for to in range(n + 1):
            is_jump = bool(order) and to not in (row + 1, n)
            if (is_jump or to == n) and order and is_short(order, n, limits):
                continue
            gain = float(logs[passed, row, to]) - limits.jump_price * is_jump
            if to == n:
                if order and all(step in order for step in np.flatnonzero(limits.must)):
                    yield value + gain, order
            elif order.count(to) < limits.most_times and (limits.must[to] or not limits.never[to]):
                yield from onward((*order, to), value + gain)

    yield from onward((), 0.0)


def is_short(order: tuple[int, ...], n: int, limits: PhraseBounds) -> bool:
    block = 0
    for at, step in enumerate(order):
        block = limits.steps[step] + (block if at and step == order[at - 1] + 1 else 0)
    return bool(block < limits.least_steps and order[-1] + 1 < n)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("least", [1, 6])
def test_the_best_order_with_free_jumps_is_that_of_a_plain_search(seed: int, least: int) -> None:
    rng = np.random.default_rng(seed)
    logs = chances(rng, 3)
    must = np.array([False, seed % 2 == 0, seed % 3 == 0])
    never = np.array([seed % 4 == 1, False, False])
    limits = bounds(3, must=must, never=never, least_steps=least, jump_price=0.1 * seed)
    right = max(every_order(logs, 3, limits))
    found = best_order(logs, np.ones(3), limits, width=10_000)
    assert found.score == pytest.approx(right[0])
    assert found.order == right[1]


def test_held_phrases_are_played_however_unlikely_and_cut_ones_are_not() -> None:
    rng = np.random.default_rng(1)
    n = 40
    logs = chances(rng, n)
    logs[:, :, 30] = logs[:, :, 7] = -50.0
    must, never = np.zeros(n, bool), np.zeros(n, bool)
    must[[7, 30]], never[12:20] = True, True
    found = best_order(logs, np.ones(n), bounds(n, must=must, never=never)).order
    assert {7, 30} <= set(found)
    assert not set(range(12, 20)) & set(found)
    assert max(found.count(step) for step in found) <= 2


def test_a_block_from_later_comes_first_where_that_is_likeliest() -> None:
    n = 6
    logs = np.full((PASSES, n + 1, n + 1), -6.0)
    logs[:, np.arange(n), np.arange(1, n + 1)] = -0.1
    logs[0, n, 4], logs[0, 5, 0], logs[0, 5, n], logs[:, 3, n] = -0.1, -0.1, -6.0, -0.05
    assert best_order(logs, np.ones(n), bounds(n)).order == (4, 5, 0, 1, 2, 3)


def test_the_length_asked_for_is_met_within_a_phrase() -> None:
    rng = np.random.default_rng(3)
    n = 30
    logs = chances(rng, n)
    logs[:, np.arange(n), np.arange(1, n + 1)] += 3.0
    for target_s in (10.0, 24.0, 45.0):
        order = best_order(logs, np.full(n, 2.0), bounds(n, target_s=target_s)).order
        assert abs(2.0 * len(order) - target_s) <= 4.0
