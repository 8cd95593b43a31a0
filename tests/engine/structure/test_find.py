"""Sections are found where the music changes, and labelled where it repeats."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.analysis import BeatGrid
from engine.structure.find import find_structure
from engine.structure.sections import label_of

RATE_HZ = 22_050
BEAT_S = 0.5
CHORDS = {"A": (0, 5, 7, 0), "B": (9, 2, 4, 9), "C": (8, 3, 10, 8)}


def _grid(beats: int) -> BeatGrid:
    at = np.round(np.arange(beats) * BEAT_S * RATE_HZ).astype(np.int64)
    return BeatGrid(at, np.arange(beats) % 4 + 1, 60.0 / BEAT_S, 0.9, "test")


def _song(form: str, bars: int, rng: np.random.Generator) -> np.ndarray:
    """Return a song: a triad a bar for each letter, struck on every beat, with noise."""
    beats = []
    for letter in form:
        for bar in range(bars):
            root = CHORDS[letter][bar % 4]
            at = np.arange(round(BEAT_S * RATE_HZ)) / RATE_HZ
            freqs = [220.0 * 2.0 ** ((root + step) / 12.0) for step in (0, 4, 7)]
            chord = sum(np.sin(2 * np.pi * f * at) for f in freqs) * np.exp(-4.0 * at) * 0.15
            beats += [chord] * 4
    audio = np.concatenate(beats)
    return (audio + 0.002 * rng.standard_normal(len(audio))).astype(np.float32)


def _of(audio: np.ndarray, grid: BeatGrid) -> tuple[list[float], str]:
    found = find_structure([audio], RATE_HZ, len(audio), grid)
    return [one.start_s for one in found.sections], "".join(one.label for one in found.sections)


@pytest.mark.parametrize("form", ["ABAB", "AABA", "ABCAB", "ABACB"])
def test_sections_of_eight_bars_start_on_their_downbeats(form: str) -> None:
    audio = _song(form, 8, np.random.default_rng(1))
    starts_s, labels = _of(audio, _grid(4 * 8 * len(form)))
    assert labels == form
    np.testing.assert_allclose(starts_s, 16.0 * np.arange(len(form)), atol=0.05)


def test_silence_has_no_sections() -> None:
    assert _of(np.zeros(30 * RATE_HZ, np.float32), _grid(0)) == ([], "")


def test_noise_without_a_pulse_has_no_sections() -> None:
    noise = 0.1 * np.random.default_rng(2).standard_normal(60 * RATE_HZ).astype(np.float32)
    assert _of(noise, _grid(0)) == ([], "")


def test_an_empty_recording_has_no_sections() -> None:
    assert _of(np.zeros(0, np.float32), _grid(0)) == ([], "")


@pytest.mark.parametrize("pause_s", [5.0, 20.0])
def test_a_pause_is_in_no_section(pause_s: float) -> None:
    rng = np.random.default_rng(3)
    song = _song("AB", 8, rng)
    audio = np.concatenate([song, np.zeros(round(pause_s * RATE_HZ), np.float32), song])
    found = find_structure([audio], RATE_HZ, len(audio), _grid(round(len(audio) / RATE_HZ / BEAT_S)))
    assert "".join(one.label for one in found.sections) == "ABAB"
    assert all(one.stop_s <= 34.0 or one.start_s >= 31.0 + pause_s for one in found.sections)


def test_labels_go_on_after_z() -> None:
    labels = ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
    assert [label_of(number) for number in (0, 25, 26, 51, 52, 701, 702)] == labels
