"""Planted faults: the music around them is untouched, and neither clicks nor loudness give them away."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.features.taste.anomaly.planting import KINDS, Planted, active_rms, plant, stretched
from tests.engine.conftest import RATE_HZ, music

CLIPS = {
    kind: [np.random.default_rng(seed).standard_normal(RATE_HZ).astype(np.float32) for seed in (1, 2)]
    for kind in ("talk", "noise")
}


@pytest.fixture(scope="module")
def clean() -> NDArray[np.float32]:
    left = music(60.0)
    return np.stack([left, 0.8 * np.roll(left, 40)], axis=1)


def planted(clean: NDArray[np.float32], kinds: tuple[str, ...], share: float = 0.3, seed: int = 5) -> Planted:
    return plant(clean, RATE_HZ, kinds, share, np.random.default_rng(seed), CLIPS)


def in_faults(result: Planted) -> NDArray[np.bool_]:
    inside = np.zeros(len(result.audio), bool)
    for fault in result.faults:
        inside[fault.start_samples : fault.stop_samples] = True
    return inside


@pytest.mark.parametrize("kind", KINDS)
def test_cutting_the_faults_gives_the_clean_music_back(kind: str, clean: NDArray[np.float32]) -> None:
    result = planted(clean, (kind,))
    assert result.audio.dtype == np.float32
    assert np.isfinite(result.audio).all()
    np.testing.assert_array_equal(result.audio[~in_faults(result)], clean)
    assert in_faults(result).mean() == pytest.approx(0.3, abs=1e-4)
    assert {fault.kind for fault in result.faults} == {kind}


@pytest.mark.parametrize("kind", KINDS)
def test_neither_level_nor_seams_give_a_fault_away(kind: str, clean: NDArray[np.float32]) -> None:
    result = planted(clean, (kind,))
    usual = active_rms(clean, RATE_HZ)
    step = np.abs(np.diff(clean, axis=0)).max()
    for fault in result.faults:
        part = result.audio[fault.start_samples : fault.stop_samples]
        assert abs(20 * np.log10(active_rms(part, RATE_HZ) / usual)) < 3.5
        for edge in (fault.start_samples, fault.stop_samples):
            seam = result.audio[edge - 2 : edge + 2]
            assert np.abs(np.diff(seam, axis=0)).max() <= step


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
@pytest.mark.parametrize("seed", range(4))
def test_faults_have_their_lengths_and_keep_apart(
    share: float, seed: int, clean: NDArray[np.float32]
) -> None:
    result = planted(clean, ("detune", "dropout", "bad_join"), share, seed)
    assert in_faults(result).mean() == pytest.approx(share, abs=1e-4)
    seconds = [(fault.stop_samples - fault.start_samples) / RATE_HZ for fault in result.faults]
    assert max(seconds) <= 24.0
    if share > 0.1:
        assert min(seconds) >= 4.0
    for before, after in pairwise(result.faults):
        assert after.start_samples - before.stop_samples >= 3.5 * RATE_HZ


def test_every_kind_comes_before_one_comes_again(clean: NDArray[np.float32]) -> None:
    kinds = [fault.kind for fault in planted(clean, KINDS, 0.6).faults]
    assert len(set(kinds[: len(KINDS)])) == min(len(kinds), len(KINDS))


def test_the_same_draws_give_the_same_recording(clean: NDArray[np.float32]) -> None:
    first, second, other = (planted(clean, KINDS, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.audio, second.audio)
    assert first.faults == second.faults != other.faults


def test_a_dropout_is_near_silence_for_most_of_its_length(clean: NDArray[np.float32]) -> None:
    result = planted(clean, ("dropout",), 0.2)
    for fault in result.faults:
        level = np.abs(result.audio[fault.start_samples : fault.stop_samples]).max(axis=1)
        assert 0.5 < (level < 0.01).mean() < 0.8


@pytest.mark.parametrize(
    ("kinds", "share", "words"),
    [
        (("humming",), 0.3, "no fault 'humming'"),
        ((), 0.3, "name at least one"),
        (("talk",), 0.3, "'talk' needs clips"),
        (("detune",), 1.0, "cannot be 1.0"),
    ],
)
def test_what_cannot_be_planted_is_named(
    kinds: tuple[str, ...], share: float, words: str, clean: NDArray[np.float32]
) -> None:
    with pytest.raises(UsageError, match=words):
        plant(clean, RATE_HZ, kinds, share, np.random.default_rng(0))


@pytest.mark.parametrize("factor", [0.65, 0.8, 1.0, 1.25, 1.5])
def test_stretching_keeps_pitch_and_level(factor: float) -> None:
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    tone = np.stack([np.sin(2 * np.pi * 330.0 * time_s)] * 2, axis=1).astype(np.float32)
    out = stretched(tone, factor, RATE_HZ)
    assert out.shape == (round(factor * len(tone)), 2)
    middle = out[2_000:-4_000, 0]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * RATE_HZ / len(middle) == pytest.approx(330.0, abs=1.0)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(np.sqrt(0.5), rel=0.02)


def test_stretching_by_one_changes_nothing() -> None:
    samples = music(3.0)[:, None]
    np.testing.assert_allclose(stretched(samples, 1.0, RATE_HZ), samples, atol=1e-6)
