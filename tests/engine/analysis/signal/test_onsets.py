"""Onset strength and peaks are librosa's; refined onsets stand where the sound rises."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from engine.analysis.beats.traces import trace
from engine.analysis.signal.onsets import (
    FLOOR_POWER,
    Framing,
    OnsetStrength,
    floored_db,
    local_scale,
    peak_pick,
    refine_onsets,
)
from engine.analysis.signal.stft import mel_power_blocks
from engine.lab.evaluation.timing.beat_figures import errors_ms
from engine.lab.evaluation.timing.recordings import read_kit
from engine.lab.simulated.clicks import click_track


def strength_of(samples, rate_hz, block_frames=64):
    framing = Framing(rate_hz)
    strength = OnsetStrength(framing)
    for power in mel_power_blocks([samples], framing.mel_settings):
        for start in range(0, len(power), block_frames):
            strength.push(floored_db(power[start : start + block_frames]))
    return strength.finish()


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_strength_is_librosas(rng, rate_hz):
    samples = (rng.standard_normal(2 * rate_hz) * np.linspace(0, 0.5, 2 * rate_hz) ** 2).astype(np.float32)
    settings = Framing(rate_hz).mel_settings
    mel = librosa.feature.melspectrogram(
        y=samples,
        sr=rate_hz,
        n_fft=settings.n_fft,
        hop_length=settings.hop_samples,
        n_mels=settings.n_mels,
    )
    level_db = librosa.power_to_db(mel, amin=FLOOR_POWER, top_db=None)
    expected = librosa.onset.onset_strength(
        S=level_db, sr=rate_hz, n_fft=settings.n_fft, hop_length=settings.hop_samples
    )
    np.testing.assert_allclose(strength_of(samples, rate_hz), expected, atol=1e-4)


@pytest.mark.parametrize("block_frames", [1, 3, 1000])
def test_strength_does_not_depend_on_the_blocks(rng, block_frames):
    samples = rng.standard_normal(22_050).astype(np.float32)
    np.testing.assert_array_equal(strength_of(samples, 22_050, block_frames), strength_of(samples, 22_050))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("levels", [8, 100_000])
def test_peaks_are_librosas(seed, levels):
    rng = np.random.default_rng(seed)
    # Few levels make plateaus, where the rule picks the first frame that is free.
    values = rng.integers(0, levels, 400) / levels
    rule = {
        "pre_max": int(rng.integers(0, 6)),
        "post_max": int(rng.integers(1, 6)),
        "pre_avg": int(rng.integers(0, 12)),
        "post_avg": int(rng.integers(1, 12)),
        "delta": float(rng.choice([0.0, 0.05, 0.3])),
        "wait": int(rng.integers(0, 12)),
    }
    np.testing.assert_array_equal(peak_pick(values, **rule), librosa.util.peak_pick(values, **rule))


def test_no_peaks_in_nothing():
    rule = {"pre_max": 2, "post_max": 2, "pre_avg": 2, "post_avg": 2, "delta": 0.1, "wait": 1}
    assert len(peak_pick(np.zeros(0), **rule)) == 0
    assert len(peak_pick(np.zeros(50), **rule)) == 0


def test_local_scale_is_the_plain_root_mean_square(rng):
    values = rng.random(50).astype(np.float32)
    plain = [
        np.sqrt(np.mean(values[min(max(0, i - 5), 40) : min(max(0, i - 5), 40) + 10] ** 2)) for i in range(50)
    ]
    np.testing.assert_allclose(local_scale(values, 10), plain, rtol=1e-5)
    np.testing.assert_allclose(
        local_scale(values[:3], 10), np.full(3, np.sqrt(np.mean(values[:3] ** 2))), rtol=1e-5
    )


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_onsets_of_clicks_are_exact_to_half_a_millisecond(rate_hz):
    track = click_track(97.3, rate_hz, length_s=8.0)
    found = trace([track.samples], rate_hz, len(track.samples)).onsets.positions_samples
    assert len(found) == len(track.clicks_samples)
    late_ms = 1000.0 * (found - track.clicks_samples) / rate_hz
    # Not after the attack, since a cut made there would take it away (the first sample of a click is zero).
    assert late_ms.max() <= 0.13
    assert late_ms.min() >= -0.55


def test_onsets_of_a_real_kit_are_unbiased(data_dir):
    kit = read_kit(data_dir / "multimic/example_drummer1_session1_1")
    onsets = trace([kit.samples], kit.rate_hz, len(kit.samples)).onsets
    late_ms = errors_ms(kit.onsets_s, onsets.positions_samples / kit.rate_hz)
    assert abs(np.median(late_ms)) < 0.5
    assert np.median(np.abs(late_ms)) < 1.0


def test_refining_finds_a_rise_inside_a_held_bass_note(rng):
    rate_hz, hop = 44_100, 22
    time_s = np.arange(rate_hz) / rate_hz
    samples = 0.5 * np.sin(2 * np.pi * 50 * time_s)
    samples[22_000:24_000] += 0.1 * rng.standard_normal(2000) * np.exp(-np.arange(2000) / 500)
    energy = np.diff(samples, prepend=0.0) ** 2
    attack = energy[: len(energy) // hop * hop].reshape(-1, hop).mean(axis=1).astype(np.float32)
    for near in (21_200, 22_000, 22_900):
        found = refine_onsets(np.array([near]), attack, hop, rate_hz)
        assert abs(int(found[0]) - 22_000) <= 44


def test_refining_survives_the_ends_and_silence():
    near = np.array([0, 5, 4_400, 10**9], np.int64)
    found = refine_onsets(near, np.zeros(200, np.float32), 22, 44_100)
    assert found.shape == near.shape
    assert (found >= 0).all()
    assert len(refine_onsets(np.zeros(0, np.int64), np.zeros(200, np.float32), 22, 44_100)) == 0
