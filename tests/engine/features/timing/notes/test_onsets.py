"""Onsets of notes: found to some milliseconds, and not where a pitch wavers or nothing plays."""

from __future__ import annotations

import numpy as np
import pytest

from engine.features.timing.notes.onsets import find_notes
from tests.engine.features.timing.notes.plucked import RATE_HZ, melody, plucked, reading


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_plucked_notes_are_found_at_their_onsets(rate_hz: int) -> None:
    onsets_s, _, pitches = melody(24, 0.4, 0.02, seed=1)
    sound = plucked(onsets_s, pitches, 12.0, rate_hz)

    found = find_notes(reading(sound), len(sound), rate_hz)

    assert len(found.onsets_samples) == 24
    late_ms = (found.onsets_samples / rate_hz - onsets_s) * 1000
    assert 0.0 < np.median(late_ms) < 5.0  # of a rise of 3 ms
    assert np.abs(late_ms - np.median(late_ms)).max() < 4.0
    assert (found.confidences > 0.5).all()
    assert (np.diff(found.onsets_samples) > 0).all()


def test_vibrato_is_one_note() -> None:
    at = np.arange(4 * RATE_HZ) / RATE_HZ
    pitch_hz = 440.0 * 2 ** (0.5 / 12 * np.sin(2 * np.pi * 5.5 * at))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    tone = sum(np.sin(n * phase) / n for n in range(1, 6)) * 0.2 * (at > 1.0)
    sound = tone.astype(np.float32)

    found = find_notes(reading(sound), len(sound), RATE_HZ)

    assert len(found.onsets_samples) == 1
    assert found.onsets_samples[0] / RATE_HZ == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize(
    "sound", [np.zeros(0), np.zeros(3), np.zeros(RATE_HZ), np.full(RATE_HZ, np.nan), np.full(RATE_HZ, 1e30)]
)
def test_nothing_is_found_where_nothing_plays(sound: np.ndarray) -> None:
    found = find_notes(reading(sound.astype(np.float32)), len(sound), RATE_HZ)

    assert len(found.onsets_samples) <= 1
    for values in (found.onsets_samples, found.strengths_db, found.confidences, found.unsure_samples):
        assert np.isfinite(values).all()


def test_a_higher_sensitivity_loses_no_note() -> None:
    onsets_s, _, pitches = melody(16, 0.3, 0.01, seed=2)
    sound = plucked(onsets_s, pitches, 7.0)
    sound += 0.01 * np.random.default_rng(0).standard_normal(len(sound)).astype(np.float32)
    counts = [
        len(find_notes(reading(sound), len(sound), RATE_HZ, one).onsets_samples) for one in (0.0, 0.5, 1.0)
    ]

    assert counts == sorted(counts)


def test_the_end_of_a_note_is_not_an_onset() -> None:
    sound = np.concatenate([plucked([0.5], [196.0], 1.5), np.zeros(RATE_HZ, np.float32)])

    found = find_notes(reading(sound), len(sound), RATE_HZ, 1.0)

    assert len(found.onsets_samples) == 1


def test_the_periods_of_a_low_tone_do_not_hide_onsets() -> None:
    """A string of 41 Hz: each period begins with a pulse of high overtones."""
    at = np.arange(round(1.0 * RATE_HZ)) / RATE_HZ
    pulses = sum(np.cos(2 * np.pi * 41.2 * n * at) for n in range(1, 60)) * 0.02 * np.exp(-3.0 * at)
    sound = np.zeros(5 * RATE_HZ, np.float32)
    starts = np.arange(8) * 0.45 + 0.5
    for start in starts:
        first = round(start * RATE_HZ)
        sound[first : first + len(at)] += pulses.astype(np.float32)

    found = find_notes(reading(sound), len(sound), RATE_HZ)

    late_s = found.onsets_samples / RATE_HZ - starts[:, None]
    assert np.abs(late_s).min(axis=1).max() < 0.005
