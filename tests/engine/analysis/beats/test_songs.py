"""Each song of a recording weighed by itself: between pauses, and where beats are far apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.analysis.beats.listen import FEWEST_BEATS, find_beats, songs_of
from engine.analysis.beats.traces import trace
from engine.document.kinds.timing import HEARD, READINGS
from engine.lab.simulated.clicks import accented_clicks, click_track

RATE_HZ = 22_050


def test_songs_are_weighed_apart():
    one = click_track(100, RATE_HZ, length_s=20.0).samples
    other = accented_clicks(140, 4, RATE_HZ, length_s=20.0).samples
    sound = np.concatenate([one, np.zeros(6 * RATE_HZ, np.float32), other])
    traces = trace([sound], RATE_HZ, len(sound))
    grid = find_beats(traces)[0].grid
    songs = songs_of(traces, grid)
    assert len(songs) == 2
    assert songs[0].stop_samples <= 21 * RATE_HZ < 25 * RATE_HZ <= songs[1].start_samples
    for song, ratio in zip(songs, (100.0, 140.0), strict=True):
        assert np.log2(song.tempo_bpm / ratio) == pytest.approx(
            round(np.log2(song.tempo_bpm / ratio)), abs=0.03
        )
        assert set(song.likely) <= set(READINGS)
        assert HEARD in song.likely
        assert list(song.likely.values()) == sorted(song.likely.values(), reverse=True)
        assert sum(song.likely.values()) == pytest.approx(1.0)
        assert song.bars.sum() == pytest.approx(1.0)
    assert songs[1].bars.argmax() == 0, "its first beats are accented"


def test_nothing_is_said_of_few_beats():
    clicks = click_track(120, RATE_HZ, length_s=30.0).samples
    traces = trace([clicks], RATE_HZ, len(clicks))
    grid = find_beats(traces)[0].grid
    few = replace(grid, beats_samples=grid.beats_samples[: FEWEST_BEATS - 1])
    assert songs_of(traces, replace(few, bar_positions=grid.bar_positions[: FEWEST_BEATS - 1])) == ()
    assert len(songs_of(traces, grid)) == 1
