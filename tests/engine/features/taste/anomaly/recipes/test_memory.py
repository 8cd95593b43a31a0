"""The memory of kept vectors against its definitions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.features.taste.anomaly.recipes.memory import Memory, distances, held_out, remember


def vectors(count: int, seed: int = 0, size: int = 6) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((count, size)).astype(np.float32)


def test_distances_are_those_between_rows() -> None:
    some, others = vectors(7), vectors(5, seed=1)
    plain = [[np.linalg.norm(one - other) for other in others] for one in some]
    np.testing.assert_allclose(distances(some, others), plain, atol=1e-4)


def test_the_nearest_distance_counts_in_neighbourhoods_and_the_residual_is_what_components_leave() -> None:
    mixing = vectors(6, seed=3)  # few directions hold most of it
    mixing[2:] *= 0.1
    every = [vectors(30) @ mixing, vectors(25, seed=1) @ mixing]
    memory, given = remember(every, apart=3), vectors(4, seed=2)
    joined = np.concatenate(every)
    standard = (joined - joined.mean(axis=0)) / joined.std(axis=0)
    asked = (given - joined.mean(axis=0)) / joined.std(axis=0)
    at = np.concatenate([np.arange(30), 1_000 + np.arange(25)])
    radii = [
        np.sort([np.linalg.norm(standard[k] - standard[j]) for j in range(55) if abs(at[k] - at[j]) >= 3])[
            :10
        ]
        for k in range(55)
    ]
    ratios = [
        np.sort([np.linalg.norm(one - standard[k]) / radii[k][:10].mean() for k in range(55)])[:3].mean()
        for one in asked
    ]
    np.testing.assert_allclose(memory.log_nearest(given), np.log(ratios), atol=5e-3)
    variances, axes = np.linalg.eigh(np.cov(standard.T))
    count = int(np.searchsorted(np.cumsum(variances[::-1]) / variances.sum(), 0.9)) + 1
    left = asked @ axes[:, : len(variances) - count]
    np.testing.assert_allclose(memory.log_residual(given), np.log(np.linalg.norm(left, axis=1)), atol=2e-2)


@pytest.mark.parametrize("count", [1, 127, 129, 300])
def test_measures_equal_their_plain_twins_in_double_precision(count: int) -> None:
    memory = remember([vectors(400, size=90), vectors(350, seed=1, size=90)], apart=3)
    given = vectors(count, seed=2, size=90)
    given[::3] = memory.items[: len(given[::3])] * memory.std + memory.mean  # nearly what was kept
    given[::3] += 1e-3 * vectors(len(given[::3]), seed=4, size=90)
    asked = ((given - memory.mean) / memory.std).astype(np.float64)
    apart = np.linalg.norm(asked[:, None] - memory.items[None], axis=2)
    nearest = np.sort(apart / memory.radii, axis=1)[:, :3].mean(axis=1)
    np.testing.assert_allclose(memory.log_nearest(given), np.log(nearest + 1e-3), atol=2e-5)
    np.testing.assert_allclose(distances(asked.astype(np.float32), memory.items), apart, atol=5e-3)
    axes = memory.axes.astype(np.float64)
    left = np.linalg.norm(asked - asked @ axes.T @ axes, axis=1)
    np.testing.assert_allclose(memory.log_residual(given), np.log(left + 1e-3), atol=1e-5)
    alone = np.concatenate([memory.log_nearest(one[None]) for one in given])
    np.testing.assert_allclose(alone, memory.log_nearest(given), atol=2e-5)


def test_each_recording_is_held_against_the_others_and_one_alone_block_by_block() -> None:
    every = [vectors(20), vectors(30, seed=1), vectors(25, seed=2)]
    plain = [
        remember([one for j, one in enumerate(every) if j != k], 2).log_nearest(fold)
        for k, fold in enumerate(every)
    ]
    for found, expected in zip(held_out(every, 2, Memory.log_nearest), plain, strict=True):
        np.testing.assert_array_equal(found, expected)
    blocks = np.array_split(every[1], 4)
    plain = [remember([*blocks[:k], *blocks[k + 1 :]], 2).log_nearest(fold) for k, fold in enumerate(blocks)]
    (found,) = held_out(every[1:2], 2, Memory.log_nearest)
    np.testing.assert_array_equal(found, np.concatenate(plain))
