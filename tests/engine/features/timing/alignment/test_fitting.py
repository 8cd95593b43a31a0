"""A grid that strokes do not follow is told, and nobody is told that they play late."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.grid_edits import steady
from engine.features.timing.alignment.fitting import TEMPO_DOUBT, agreement, doubt
from engine.features.timing.alignment.lines import Division, Lines, lines_of

RATE_HZ = 48_000
BPM = 120.0
LENGTH_S = 60.0
EIGHTH_S = 0.25


def _lines(bpm: float = BPM, division: Division | None = None, start_s: float = 0.0) -> Lines:
    grid = steady(bpm, start_s * RATE_HZ, rate_hz=RATE_HZ, length_samples=round(LENGTH_S * RATE_HZ))
    return lines_of(grid, division or Division(), RATE_HZ)


def _played(jitter_ms: float, late_ms: float = 0.0, apart_s: float = EIGHTH_S) -> np.ndarray:
    """Return a minute of strokes that belong so far apart."""
    at_s = np.arange(apart_s, LENGTH_S - 1.0, apart_s)
    off_ms = np.random.default_rng(7).normal(late_ms, jitter_ms, len(at_s))
    return RATE_HZ * (at_s + off_ms / 1000.0)


@pytest.mark.parametrize("jitter_ms", [0.0, 5.0, 15.0, 25.0])
@pytest.mark.parametrize("late_ms", [-25.0, 0.0, 25.0])
def test_who_plays_to_a_grid_is_left_alone_however_early_late_or_loosely(
    jitter_ms: float, late_ms: float
) -> None:
    assert not doubt(_played(jitter_ms, late_ms), _lines())


@pytest.mark.parametrize("ratio", [0.87, 0.98, 1.03, 4 / 3, 0.7])
def test_another_tempo_is_doubted(ratio: float) -> None:
    assert doubt(_played(10.0), _lines(BPM * ratio)) == TEMPO_DOUBT


def test_on_a_grid_half_as_fast_again_sixteenths_are_doubted_and_quarters_are_not() -> None:
    assert doubt(_played(5.0), _lines(division=Division("1/4"))) == TEMPO_DOUBT
    triplets = _played(5.0, apart_s=0.5 / 3)
    assert doubt(triplets, _lines()) == TEMPO_DOUBT
    assert not doubt(triplets, _lines(division=Division("1/8t")))


def test_swing_is_followed_by_lines_that_swing() -> None:
    lines = _lines(division=Division("1/8", 66.0))
    assert not doubt(lines.positions_samples[4:100], lines)
    assert agreement(lines.positions_samples[4:100], lines) == pytest.approx(1.0)


def test_a_grid_that_begins_elsewhere_is_told_by_how_far() -> None:
    said = doubt(_played(0.0), _lines(start_s=0.055))
    assert said == "All hits are about 55 ms off the lines: check the start of the grid."


def test_a_few_strokes_or_none_tell_nothing() -> None:
    for onsets in (_played(5.0)[:5], np.zeros(0), _played(5.0) + 2 * LENGTH_S * RATE_HZ):
        assert not doubt(onsets, _lines(BPM * 0.87))
    none = np.zeros(0)
    assert not doubt(_played(5.0), Lines(none, none, none.astype(np.int8), RATE_HZ))
