"""Another recorder of the same performance: how far off it is, and how its clock drifts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.signal.second_recorder import SecondRecorder, match_rises, rises_of

RATE_HZ = 8_000


def performance(seed: int, length_s: float = 90.0) -> NDArray[np.float32]:
    """Return hits at human times, a beat of 0.25 s."""
    rng = np.random.default_rng(seed)
    heard = rng.standard_normal(round(length_s * RATE_HZ)) * 1e-3
    decay = np.exp(-np.arange(800) / 120.0)
    for time_s in np.arange(0.5, length_s - 0.5, 0.25) + rng.normal(
        0.0, 0.012, len(np.arange(0.5, length_s - 0.5, 0.25))
    ):
        if rng.random() < 0.8:
            start = round(time_s * RATE_HZ)
            heard[start : start + 800] += rng.standard_normal(800) * decay * rng.uniform(0.1, 0.6)
    return heard.astype(np.float32)


def by_another_clock(heard: NDArray[np.float32], ppm: float, offset: int) -> NDArray[np.float32]:
    rate = 1.0 + ppm / 1e6
    slower = np.interp(np.arange(int(len(heard) * rate)) / rate, np.arange(len(heard)), heard)
    moved = np.concatenate([np.zeros(offset), slower]) if offset >= 0 else slower[-offset:]
    noise = np.random.default_rng(9).standard_normal(len(moved)) * 3e-3
    return (0.3 * moved + noise).astype(np.float32)


def blocks(heard: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(heard), 10_000):
        yield heard[start : start + 10_000]


def match(near: NDArray[np.float32], far: NDArray[np.float32]) -> SecondRecorder | None:
    return match_rises(rises_of(blocks(near), RATE_HZ), rises_of(blocks(far), RATE_HZ), RATE_HZ)


@pytest.mark.parametrize(("ppm", "offset"), [(0.0, 0), (40.0, 12_345), (-120.0, -30_000), (300.0, 100)])
def test_offset_and_drift_are_found(ppm: float, offset: int) -> None:
    heard = performance(1)
    found = match(heard, by_another_clock(heard, ppm, offset))
    assert found is not None
    assert abs(found.offset_samples - offset) <= 0.001 * RATE_HZ
    assert abs(found.drift_ppm - ppm) <= 5.0  # over 90 s; 2 over five minutes
    assert found.confidence > 0.8


def test_other_performances_do_not_match() -> None:
    """They are in the same tempo, so that their beats coincide somewhere."""
    assert match(performance(1), performance(2)) is None


def test_nothing_to_hear_does_not_match() -> None:
    heard, silence = performance(1, 20.0), np.zeros(20 * RATE_HZ, np.float32)
    assert match(heard, silence) is None
    assert match(silence, silence) is None
    assert match(np.zeros(0, np.float32), heard) is None
    assert match(heard[: 2 * RATE_HZ], heard) is None
    noise = np.random.default_rng(4).standard_normal(len(heard)).astype(np.float32)
    assert match(heard, noise) is None
