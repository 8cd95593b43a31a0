"""The search over rows is compared with one that fills the whole table, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.features.takes.pairs import MOST, Side, search

BENT = 0.35


def slow_scores(
    alike: NDArray[np.float32], first: NDArray[np.int64], most: float = MOST
) -> dict[tuple[int, int], float]:
    """Return of every beginning the best sum of a path, for one rotation; shape (rows, columns)."""
    rows, columns = alike.shape
    cells: dict[tuple[int, int], tuple[float, float, tuple[int, int]]] = {}
    best: dict[tuple[int, int], float] = {}
    for row in range(rows):
        for column in range(int(first[row]), columns):
            came = (0.0, 0.0, (row, column))
            for back, bent in (((1, 1), 0.0), ((1, 2), BENT), ((2, 1), BENT)):
                before = cells.get((row - back[0], column - back[1]))
                if before is not None and before[0] - bent > came[0]:
                    came = (before[0] - bent, before[1] - bent, before[2])
            worth = min(max(came[0] + float(alike[row, column]), 0.0), most)
            total = came[1] + float(alike[row, column])
            cells[row, column] = (worth, total, came[2])
            if worth > 1.0:
                best[came[2]] = max(best.get(came[2], -np.inf), total)
    return best


@pytest.mark.parametrize("seed", range(3))
def test_it_equals_the_plain_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = rng.standard_normal((90, 6)).astype(np.float32)
    frames[50:80] = frames[10:40] + 0.1 * rng.standard_normal((30, 6)).astype(np.float32)
    frames /= np.linalg.norm(frames, axis=1, keepdims=True)
    chance = np.full(90, 0.4, np.float32)
    first = np.minimum(np.arange(90) + 5, 90)
    found = search(Side(frames[None], chance), Side(frames, chance), first, 1.0)
    slow = slow_scores(frames @ frames.T - np.float32(0.4), first)
    fast = {
        (int(cell[1]), int(cell[3])): float(score)
        for cell, score in zip(found.cells, found.scores, strict=True)
    }
    assert fast.keys() == slow.keys()
    assert [fast[key] for key in slow] == pytest.approx(list(slow.values()), abs=1e-3)
    # By chance a path goes on over a frame or two at either end.
    np.testing.assert_allclose(found.cells[found.scores.argmax()], (0, 10, 39, 50, 79), atol=5)


@pytest.mark.parametrize("most", [2.0, MOST])
def test_rotations_are_searched_apart_and_over_breaks(most: float) -> None:
    rng = np.random.default_rng(0)
    frames = rng.standard_normal((120, 6)).astype(np.float32)
    frames[60:100] = np.roll(frames[10:50], 1, axis=1) + 0.1 * rng.standard_normal((40, 6)).astype(np.float32)
    frames /= np.linalg.norm(frames, axis=1, keepdims=True)
    chance = np.full(120, 0.4, np.float32)
    chance[[30, 31, 32, 80, 81]] = 200.0
    first = np.sort(rng.integers(0, 125, 120))
    turned = np.stack([np.roll(frames, turn, axis=1) for turn in (0, 1)])
    found = search(Side(turned, chance), Side(frames, chance), first, 1.0, most=most)
    for turn, rows in enumerate(turned):
        alike = rows @ frames.T - 0.5 * (chance[:, None] + chance)
        slow = slow_scores(alike, first, most)
        own = found.cells[:, 0] == turn
        fast = {
            (int(cell[1]), int(cell[3])): float(score)
            for cell, score in zip(found.cells[own], found.scores[own], strict=True)
        }
        assert fast.keys() == slow.keys()
        assert [fast[key] for key in slow] == pytest.approx(list(slow.values()), abs=1e-3)


def test_rows_that_nothing_may_be_compared_with_find_nothing() -> None:
    frames = np.ones((8, 2), np.float32)
    side = Side(frames, np.zeros(8, np.float32))
    assert not len(search(Side(frames[None], side.chance), side, np.full(8, 8), 0.5).scores)
