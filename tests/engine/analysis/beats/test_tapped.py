"""Beats that follow taps: a tempo that drifts, the downbeat of the first tap, and nothing to follow."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.beats.listen import follow_taps
from engine.analysis.beats.traces import trace

RATE_HZ = 22_050


def clicks(beats_s: NDArray[np.float64], length_s: float) -> NDArray[np.float32]:
    """Return clicks of decaying noise, as loud on each beat."""
    sound = np.zeros(round(length_s * RATE_HZ), np.float32)
    burst = np.random.default_rng(0).standard_normal(1_100) * np.exp(-np.arange(1_100) / 150.0)
    for beat_s in beats_s:
        at = round(float(beat_s) * RATE_HZ)
        sound[at : at + len(burst)] += 0.5 * burst[: len(sound) - at].astype(np.float32)
    return sound


def drifting(first_bpm: float, last_bpm: float, count: int) -> NDArray[np.float64]:
    """Return beats whose tempo drifts evenly, from half a second on."""
    periods_s = 60.0 / np.linspace(first_bpm, last_bpm, count)
    return 0.5 + np.concatenate([[0.0], np.cumsum(periods_s)[:-1]])


@pytest.mark.parametrize("first_tap", [0, 21])
def test_the_beats_follow_a_tempo_that_drifts_away_from_the_taps(first_tap: int) -> None:
    beats_s = drifting(100.0, 106.0, 80)
    traces = trace([clicks(beats_s, float(beats_s[-1]) + 1.0)], RATE_HZ, 0)
    off_s = np.random.default_rng(1).normal(0.0, 0.02, 8)
    taps_s = beats_s[first_tap : first_tap + 8] + off_s

    grid = follow_taps(traces, taps_s * RATE_HZ)

    assert grid is not None
    away_s = np.abs(grid.beats_samples[:, None] / RATE_HZ - beats_s[None, :]).min(axis=0)
    assert (away_s < 0.02).all()
    assert np.abs(grid.downbeats_samples / RATE_HZ - beats_s[first_tap]).min() < 0.02


def test_beats_stay_on_the_tapped_half_where_the_accents_change_to_the_other() -> None:
    beats_s = drifting(100.0, 100.0, 60)
    accents_s = np.concatenate([beats_s[:20], beats_s[20:] + 0.3])
    traces = trace([clicks(accents_s, float(beats_s[-1]) + 1.0)], RATE_HZ, 0)

    grid = follow_taps(traces, beats_s[4:12] * RATE_HZ)

    assert grid is not None
    away_s = np.abs(grid.beats_samples[:, None] / RATE_HZ - beats_s[None, :]).min(axis=0)
    assert (away_s < 0.05).all()


def test_silence_is_not_followed() -> None:
    traces = trace([np.zeros(10 * RATE_HZ, np.float32)], RATE_HZ, 0)

    assert follow_taps(traces, (1.0 + 0.5 * np.arange(8)) * RATE_HZ) is None


def test_fewer_taps_than_make_a_tempo_are_not_followed() -> None:
    beats_s = drifting(100.0, 100.0, 20)
    traces = trace([clicks(beats_s, 14.0)], RATE_HZ, 0)

    assert follow_taps(traces, beats_s[:3] * RATE_HZ) is None
