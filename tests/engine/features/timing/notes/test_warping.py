"""The path from one take to another: where it goes, and where it is not sure."""

from __future__ import annotations

import numpy as np
import pytest

from engine.features.timing.notes.warping import _FROM, _STEP, _path, find_warping
from tests.engine.features.timing.notes.plucked import RATE_HZ, reading
from tests.engine.features.timing.notes.spoken import around, starts, take, words


def test_syllables_are_where_the_other_take_has_them_over_several_passages() -> None:
    lead = starts(200, 1)
    double = around(lead, 0.05, 2)
    sounds = [take(words(200, 3), times, tilt, 4) for times, tilt in ((double, 0.0), (lead, -0.5))]
    length = max(map(len, sounds))
    assert length > 61 * RATE_HZ

    found = find_warping(reading(sounds[0]), reading(sounds[1]), length, RATE_HZ, 120.0)

    off_ms = (found.lags_at(double * RATE_HZ) / RATE_HZ - (lead - double)) * 1000
    assert np.median(np.abs(off_ms)) < 3.0
    assert np.quantile(np.abs(off_ms), 0.95) < 15.0
    assert np.quantile(found.alike_at(double * RATE_HZ), 0.05) > 0.6


def test_other_words_are_not_alike() -> None:
    own_s = starts(60, 1)
    own, other = take(words(60, 5), own_s, 0.0, 5), take(words(60, 6), starts(60, 2) * 0.9, 0.0, 6)

    found = find_warping(reading(own), reading(other), len(own), RATE_HZ, 120.0)

    assert np.median(found.alike_at(own_s * RATE_HZ)) < 0.35


@pytest.mark.parametrize("length", [0, 1, 500, RATE_HZ])
def test_silence_is_not_alike(length: int) -> None:
    silent = reading(np.zeros(length, np.float32))

    found = find_warping(silent, silent, length, RATE_HZ, 120.0)

    assert np.all(found.alike_at(np.array([0.0, length])) == 0.0)
    assert np.all(np.isfinite(found.lags_samples))


def test_the_path_is_the_cheapest_of_all() -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        costs = rng.uniform(0.0, 1.0, (6, 3)).astype(np.float32)
        ways = np.array(np.meshgrid(*[range(3)] * 6)).reshape(6, -1).T
        ways = ways[np.abs(np.diff(ways, axis=1)).max(axis=1) <= np.abs(_FROM).max()]
        total = costs[np.arange(6), ways].sum(axis=1) + _STEP * np.abs(np.diff(ways, axis=1)).sum(axis=1)
        assert np.array_equal(_path(costs), ways[total.argmin()])
