"""Measurements of moved notes: right on moves that are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.lab.evaluation.timing import note_material
from engine.lab.evaluation.timing.note_material import RATE_HZ, Alone, onset_of, syllables, together
from engine.lab.evaluation.timing.note_measures import attack_db, cents, flux_peaks, landed, new_doubles
from engine.lab.evaluation.timing.notes import evaluate
from engine.lab.training.beats.soundfont import has_fluid_r3

ONSETS = np.array([0.5, 1.1, 1.7]) * RATE_HZ
PLACES = ONSETS.astype(np.int64)


def tones(places: np.ndarray, pitches_hz: tuple[float, ...] = (220.0, 330.0, 262.0)) -> np.ndarray:
    at = np.arange(round(0.5 * RATE_HZ)) / RATE_HZ
    sounds = [
        Alone((np.sin(2 * np.pi * one * at) * np.exp(-2.0 * at) * 0.3).astype(np.float32), 0)
        for one in pitches_hz
    ]
    return together(sounds, places, round(2.4 * RATE_HZ))


def test_attacks_are_found_where_they_are_moved() -> None:
    by = np.array([300, 0, -1_000])
    found = landed(tones(PLACES), tones(PLACES + by), PLACES)

    assert found.by_samples.tolist() == by.tolist()
    assert found.unlike.max() < 1e-6


def test_pitch_and_level_of_moved_notes() -> None:
    by = np.array([300.0, 0.0, -1_000.0])
    up = 2 ** (10 / 1200)
    before, after = tones(PLACES), 0.5 * tones(PLACES + by.astype(int), (220.0 * up, 330.0, 262.0))
    ends = PLACES + round(0.45 * RATE_HZ)

    assert cents(before, after, PLACES, by, ends) == pytest.approx([10.0, 0.0, 0.0], abs=0.3)
    assert attack_db(before, after, PLACES, by) == pytest.approx([-6.02] * 3, abs=0.1)


def test_the_onset_of_a_note_is_its_first_third() -> None:
    sound = np.zeros(RATE_HZ, np.float32)
    sound[8_820:] = 0.1
    assert onset_of(sound, 6_000) == pytest.approx(8_820, abs=0.001 * RATE_HZ)


def test_an_attack_that_plays_twice_is_counted() -> None:
    once, twice = tones(PLACES), tones(PLACES) + tones(PLACES + round(0.04 * RATE_HZ))
    assert len(flux_peaks(once)) >= 3
    assert new_doubles(flux_peaks(once), flux_peaks(once)) == 0
    assert new_doubles(np.array([1_000.0, 30_000.0]), np.array([1_000.0, 2_500.0, 30_000.0])) == 1
    assert new_doubles(flux_peaks(once), flux_peaks(twice)) >= 1


def test_syllables_begin_where_it_grows_loud() -> None:
    sound = np.random.default_rng(0).normal(0.0, 1e-4, 2 * RATE_HZ).astype(np.float32)
    for start in (0.5, 1.2):
        sound[round(start * RATE_HZ) : round((start + 0.3) * RATE_HZ)] *= 1_000
    assert syllables(sound) / RATE_HZ == pytest.approx([0.5, 1.2], abs=0.005)


@pytest.mark.skipif(not has_fluid_r3(), reason="fluidsynth or its sound font is not installed")
def test_a_short_run_reports_each_part(data_dir: Path) -> None:
    figures = {str(line["metric"]): line for line in evaluate(data_dir, short=True)}

    assert float(figures["all_onset_f_50_ms"]["value"]) > 0.7
    assert float(figures["all_unmoved_identical"]["value"]) == 1.0
    assert float(figures["piano_off_ms_median"]["value"]) < float(figures["piano_off_ms_median"]["baseline"])
    assert any(name.startswith("voices") for name in figures)


def test_a_take_in_pieces_has_the_course_that_it_states() -> None:
    rng = np.random.default_rng(3)
    clicks = np.arange(20_000, 8 * RATE_HZ, 20_000)
    sound = np.zeros(9 * RATE_HZ, np.float32)
    sound[clicks] = 1.0

    double, source, placed = note_material.in_pieces(sound, rng)

    assert np.all(np.diff(placed) >= 0)
    for at in np.interp(clicks, source, placed).astype(int):
        found = at - 200 + np.abs(double[at - 200 : at + 200]).argmax()
        assert abs(found - at) < 20
    off_s = np.interp(clicks, source, placed) / RATE_HZ - clicks / RATE_HZ
    assert 0.01 < np.abs(off_s).max() < 0.13
