"""Crossfades keep the level of what they join."""

from __future__ import annotations

import numpy as np
import pytest

from engine.sound.edl.crossfade import (
    Curve,
    at_constant_level,
    choose_curve,
    correlation,
    crossfade,
    fade_in_gains,
)

N = 4096


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64))))


def correlated_pair(rng: np.random.Generator, r: float) -> tuple[np.ndarray, np.ndarray]:
    shared, own = rng.standard_normal((2, N, 2))
    return shared, r * shared + np.sqrt(1 - r * r) * own


def test_equal_pieces_pass_unchanged() -> None:
    tone = np.sin(np.arange(N) * 0.1)[:, np.newaxis]
    assert choose_curve(tone, tone) is Curve.EQUAL_GAIN
    np.testing.assert_allclose(crossfade(tone, tone), tone, atol=1e-12)


def test_unrelated_pieces_keep_their_power(rng: np.random.Generator) -> None:
    left, right = rng.standard_normal((2, N, 2))
    assert choose_curve(left, right) is Curve.EQUAL_POWER
    faded = crossfade(left, right)
    for part in np.array_split(faded, 4):
        assert abs(level_db(part)) < 0.5


@pytest.mark.parametrize("r", [0.0, 0.2, 0.4, 0.43, 0.6, 0.8, 1.0])
def test_no_seam_is_off_by_more_than_the_documented_level(rng: np.random.Generator, r: float) -> None:
    left, right = correlated_pair(rng, r)
    middle = crossfade(left, right)[N // 2 - 200 : N // 2 + 200]
    around = np.concatenate([left, right])[N - 600 : N + 600]
    assert abs(level_db(middle) - level_db(around)) < 1.51 + 0.6  # and what 800 samples of noise vary


@pytest.mark.parametrize("r", [-0.5, 0.0, 0.4, 0.8, 1.0])
def test_level_is_constant_at_any_correlation(rng: np.random.Generator, r: float) -> None:
    left, right = correlated_pair(rng, r)
    for part in np.array_split(at_constant_level(left, right), 4):
        assert abs(level_db(part)) < 0.6


@pytest.mark.parametrize("curve", list(Curve))
@pytest.mark.parametrize("length", [0, 1, 2, 7, 960])
def test_gains_mirror_each_other(curve: Curve, length: int) -> None:
    gains = fade_in_gains(curve, length)
    assert gains.shape == (length, 1)
    total = gains + gains[::-1] if curve is Curve.EQUAL_GAIN else gains**2 + gains[::-1] ** 2
    np.testing.assert_allclose(total, 1.0, atol=1e-12)


@pytest.mark.parametrize("odd", [0.0, np.nan, np.inf, 1e300])
def test_silence_and_broken_samples_count_as_unrelated(odd: float) -> None:
    piece = np.full((16, 1), 0.5)
    assert correlation(piece, np.full((16, 1), odd)) == 0.0


def test_opposite_pieces_have_correlation_minus_one(rng: np.random.Generator) -> None:
    piece = rng.standard_normal((64, 2)).astype(np.float32)
    assert correlation(piece, -piece) == pytest.approx(-1.0)
    assert choose_curve(piece, -piece) is Curve.EQUAL_POWER
