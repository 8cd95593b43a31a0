"""What one pass over a recording hears: clicks, songs, silence and rubbish."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from engine.analysis.beats.listen import find_beats, listen
from engine.analysis.beats.traces import trace
from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress
from engine.lab.evaluation.timing.beat_figures import errors_ms, f_measure
from engine.lab.evaluation.timing.classic.find import find_beats as find_classic
from engine.lab.evaluation.timing.classic.strengths import strengths_of
from engine.lab.evaluation.timing.recordings import read_song
from engine.lab.simulated.clicks import click_track
from tests.mostly_long import mostly_long

FLOOR = json.loads((Path(__file__).parent / "grooves_floor.json").read_text())
RATE_HZ = 44_100


def hear(samples, rate_hz=RATE_HZ):
    return listen([np.asarray(samples, np.float32)], rate_hz, len(samples))


@pytest.mark.parametrize("tempo_bpm", [60, 77, 93, 120, 144.5, 171, 200])
@mostly_long("rate_hz", [22_050, 44_100, 48_000], keep=(44_100,))
def test_clicks_are_found_where_they_are(tempo_bpm, rate_hz):
    track = click_track(tempo_bpm, rate_hz, length_s=14.0, first_s=0.41)
    heard = hear(track.samples, rate_hz)
    grid = heard.grid
    assert len(grid.beats_samples) == len(track.clicks_samples)
    late_ms = 1000.0 * (grid.beats_samples - track.clicks_samples) / rate_hz
    assert abs(np.median(late_ms)) < 1.0
    assert np.abs(late_ms).max() < 2.0
    assert grid.tempo_bpm == pytest.approx(tempo_bpm, rel=0.002)
    # A dozen clicks that are all alike could as well be every second beat, or every half.
    assert grid.confidence > 0.65
    assert grid.confidence > 5.0 * heard.readings[1].confidence


def test_a_tempo_that_drifts_is_followed(rng):
    times_s = [0.5]
    while times_s[-1] < 58.0:
        times_s.append(times_s[-1] + 60.0 / (95.0 + 30.0 * times_s[-1] / 58.0))
    samples = np.zeros(60 * RATE_HZ)
    for time_s in times_s:
        samples[round(time_s * RATE_HZ) :][:800] += (
            0.3 * rng.standard_normal(800) * np.exp(-np.arange(800) / 200)
        )
    grid = hear(samples).grid
    assert f_measure(np.array(times_s), grid.beats_samples / RATE_HZ) > 0.99


@pytest.mark.parametrize("beats_in_bar", [3, 4])
def test_bars_are_counted_from_the_low_beat(beats_in_bar):
    grid = hear(click_track(110, RATE_HZ, beats_in_bar=beats_in_bar).samples).grid
    expected = np.arange(len(grid.beats_samples)) % beats_in_bar + 1
    np.testing.assert_array_equal(grid.bar_positions, expected)


@pytest.mark.parametrize("find", ["learned", "classic"])
@pytest.mark.parametrize("groove", sorted(FLOOR["classic"]))
def test_grooves_stay_above_the_stored_floor(data_dir, groove, find):
    recording = read_song(data_dir / "grooves" / groove)
    traces = trace([recording.samples], recording.rate_hz, len(recording.samples))
    strengths = strengths_of([recording.samples], recording.rate_hz)
    grid = find_beats(traces)[0].grid if find == "learned" else find_classic(traces.onsets, strengths)
    beats_s, downbeats_s = (at / recording.rate_hz for at in (grid.beats_samples, grid.downbeats_samples))
    floor = FLOOR["classic"][groove] | FLOOR[find].get(groove, {})
    assert f_measure(recording.beats_s, beats_s) >= floor["beat_f_measure"]
    assert f_measure(recording.downbeats_s, downbeats_s) >= floor["downbeat_f_measure"]
    assert abs(np.median(errors_ms(recording.beats_s, beats_s))) <= floor["bias_ms"]
    assert grid.confidence > 0.3


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param((1 << 20,), marks=pytest.mark.long),
        pytest.param((65_536,), marks=pytest.mark.long),
        (1, 4097, 333),
    ],
)
def test_blocks_make_no_difference(data_dir, sizes):
    recording = read_song(data_dir / "grooves/3_rock_100")
    samples, rate_hz = recording.samples, recording.rate_hz

    def blocks():
        start = turn = 0
        while start < len(samples):
            size = sizes[turn % len(sizes)]
            yield samples[start : start + size]
            start, turn = start + size, turn + 1

    heard, whole = listen(blocks(), rate_hz, len(samples)), hear(samples, rate_hz)
    np.testing.assert_array_equal(heard.grid.beats_samples, whole.grid.beats_samples)
    np.testing.assert_array_equal(heard.grid.bar_positions, whole.grid.bar_positions)
    np.testing.assert_array_equal(heard.listening.onsets_samples, whole.listening.onsets_samples)
    np.testing.assert_array_equal(heard.listening.loudness_db, whole.listening.loudness_db)
    assert heard.grid.confidence == whole.grid.confidence


def hostile() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    hit = np.zeros(10 * RATE_HZ)
    hit[RATE_HZ : RATE_HZ + 400] = rng.standard_normal(400)
    return {
        "nothing": np.zeros(0),
        "one sample": np.ones(1),
        "silence": np.zeros(5 * RATE_HZ),
        "one hit": hit,
        "noise": 0.1 * rng.standard_normal(30 * RATE_HZ),
        "steady tone": np.sin(np.arange(8 * RATE_HZ) * 0.05),
        "offset": np.ones(5 * RATE_HZ),
        "not a number": np.full(4 * RATE_HZ, np.nan),
        "infinite": np.full(4 * RATE_HZ, np.inf),
        "shorter than a window": 0.5 * rng.standard_normal(700),
    }


@pytest.mark.parametrize("name", sorted(hostile()))
def test_where_there_is_no_pulse_the_grid_is_empty(name):
    samples = hostile()[name]
    heard = hear(samples)
    assert len(heard.grid.beats_samples) == len(heard.grid.bar_positions) == 0
    assert heard.grid.tempo_bpm == heard.grid.confidence == 0.0
    assert len(heard.listening.loudness_db) == -(-len(samples) // 1024)
    assert np.isfinite(heard.listening.loudness_db).all()


def test_three_seconds_are_enough():
    track = click_track(120, RATE_HZ, length_s=3.0)
    np.testing.assert_allclose(hear(track.samples).grid.beats_samples, track.clicks_samples, atol=30)


def test_quiet_music_counts_as_much_as_loud():
    track = click_track(100, RATE_HZ, length_s=10.0)
    quiet = hear(track.samples * 10 ** (-50 / 20)).grid
    assert f_measure(track.clicks_samples / RATE_HZ, quiet.beats_samples / RATE_HZ) == 1.0


def test_a_passage_without_a_pulse_is_marked_and_has_no_beats(rng):
    steady = click_track(120, RATE_HZ, length_s=20.0).samples
    free = np.zeros(15 * RATE_HZ, np.float32)
    for at_s in np.sort(rng.uniform(0.0, 14.9, 45)):
        free[round(at_s * RATE_HZ) :][:2_000] += steady[round(0.3 * RATE_HZ) :][:2_000]
    grid = hear(np.concatenate([steady, free, steady])).grid
    (span,) = grid.free_samples / RATE_HZ
    assert span == pytest.approx([20.0, 35.0], abs=1.5)
    assert np.abs(grid.beats_samples[:40] / RATE_HZ - np.arange(0.3, 20.0, 0.5)).max() < 0.01
    assert not ((grid.beats_samples > 21 * RATE_HZ) & (grid.beats_samples < 34 * RATE_HZ)).any()


def test_nobody_counts_through_a_long_silence():
    clicks = click_track(120, RATE_HZ, length_s=15.0).samples
    samples = np.concatenate([clicks, np.zeros(15 * RATE_HZ, np.float32), clicks])
    beats_s = hear(samples).grid.beats_samples / RATE_HZ
    assert not ((beats_s > 19.0) & (beats_s < 27.0)).any()
    assert (beats_s < 15.1).sum() == 30
    assert (beats_s > 30.1).sum() == 30


@pytest.mark.parametrize("rate_hz", [1, 4_000, 400_000])
def test_a_rate_at_which_nothing_can_be_heard_leaves_loudness(rate_hz):
    heard = hear(np.ones(5000), rate_hz)
    assert len(heard.grid.beats_samples) == len(heard.listening.onsets_samples) == 0
    np.testing.assert_array_equal(heard.listening.loudness_db, np.zeros(5))


def test_the_stages_can_be_called_one_by_one():
    track = click_track(90, RATE_HZ, length_s=8.0)
    traces = trace([track.samples], RATE_HZ, len(track.samples))
    staged, whole = find_beats(traces)[0].grid, hear(track.samples)
    np.testing.assert_array_equal(staged.beats_samples, whole.grid.beats_samples)
    np.testing.assert_array_equal(traces.onsets.positions_samples, whole.listening.onsets_samples)


def test_progress_rises_to_one_and_cancel_is_heard():
    track = click_track(100, RATE_HZ, length_s=20.0)
    fractions: list[float] = []
    cancelled = Event()
    progress = ReportingProgress(lambda fraction, _text, _figures: fractions.append(fraction), cancelled)
    listen([track.samples], RATE_HZ, len(track.samples), progress)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    cancelled.set()
    with pytest.raises(Cancelled):
        listen([track.samples], RATE_HZ, len(track.samples), progress)
    with pytest.raises(Cancelled):
        find_beats(trace([track.samples], RATE_HZ, 1), progress)
