"""Ways of breaking off: they fill a fault, pause inside it, and end as they say."""

from __future__ import annotations

import numpy as np
import pytest

from engine.features.taste.anomaly.planting import Material, active_rms
from engine.features.taste.anomaly.practice_kinds import (
    FALSE_STARTS,
    PRACTICE_MAKERS,
    WAYS,
    coloured_noise,
    counted_in,
    dropping_out,
    made_up_clips,
    quiet_room,
    ringing,
    stopped,
    talked_over,
)
from engine.features.taste.anomaly.recipes.own_faults.practice import PART_OF_KIND

RATE_HZ = 16_000


@pytest.fixture
def material() -> Material:
    rng = np.random.default_rng(3)
    music = (0.2 * rng.standard_normal((60 * RATE_HZ, 2))).astype(np.float32)
    return Material(music, RATE_HZ, made_up_clips(RATE_HZ, rng))


@pytest.mark.parametrize("way", FALSE_STARTS)
@pytest.mark.parametrize("length_s", [2.0, 9.0, 20.0])
def test_a_way_fills_its_fault_and_repeats_for_its_seed(
    material: Material, way: str, length_s: float
) -> None:
    length = round(length_s * RATE_HZ)
    made, again = (
        FALSE_STARTS[way](material, 5 * RATE_HZ, length, np.random.default_rng(4)) for _ in range(2)
    )
    np.testing.assert_array_equal(made, again)
    assert made.shape[1] == 2
    assert len(made) >= length
    assert made.dtype == np.float32
    assert np.isfinite(made).all()


@pytest.mark.parametrize("way", ["broken_off", "rings_out", "drops_out", "trails_off"])
def test_there_is_a_pause_in_every_fault(material: Material, way: str) -> None:
    for seed in range(8):
        made = FALSE_STARTS[way](material, 0, 12 * RATE_HZ, np.random.default_rng(seed))[: 12 * RATE_HZ]
        level = np.sqrt(np.square(made).mean(axis=1).reshape(-1, RATE_HZ // 10).mean(axis=1))
        quiet = level < 0.03 * active_rms(material.clean, RATE_HZ)
        assert np.convolve(quiet, np.ones(3), "valid").max() == 3.0


def test_endings_end(material: Material) -> None:
    attempt = material.passage(3 * RATE_HZ, np.random.default_rng(5))
    rng = np.random.default_rng(6)
    assert abs(stopped(material, attempt, rng)[-1]).max() < 1e-3
    ring = ringing(material, attempt, rng)[len(attempt) :]
    halves = [float(np.abs(half).mean()) for half in np.array_split(ring, 4)]
    assert halves[0] > halves[1] > halves[3]
    dropped = dropping_out(material, attempt, rng)
    assert np.abs(dropped[-2000:]).mean() < np.abs(attempt[-2000:]).mean()
    np.testing.assert_array_equal(dropped[1000 : len(attempt) // 3], attempt[1000 : len(attempt) // 3])


def test_pauses_are_quiet_and_say_what_they_should(material: Material) -> None:
    rng = np.random.default_rng(7)
    music = active_rms(material.clean, RATE_HZ)
    for _ in range(10):
        assert np.sqrt(np.square(quiet_room(material, RATE_HZ, rng)).mean()) < 0.02 * music
        assert np.abs(talked_over(material, 2 * RATE_HZ, rng)).max() > 0.05 * music
        assert np.abs(counted_in(material, 3 * RATE_HZ, rng)).max() > 0.2 * music


def test_coloured_noise_has_unit_power_and_falls() -> None:
    for seed in range(5):
        noise = coloured_noise(1 << 15, RATE_HZ, np.random.default_rng(seed))
        assert np.square(noise).mean() == pytest.approx(1.0, abs=1e-3)
        power = np.square(np.abs(np.fft.rfft(noise)))
        low, high = power[200:2000].mean(), power[10_000:].mean()
        assert low > 0.8 * high


def test_every_kind_that_is_practised_on_belongs_to_a_part() -> None:
    assert set(PRACTICE_MAKERS) <= set(PART_OF_KIND)
    assert set(PRACTICE_MAKERS) >= WAYS
