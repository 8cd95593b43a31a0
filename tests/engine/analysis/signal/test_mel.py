"""The streaming log-mel equals librosa's, however the stream is cut."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.analysis.signal.bands import MelSettings, hz_to_mel, mel_filter_bank, mel_to_hz
from engine.analysis.signal.stft import log_mel_blocks, mel_power_blocks
from engine.analysis.signal.streams import mono_blocks, resampled

SETTINGS = MelSettings()


def cut(samples: NDArray[np.float32], block_samples: int) -> list[NDArray[np.float32]]:
    return [samples[start : start + block_samples] for start in range(0, len(samples), block_samples)]


@pytest.mark.parametrize(
    "settings",
    [SETTINGS, MelSettings(rate_hz=48_000, n_mels=128), MelSettings(rate_hz=16_000, n_fft=512, n_mels=40)],
    ids=["default", "128 bands", "16 kHz"],
)
def test_filter_bank_equals_librosa(settings: MelSettings) -> None:
    theirs = librosa.filters.mel(sr=settings.rate_hz, n_fft=settings.n_fft, n_mels=settings.n_mels)
    np.testing.assert_allclose(mel_filter_bank(settings), theirs, atol=1e-8)


def test_mel_scale_turns_back() -> None:
    hz = np.linspace(0.0, 22_050.0, 500)
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(hz)), hz, atol=1e-9)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:n_fft=2048 is too large")  # librosa's remark, the frames are right
@pytest.mark.parametrize("n_samples", [1, 511, 512, 513, 2048, 44_100, 512 * 512, 600_001])
def test_mel_power_equals_librosa(n_samples: int, rng: np.random.Generator) -> None:
    samples = rng.standard_normal(n_samples).astype(np.float32)
    theirs = librosa.feature.melspectrogram(y=samples, sr=44_100, n_fft=2048, hop_length=512, n_mels=64)
    ours = np.concatenate(list(mel_power_blocks(cut(samples, 10_000), SETTINGS)))
    assert ours.shape == (1 + n_samples // 512, 64)
    np.testing.assert_allclose(ours.T, theirs, rtol=2e-4, atol=1e-6 * theirs.max())


@pytest.mark.parametrize("block_samples", [1_000, 65_536, 300_001])
def test_blocks_do_not_show(block_samples: int, rng: np.random.Generator) -> None:
    samples = rng.standard_normal(300_001).astype(np.float32)
    whole = np.concatenate(list(log_mel_blocks([samples], SETTINGS)))
    pieces = np.concatenate(list(log_mel_blocks(cut(samples, block_samples), SETTINGS)))
    np.testing.assert_array_equal(pieces, whole)


def test_silence_and_nothing_are_the_floor() -> None:
    for blocks in ([np.zeros(5_000, np.float32)], []):
        frames = np.concatenate(list(log_mel_blocks(blocks, SETTINGS)))
        np.testing.assert_allclose(frames, -100.0, atol=1e-4)


def test_mono_is_the_mean_of_the_channels_at_the_asked_rate(tmp_path: Path) -> None:
    time_s = np.arange(100_000) / 48_000
    tone = 0.5 * np.sin(2 * np.pi * 440.0 * time_s)
    path = tmp_path / "two channels.wav"
    soundfile.write(path, np.stack([tone, 0.5 * tone], axis=1), 48_000, "FLOAT")
    mono = np.concatenate(list(mono_blocks(path, 44_100)))
    assert mono.dtype == np.float32
    assert abs(len(mono) - 100_000 * 44_100 / 48_000) <= 1
    expected = 0.375 * np.sin(2 * np.pi * 440.0 * np.arange(len(mono)) / 44_100)
    np.testing.assert_allclose(mono[500:-500], expected[500:-500], atol=1e-4)
    np.testing.assert_allclose(np.concatenate(list(mono_blocks(path, 48_000))), 0.75 * tone, atol=1e-6)


def test_a_resampled_stream_equals_one_conversion(rng: np.random.Generator) -> None:
    samples = rng.standard_normal(50_000).astype(np.float32)
    whole = np.concatenate(list(resampled([samples], 48_000, 44_100)))
    pieces = np.concatenate(list(resampled(cut(samples, 777), 48_000, 44_100)))
    np.testing.assert_allclose(pieces, whole, atol=1e-6)


@pytest.mark.parametrize("to_hz", [48_000, 44_100])
def test_samples_that_are_not_numbers_stay_where_they_are(to_hz: int) -> None:
    samples = np.ones(48_000, np.float32)
    samples[24_000] = np.nan
    samples[24_001] = np.inf
    out = np.concatenate(list(resampled([samples], 48_000, to_hz)))
    assert np.isfinite(out).all()
    np.testing.assert_allclose(out[5_000:15_000], 1.0, atol=1e-3)
