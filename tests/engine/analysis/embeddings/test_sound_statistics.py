"""The embedding that is always there, and how a stream is cut into windows for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.analysis.embeddings.preparation import (
    PLAYING_LEVEL_DB,
    at_playing_level,
    embedded_windows,
    stream_windows,
)
from engine.analysis.embeddings.registry import default_embedder, embedder
from engine.analysis.embeddings.sound_statistics import rhythm_statistics
from engine.analysis.signal.bands import MelSettings, mel_filter_bank
from engine.analysis.signal.loudness import level_of
from engine.core.errors import UsageError

WINDOW, HOP = 5, 2


def windows_slow(stream: NDArray[np.float32], window: int, hop: int) -> list[list[float]]:
    """Cut windows one by one, by the definition."""
    found, start = [], 0
    while len(stream) and (start == 0 or start - hop + window < len(stream)):
        piece = stream[start : start + window]
        found.append(np.pad(piece, (0, window - len(piece)), "reflect").tolist())
        start += hop
    return found


@pytest.mark.parametrize("length", [0, 1, 2, 4, 5, 6, 7, 34, 35, 36, 37, 38, 68, 100])
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_a_stream_is_cut_as_defined_whatever_the_blocks(length: int, block: int) -> None:
    stream = np.arange(1, length + 1, dtype=np.float32)
    blocks = [stream[start : start + block] for start in range(0, length, block)]
    found = [row.tolist() for batch in stream_windows(blocks, WINDOW, HOP) for row in batch]
    assert found == windows_slow(stream, WINDOW, HOP)


def test_embeddings_do_not_depend_on_the_blocks(rng: np.random.Generator) -> None:
    default = default_embedder()
    stream = (0.1 * rng.standard_normal(12 * default.rate_hz)).astype(np.float32)
    whole = np.concatenate(list(embedded_windows([stream], default, 2.0, 0.5)))
    pieces = np.array_split(stream, 37)
    cut = np.concatenate(list(embedded_windows(pieces, default, 2.0, 0.5)))
    assert whole.shape == (21, default.size)
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(cut, whole)


def test_a_pulse_is_found_at_its_rate_and_its_lag() -> None:
    frames_per_s, rate_hz = 80.0, 2.0
    time_s = np.arange(320) / frames_per_s
    rises_db = torch.tensor(np.cos(2 * np.pi * rate_hz * time_s) ** 20, dtype=torch.float32)
    found = rhythm_statistics(rises_db.expand(1, 64, -1).contiguous(), frames_per_s)[0].numpy()
    edges_hz = np.geomspace(0.7, 24.0, 17)
    strongest = found[:16].argmax()  # cos**20 pulses twice a period
    assert edges_hz[strongest] <= 2 * rate_hz < edges_hz[strongest + 1]
    lags_frames = (np.geomspace(0.06, 1.2, 33) * frames_per_s).astype(int)
    pulse = found[8 * 16 : 8 * 16 + 32]
    period = np.searchsorted(lags_frames, frames_per_s / (2 * rate_hz), side="right") - 1
    assert pulse[period] > 0.9
    assert pulse[: period - 1].max() < 0.5


@pytest.mark.parametrize("window_s", [1.0, 2.0, 4.0])
def test_silence_and_noise_give_numbers(window_s: float, rng: np.random.Generator) -> None:
    default = default_embedder()
    samples = round(window_s * default.rate_hz)
    heard = np.stack([np.zeros(samples), rng.standard_normal(samples), np.ones(samples)]).astype(np.float32)
    vectors = default.embed(heard)
    assert vectors.shape == (3, default.size)
    assert np.isfinite(vectors).all()


def test_what_is_too_short_or_unknown_is_one_sentence() -> None:
    default = default_embedder()
    with pytest.raises(UsageError, match=r"0\.50 s is too short"):
        default.embed(np.zeros((1, default.rate_hz // 2), np.float32))
    with pytest.raises(UsageError, match="no embedding 'vggish': choose statistics, clap or a folder"):
        embedder("vggish")


def test_streams_are_brought_to_one_level(rng: np.random.Generator) -> None:
    quiet = (0.001 * rng.standard_normal(44_100)).astype(np.float32)
    levelled = list(at_playing_level([quiet], level_of([quiet])))
    assert level_of(levelled) == pytest.approx(PLAYING_LEVEL_DB, abs=0.01)


def test_quantiles_and_contrast_are_those_of_their_definitions(rng: np.random.Generator) -> None:
    default = default_embedder()
    window = (0.1 * rng.standard_normal(2 * default.rate_hz)).astype(np.float32)
    spectra = np.lib.stride_tricks.sliding_window_view(window, 1024)[::256] * np.hanning(1025)[:-1]
    power = np.abs(np.fft.rfft(spectra, axis=1)) ** 2
    found = default.embed(window[None])[0]
    mel_db = 10.0 * np.log10(
        power @ mel_filter_bank(MelSettings(rate_hz=default.rate_hz, n_fft=1024)).T + 1e-7
    )
    np.testing.assert_allclose(found[:64], mel_db.mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(
        found[128:256].reshape(2, 64), np.quantile(mel_db, (0.1, 0.9), axis=0), atol=1e-3
    )
    level_db = 10.0 * np.log10(power.mean(axis=1) + 1e-7)
    places = slice(default.size - 28 - 4, default.size - 28)
    np.testing.assert_allclose(found[places], np.quantile(level_db, (0.05, 0.25, 0.75, 0.95)), atol=1e-3)
    lowest = np.sort(np.log(power[:, :10] + 1e-7), axis=1)  # 0 to 200 Hz
    contrast = lowest[:, -2:].mean(axis=1) - lowest[:, :2].mean(axis=1)
    assert found[default.size - 28 - 6 - 14] == pytest.approx(contrast.mean(), abs=1e-3)
