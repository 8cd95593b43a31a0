"""The tuning histogram tells how far partials are off the semitones, however the stream is cut."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.signal.stft import TUNING_BINS, framed_pieces, tuning_blocks

RATE_HZ, HOP = 16_000, 2560


def tuning(blocks: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate(list(tuning_blocks(blocks, RATE_HZ, HOP)))


def chord(cents: float, seconds: float = 4.0) -> NDArray[np.float32]:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    notes_hz = 440.0 * 2.0 ** ((np.array([-12, -5, 0, 4, 7]) + cents / 100.0) / 12.0)
    return np.sin(2 * np.pi * notes_hz[:, None] * time_s).mean(axis=0).astype(np.float32)


def slow_histogram(frame: NDArray[np.float32]) -> NDArray[np.float64]:
    """One frame, one peak after another."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(4096) / 4096)
    magnitude = np.abs(np.fft.rfft(frame * window))
    bins = np.zeros(TUNING_BINS)
    for k in range(round(100 * 4096 / RATE_HZ), round(2500 * 4096 / RATE_HZ) + 1):
        if magnitude[k] > magnitude[k - 1] and magnitude[k] >= magnitude[k + 1]:
            low, middle, high = np.log(magnitude[k - 1 : k + 2] + 1e-9)
            at = k + np.clip(0.5 * (low - high) / (low - 2 * middle + high - 1e-9), -0.5, 0.5)
            semitones = 12 * np.log2(at * RATE_HZ / 4096 / 440.0)
            place = int((semitones - round(semitones) + 0.5) * TUNING_BINS)
            bins[min(place, TUNING_BINS - 1)] += np.sqrt(magnitude[k])
    return bins / (bins.sum() + 1e-6)


@pytest.mark.parametrize("cents", [-40.0, -15.0, 0.0, 23.0, 45.0])
def test_the_hill_stands_where_the_music_is_tuned(cents: float) -> None:
    found = tuning([chord(cents)])[2:-2].mean(axis=0)
    centre_cents = (np.arange(TUNING_BINS) + 0.5) * (100.0 / TUNING_BINS) - 50.0
    near = np.abs(centre_cents - cents) <= 100.0 / TUNING_BINS
    assert found[near].sum() > 0.6


def test_equals_a_slow_histogram_of_each_frame() -> None:
    rng = np.random.default_rng(3)
    samples = (chord(12.0, 2.0) + 0.01 * rng.standard_normal(2 * RATE_HZ)).astype(np.float32)
    found = tuning([samples])
    padded = np.pad(samples, 2048)
    for index in range(1, len(found) - 1):
        expected = slow_histogram(padded[index * HOP : index * HOP + 4096])
        # A peak that is hardly one may fall into the next bin in single precision.
        assert np.abs(found[index] - expected).sum() < 0.05


@pytest.mark.parametrize("block_samples", [1000, 4096, 50_001])
def test_is_the_same_however_the_stream_is_cut(block_samples: int) -> None:
    samples = np.random.default_rng(4).standard_normal(15 * RATE_HZ).astype(np.float32)
    cut = [samples[at : at + block_samples] for at in range(0, len(samples), block_samples)]
    np.testing.assert_array_equal(tuning(cut), tuning([samples]))


def test_each_frame_sums_to_one_and_silence_to_none() -> None:
    samples = np.concatenate([chord(0.0), np.zeros(4 * RATE_HZ, np.float32)])
    sums = tuning([samples]).sum(axis=1)
    np.testing.assert_allclose(sums[1:20], 1.0, atol=1e-4)
    np.testing.assert_array_equal(sums[-10:], 0.0)


@pytest.mark.parametrize("n_samples", [0, 1, 2559, 2560, 163_840, 200_000])
def test_a_stream_has_a_frame_a_hop_and_one(n_samples: int) -> None:
    pieces = list(framed_pieces([np.zeros(n_samples, np.float32)], 4096, HOP, 64))
    frames = sum((len(piece) - 4096) // HOP + 1 for piece in pieces)
    assert frames == 1 + n_samples // HOP
