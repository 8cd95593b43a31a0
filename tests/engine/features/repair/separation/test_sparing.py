"""Masks of speech raised where they would take more of it than of the noise."""

from __future__ import annotations

import numpy as np
import pytest

from engine.features.repair.separation.sparing import raised

FRAMES, BINS = 400, 64
SPOKEN, PAUSE = slice(100, 200), slice(260, 360)


def recorded(above_db: float) -> tuple[np.ndarray, np.ndarray]:
    """Return shares of speech, half of which a separator missed, and the power of speech over noise."""
    rng = np.random.default_rng(3)
    power = rng.exponential(1.0, (FRAMES, BINS)).astype(np.float32)
    power[SPOKEN] += np.float32(10.0 ** (above_db / 10.0))
    shares = np.zeros((FRAMES, BINS), np.float32)
    shares[SPOKEN] = 0.5
    return shares, power


def test_clear_speech_stays_and_pauses_are_lowered() -> None:
    shares, power = recorded(30.0)
    found = raised(shares, power)
    assert found[SPOKEN].min() > 0.9
    assert found[PAUSE].max() == 0.0


def test_speech_below_the_noise_is_as_the_separator_says() -> None:
    shares, power = recorded(0.0)
    np.testing.assert_array_equal(raised(shares, power)[SPOKEN], shares[SPOKEN])


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_recording_without_pauses_or_sound_has_shares(level: float) -> None:
    shares = np.full((FRAMES, BINS), 0.7, np.float32)
    found = raised(shares, np.full((FRAMES, BINS), level, np.float32))
    assert np.isfinite(found).all()
    assert found.min() >= 0.7 - 1e-6
    assert found.max() <= 1.0
