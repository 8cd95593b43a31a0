"""Programmed and quantized drums stay where they are; people's playing is still moved."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.analysis import Hits
from engine.document.grid_edits import steady
from engine.features.timing.alignment.fitting import grid_notices, near_tempo, quantized_playing
from engine.features.timing.alignment.lines import Division, Lines
from engine.features.timing.alignment.lines import lines_of as lines_of_grid
from engine.features.timing.alignment.moves import whole_performance
from tests.engine.features.timing.alignment.strokes_made import HAT, RATE_HZ, hits_of, lines_of, ms, rock

_LINES = lines_of(16)
_LATENCY_MS = np.array([0.4, 5.0, 2.1])
_BPM = 120.0


def _programmed(late_ms: float = 0.0) -> Hits:
    """Return a programmed groove: each drum has its own latency, and the onsets are found to 0.05 ms."""
    numbers, tracks = rock(16)
    found_ms = _LATENCY_MS[tracks] + late_ms + np.random.default_rng(3).normal(0.0, 0.05, len(numbers))
    return hits_of(_LINES.positions_samples[numbers] + ms(1.0) * found_ms, tracks)


def _moved(hits: Hits, lines: Lines = _LINES) -> np.ndarray:
    return whole_performance()(hits, lines).targets_samples != hits.onsets_samples


@pytest.mark.parametrize("late_ms", [-3.0, 0.0, 8.0, 25.0])
def test_programmed_drums_stay_whatever_their_latency(late_ms: float) -> None:
    assert not _moved(_programmed(late_ms)).any()


@pytest.mark.parametrize("jitter_ms", [2.5, 5.0, 10.0])
def test_playing_by_people_is_not_quantized(jitter_ms: float) -> None:
    numbers, tracks = rock(16)
    off = np.random.default_rng(5).normal(0.0, ms(jitter_ms), len(_LINES.beats))
    hits = hits_of(_LINES.positions_samples[numbers] + off[numbers], tracks)

    assert quantized_playing(hits, _LINES) is None
    assert _moved(hits).mean() > 0.9


def test_a_late_hit_in_programmed_drums_is_moved_alone() -> None:
    hits = _programmed()
    row = int(np.flatnonzero((hits.tracks == HAT) & (np.arange(len(hits.tracks)) > 60))[1])
    alone = np.flatnonzero(np.diff(hits.onsets_samples) > ms(100))
    row = int(alone[np.searchsorted(alone, row)])
    hits.onsets_samples[row] += ms(22.0)

    np.testing.assert_array_equal(np.flatnonzero(_moved(hits)), [row])


def test_programmed_eighths_follow_lines_that_swing() -> None:
    grid = steady(_BPM, RATE_HZ, rate_hz=RATE_HZ, length_samples=40 * RATE_HZ)
    swung = lines_of_grid(grid, Division("1/8", 60.0), RATE_HZ)

    moved = _moved(_programmed(), swung)

    assert moved.any()
    assert not moved.all()


def test_programmed_drums_that_swing_follow_straight_lines() -> None:
    numbers, tracks = rock(16)
    swing = np.where(numbers % 4 == 2, ms(30.0), 0.0)
    hits = hits_of(_LINES.positions_samples[numbers] + swing, tracks)

    targets = whole_performance()(hits, _LINES).targets_samples

    np.testing.assert_allclose(targets, np.sort(_LINES.positions_samples[numbers]), atol=1.0)


@pytest.mark.parametrize("factor", [0.996, 1.004])
def test_a_tempo_that_is_nearly_the_stated_one_is_reported(factor: float) -> None:
    lines = lines_of(16, _BPM / factor)
    onsets = np.unique(_programmed().onsets_samples)

    assert near_tempo(onsets, lines) == pytest.approx(factor, abs=2e-4)
    assert near_tempo(onsets, _LINES) is None


def test_a_latency_is_reported_and_what_is_on_the_lines_is_not_doubted() -> None:
    late, exact = _programmed(10.0), _programmed(-1.0)
    assert any("ms late" in one for one in grid_notices(late, np.unique(late.onsets_samples), _LINES, _BPM))
    assert not any(
        "ms late" in one for one in grid_notices(exact, np.unique(exact.onsets_samples), _LINES, _BPM)
    )
