"""Playing is parted by breaks, and tuning is measured by held pitches and attacks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.features.takes.features import BROAD_BANDS, Frames
from engine.features.takes.playing import Playing, are_tuning, performances, playing_in, sounding

QUIET_DB, LOUD_DB = -80.0, -20.0


def levels(*spans: tuple[int, int], n: int = 200) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return levels, ten a second, that are loud in some spans."""
    found = np.full(n, QUIET_DB, np.float32)
    for first, last in spans:
        found[first:last] = LOUD_DB
    return found


def test_performances_are_frames_between_breaks_of_six_tenths_of_a_second() -> None:
    spans = performances(levels((10, 60), (65, 80), (86, 120)))
    assert spans.tolist() == [[5, 40], [43, 60]]
    assert performances(levels((11, 61))).tolist() == [[6, 30]]  # rounded inwards, by the step that borders
    assert spans.dtype == np.int64


def test_what_lasts_less_than_eight_tenths_of_a_second_is_no_performance() -> None:
    assert performances(levels((10, 17), (50, 58))).tolist() == [[25, 29]]
    assert performances(levels()).tolist() == []
    assert performances(np.zeros(0, np.float32)).shape == (0, 2)


def test_a_break_is_relative_to_the_playing_around_it() -> None:
    soft = levels((0, 200))
    soft[80:100] = LOUD_DB - 18.0
    assert performances(soft).tolist() == [[0, 100]]
    assert performances(soft, 14.0).tolist() == [[0, 40], [50, 100]]
    assert sounding(soft, 14.0).tolist() == [True] * 80 + [False] * 20 + [True] * 100
    assert not sounding(np.full(30, -66.0, np.float32)).any()  # near digital silence nothing sounds


def frames_of(notes_db: np.ndarray, bands_db: np.ndarray | None = None) -> Frames:
    n = len(notes_db)
    bands = np.full((2 * n, BROAD_BANDS), LOUD_DB) if bands_db is None else bands_db
    one = np.zeros((n, 12), np.float32), np.zeros((n, BROAD_BANDS), np.float32)
    return Frames(
        *one, np.full(2 * n, LOUD_DB, np.float32), bands.astype(np.float32), notes_db.astype(np.float32)
    )


def held(*pitches: int, frames: int = 25) -> np.ndarray:
    """Return semitones of which one after the other sounds."""
    found = np.full((frames * len(pitches), 60), -90.0)
    for number, pitch in enumerate(pitches):
        found[number * frames : (number + 1) * frames, pitch] = LOUD_DB
    return found


def test_a_held_string_is_clear_long_and_without_attacks() -> None:
    one = playing_in(frames_of(held(20)), 0, 25)
    assert one is not None
    # A band of 1 above a mean of a seventh of that.
    assert one.clarity == pytest.approx((1.0 - 1.0 / 7.0) ** 2, abs=1e-5)
    assert (one.held_s, one.new_share, one.attacks_per_s) == (5.0, 0.0, 0.0)
    assert one.odds == pytest.approx(0.6 + 0.85 * one.clarity + 0.65 * math.log(5.0), abs=1e-5)
    assert are_tuning(frames_of(held(20)), [(0.0, 25.0)])


def test_the_length_of_pitches_is_weighted_by_time() -> None:
    one = playing_in(frames_of(held(20, 21, 20, 21, frames=5)), 0, 20)
    assert one is not None
    assert one.held_s == pytest.approx(1.0)
    uneven = np.concatenate([held(20, frames=5), held(21, frames=15)])
    two = playing_in(frames_of(uneven), 0, 20)
    assert two is not None
    assert two.held_s == pytest.approx((5**2 + 15**2) / 20 / 5.0)


def test_attacks_are_moments_at_which_bands_rise_together() -> None:
    bands = np.full((50, BROAD_BANDS), -40.0)
    for at in (10, 20, 30):
        bands[at : at + 3] = -20.0
    one = playing_in(frames_of(held(20), bands), 0, 25)
    assert one is not None
    assert one.attacks_per_s == pytest.approx(3 / 4.9)  # 49 differences of a tenth of a second
    assert one.odds < playing_in(frames_of(held(20)), 0, 25).odds  # type: ignore[union-attr]


def test_noise_and_short_spans_do_not_tune() -> None:
    flat = frames_of(np.full((30, 60), LOUD_DB))
    one = playing_in(flat, 0, 30)
    assert one is not None
    assert (one.clarity, one.odds) == (0.0, -3.0)
    assert playing_in(flat, 0, 4) is None
    assert not are_tuning(flat, [(0.0, 30.0)])
    assert not are_tuning(flat, [])
    assert Playing(0.5, 0.0, 0.0, 0.0).odds == pytest.approx(0.6 + 0.425 + 0.65 * math.log(0.1))
