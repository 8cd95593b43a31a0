"""The clock of beats by hand, and stretches: nothing lost, and the same however the stream is cut."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.stft import log_mel_blocks
from engine.core.progress import SILENT
from engine.lab.recipes.slicer.beat_clock import STRETCH_S, beat_clock, even_clock, stretches

MEL = MelSettings(rate_hz=8_000, n_fft=256, hop_samples=160, n_mels=8)


def test_beats_are_whole_numbers_and_time_runs_evenly_between() -> None:
    beats = np.array([10.0, 20.0, 32.0, 42.0])
    clock = beat_clock(beats, 60, 25.0)
    at = clock[[10, 20, 32, 42]]
    np.testing.assert_allclose(at - at[0], [0, 1, 2, 3])
    assert float(at[0]) == round(float(at[0]))
    assert clock[26] == pytest.approx(at[1] + 0.5)
    np.testing.assert_allclose(np.diff(clock[:10]), 0.1)  # the median tempo goes on at both ends
    np.testing.assert_allclose(np.diff(clock[43:]), 0.1)


def test_a_gap_counts_for_the_beats_that_fit() -> None:
    clock = beat_clock(np.array([0.0, 10.0, 20.0, 51.0, 61.0]), 70, 25.0)
    assert clock[51] - clock[20] == pytest.approx(3.0)


@pytest.mark.parametrize("beats", [[], [7.0]])
def test_without_a_pulse_the_clock_is_even(beats: list[float]) -> None:
    clock = beat_clock(np.array(beats), 50, 25.0)
    np.testing.assert_allclose(clock, np.arange(50) / 25.0)


def test_an_even_clock_has_the_median_tempo() -> None:
    np.testing.assert_allclose(even_clock(np.array([0.0, 8.0, 18.0, 28.0]), 5, 1.0), np.arange(5) / 10.0)


def clicks(seconds: float, bpm: float) -> np.ndarray:
    time_s = np.arange(round(seconds * MEL.rate_hz)) / MEL.rate_hz
    noise = np.random.default_rng(0).standard_normal(time_s.size)
    return (np.exp(-40.0 * (time_s % (60.0 / bpm))) * noise).astype(np.float32)


@pytest.mark.parametrize(
    "seconds", [pytest.param(2 * STRETCH_S - 1.0, marks=pytest.mark.long), 2 * STRETCH_S + 7.3]
)
def test_stretches_hold_every_frame_once_however_the_stream_is_cut(seconds: float) -> None:
    samples = clicks(seconds, 120.0)
    found = []
    for size in (7_777, 10**9):
        blocks = (samples[at : at + size] for at in range(0, len(samples), size))
        found.append(list(stretches(blocks, MEL, "beats", 16, iter, SILENT)))
    frames = np.concatenate(list(log_mel_blocks([samples], MEL)))
    for cut in found:
        np.testing.assert_array_equal(np.concatenate([one.frames_db for one in cut]), frames)
        assert all(len(one.frames_db) % 16 == 0 for one in cut[:-1])
        assert all((np.diff(one.clock_beats) > 0).all() for one in cut)
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours.clock_beats, theirs.clock_beats)
    assert len(found[0]) == (1 if seconds < 2 * STRETCH_S else 2)


def test_the_clock_follows_the_clicks() -> None:
    (stretch,) = stretches([clicks(30.0, 100.0)], MEL, "beats", 16, iter, SILENT)
    at_clicks = np.interp(np.arange(5.0, 25.0, 0.6) * 50.0, np.arange(1_501), stretch.clock_beats)
    late = at_clicks - np.rint(at_clicks)
    assert np.abs(late - np.median(late)).max() < 0.1
    np.testing.assert_allclose(np.diff(at_clicks), 1.0, atol=0.1)


@pytest.mark.parametrize("n_samples", [0, 1, 300])
def test_next_to_nothing_is_one_stretch(n_samples: int) -> None:
    (stretch,) = stretches([np.zeros(n_samples, np.float32)], MEL, "beats", 16, iter, SILENT)
    assert len(stretch.frames_db) == len(stretch.clock_beats) == 1 + n_samples // 160
