"""Sections start where the music changes, and have the same label where it repeats."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.beats.counted import empty_grid
from engine.document.analysis import BeatGrid
from engine.features.takes.structure.find import find_structure, label_of
from tests.engine.features.takes.structure.songs import BAR_S, RATE_HZ, grid_of, song

NO_PULSE = empty_grid("test")


def _of(audio: NDArray[np.float32], grid: BeatGrid) -> tuple[list[float], str]:
    found = find_structure([audio], RATE_HZ, len(audio), grid)
    return [one.start_s for one in found.sections], "".join(one.label for one in found.sections)


@pytest.mark.parametrize("form", ["ABAB", "AABA", "ABCAB", "ABACB"])
def test_sections_of_eight_bars_start_on_their_downbeats(form: str) -> None:
    audio = song(form)
    starts_s, labels = _of(audio, grid_of(audio))
    assert labels == form
    np.testing.assert_allclose(starts_s, 8 * BAR_S * np.arange(len(form)), atol=0.05)


def test_blocks_of_any_size_give_the_same_sections() -> None:
    audio = song("ABAB")
    whole = find_structure([audio], RATE_HZ, len(audio), grid_of(audio))
    parts = find_structure(np.array_split(audio, 77), RATE_HZ, len(audio), grid_of(audio))
    assert [(one.start_s, one.label) for one in whole.sections] == [
        (one.start_s, one.label) for one in parts.sections
    ]


def test_sections_without_repetition_say_so() -> None:
    audio = song("ABC")
    found = find_structure([audio], RATE_HZ, len(audio), grid_of(audio))
    assert found.labels == ("A", "B", "C")
    assert not found.has_repeats


@pytest.mark.parametrize("audio_s", [0.0, 0.05, 3.0, 30.0])
def test_silence_has_no_sections(audio_s: float) -> None:
    assert _of(np.zeros(round(audio_s * RATE_HZ), np.float32), NO_PULSE) == ([], "")


def test_noise_without_a_pulse_has_no_sections() -> None:
    noise = 0.1 * np.random.default_rng(2).standard_normal(60 * RATE_HZ).astype(np.float32)
    assert _of(noise, NO_PULSE) == ([], "")


@pytest.mark.parametrize("pause_s", [6.0, 20.0])
def test_a_pause_is_in_no_section(pause_s: float) -> None:
    audio = np.concatenate([song("AB"), np.zeros(round(pause_s * RATE_HZ), np.float32), song("AB")])
    found = find_structure([audio], RATE_HZ, len(audio), grid_of(audio))
    stop_s, start_s = 16 * BAR_S, 16 * BAR_S + pause_s
    assert "".join(one.label for one in found.sections) == "ABAB"
    assert all(one.stop_s <= stop_s + BAR_S or one.start_s >= start_s - BAR_S for one in found.sections)


def test_labels_go_on_after_z() -> None:
    labels = ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
    assert [label_of(number) for number in (0, 25, 26, 51, 52, 701, 702)] == labels
