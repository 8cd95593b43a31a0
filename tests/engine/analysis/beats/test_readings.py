"""From simulated activations to grids and readings of them, on clicks that are really heard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.analysis.beats.listen import between_frames, find_beats, in_time
from engine.analysis.beats.readings import TempoPrior
from engine.analysis.beats.traces import trace
from engine.core.errors import UsageError
from engine.document.analysis import BeatGrid
from engine.document.grid_readings import LEVELS, next_reading, readings_of, respaced
from engine.lab.simulated.clicks import click_track
from tests.engine.analysis.beats.simulated import simulated

RATE_HZ = 22_050


@pytest.mark.parametrize(("tempo_bpm", "metre"), [(30, 3), (65, 4), (102, 5), (190, 7), (300, 2)])
def test_beats_sit_on_the_clicks_and_bars_where_they_are_heard(rng, tempo_bpm, metre):
    length_s = max(15.0, 24 * 60.0 / tempo_bpm)
    track = click_track(tempo_bpm, RATE_HZ, length_s=length_s)
    told = simulated(
        track.clicks_samples / RATE_HZ, length_s, rng, beats_in_bar=metre, first_beat=metre - 1, missed=0.0
    )
    best, *others = find_beats(replace(trace([track.samples], RATE_HZ, len(track.samples)), activations=told))
    assert len(best.grid.beats_samples) == len(track.clicks_samples)
    assert np.abs(best.grid.beats_samples - track.clicks_samples).max() < 0.0005 * RATE_HZ
    np.testing.assert_array_equal(best.grid.downbeats_samples, best.grid.beats_samples[1::metre])
    assert best.confidence > 0.4
    assert sum(one.confidence for one in (best, *others)) <= 1.0 + 1e-9
    assert list(best.grid.readings) == [one.name for one in others]


def test_where_every_other_beat_is_hardly_heard_the_band_tells_the_level(rng):
    track = click_track(160, RATE_HZ, length_s=20.0)
    traces = trace([track.samples], RATE_HZ, len(track.samples))
    told = simulated(track.clicks_samples[::2] / RATE_HZ, 20.0, rng, missed=0.0, between=0.4)
    tempi = {}
    for expected in (80.0, 160.0):
        best, *others = find_beats(replace(traces, activations=told), tempo_prior=TempoPrior(expected, 0.12))
        tempi[expected] = best.grid.tempo_bpm
        assert others
    assert tempi[80.0] == pytest.approx(80.0, rel=0.02)
    assert tempi[160.0] == pytest.approx(160.0, rel=0.02)


def test_where_nothing_is_heard_there_are_no_readings():
    track = click_track(120, RATE_HZ, length_s=10.0)
    traces = trace([track.samples], RATE_HZ, len(track.samples))
    nothing = simulated(np.zeros(0), 10.0, np.random.default_rng(1))
    assert find_beats(replace(traces, activations=nothing)) == ()


def test_peaks_are_found_between_frames():
    times = np.arange(100.0)
    beat = np.exp(-0.5 * ((times - 40.3) / 1.2) ** 2).astype(np.float32)
    np.testing.assert_allclose(between_frames(np.array([39, 40, 41]), beat), 40.3, atol=0.01)


def test_beats_without_any_heard_around_are_left_out():
    odds = np.concatenate([np.full(20, 2.0), np.full(40, -2.0), np.full(20, 2.0)])
    kept = in_time(odds)
    assert kept[:20].all()
    assert kept[-20:].all()
    assert not kept[30:50].any()


def grid_of(bars: int, beats_in_bar: int) -> BeatGrid:
    beats = np.arange(bars * beats_in_bar + 1, dtype=np.int64) * 12_000 + 500
    return BeatGrid(beats, np.arange(len(beats)) % beats_in_bar + 1, 120.0, 0.8, "heard")


@pytest.mark.parametrize("beats_in_bar", [2, 3, 4, 5])
@pytest.mark.parametrize("name", sorted(LEVELS))
def test_every_reading_counts_as_often_as_it_says_and_begins_bars_where_they_were(name, beats_in_bar):
    grid, level = grid_of(12, beats_in_bar), LEVELS[name]
    counted = level.count(grid)
    spacing = 12_000 / level.ratio
    np.testing.assert_allclose(np.diff(counted.beats_samples), float(spacing), atol=1)
    assert counted.tempo_bpm == pytest.approx(120.0 * float(level.ratio))
    assert counted.beats_samples[0] == grid.beats_samples[0]
    assert counted.bar_positions[0] == 1
    assert (counted.bar_positions >= 1).all()
    if name in ("half", "double"):  # the metre stays
        assert (np.diff(counted.bar_positions) % beats_in_bar == 1 % beats_in_bar).all()
        assert counted.bar_positions.max() == beats_in_bar
    elif (beats_in_bar * level.ratio).denominator == 1:
        assert set(counted.downbeats_samples.tolist()) == set(grid.downbeats_samples.tolist())


def test_a_pickup_keeps_its_count():
    grid = grid_of(8, 4)
    late = replace(grid, bar_positions=(np.arange(len(grid.beats_samples)) + 2) % 4 + 1)
    counted = respaced(late, 3, 2)
    np.testing.assert_array_equal(counted.bar_positions[:5], [4, 5, 6, 1, 2])
    assert set(counted.downbeats_samples.tolist()) == set(late.downbeats_samples.tolist())


def test_a_grid_too_fast_or_too_short_is_counted_in_no_other_way():
    with pytest.raises(UsageError, match="999 BPM"):
        respaced(replace(grid_of(2, 4), tempo_bpm=800.0), 3, 2)
    one = BeatGrid(np.array([5], np.int64), np.array([1], np.int64), 120.0, 1.0, "")
    assert respaced(one, 3, 2) is one
    assert [reading.label for reading in readings_of(one)] == ["As detected"]


def test_readings_follow_each_other_in_a_round():
    grid = grid_of(8, 4)
    seen, current = [], grid
    for _ in range(4):
        following = next_reading(grid, current)
        assert following is not None
        current = following.grid
        seen.append(current.tempo_bpm)
    assert seen == pytest.approx([60.0, 240.0, 180.0, 120.0])
    assert next_reading(grid, replace(grid, beats_samples=grid.beats_samples + 7)) is None
