"""Accents of a metronome count its bars, and say nothing of music."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.beats.activations import FRAMES_PER_S, RATE_HZ, band_levels, network_input, reference_db
from engine.analysis.beats.listen import listen
from engine.analysis.beats.readings import accent_odds, running_sums
from engine.lab.simulated.clicks import accented_clicks, click_track
from engine.lab.training.beats import kits
from tests.mostly_long import mostly_long


def sums_of(samples: np.ndarray, rate_hz: int = RATE_HZ) -> np.ndarray:
    levels = band_levels([samples.astype(np.float32)], rate_hz)
    return running_sums(network_input(levels, reference_db(levels)))


@pytest.mark.parametrize("beats_in_bar", range(2, 8))
@mostly_long("tempo_bpm", [50, 84, 190], keep=(84,))
def test_bars_of_accented_clicks_are_counted(tempo_bpm, beats_in_bar):
    track = accented_clicks(tempo_bpm, beats_in_bar, 44_100, first_beat=1)
    grid = listen([track.samples], 44_100, len(track.samples)).grid
    truth = track.clicks_samples[(np.arange(len(track.clicks_samples)) + 1) % beats_in_bar == 0]
    found = grid.beats_samples[grid.bar_positions == 1]
    away = np.abs(found[:, None] - truth[None, :])
    assert (away.min(axis=0) < 0.02 * 44_100).all(), "each downbeat is found"
    assert len(found) - len(truth) <= 1, "one may be counted before the first click or after the last"


@pytest.mark.parametrize("beats_in_bar", [2, 3, 7])
def test_a_rule_holds_wherever_in_a_frame_clicks_begin(beats_in_bar):
    track = accented_clicks(97, beats_in_bar, 44_100, first_beat=1)
    frames = track.clicks_samples / 44_100 * FRAMES_PER_S
    odds = accent_odds(sums_of(track.samples, 44_100), frames)
    np.testing.assert_array_equal(odds > 0, (np.arange(len(frames)) + 1) % beats_in_bar == 0)


def test_clicks_that_are_all_alike_say_nothing():
    track = click_track(97, 44_100)
    frames = track.clicks_samples / 44_100 * FRAMES_PER_S
    sums = sums_of(track.samples, 44_100)
    assert not accent_odds(sums, frames).any()
    between = np.sort(np.concatenate([frames, (frames[:-1] + frames[1:]) / 2.0]))
    assert not accent_odds(sums, between).any(), "every second beat would be silent"


def test_drums_say_nothing_though_they_repeat_to_the_sample():
    kit = kits.formula_kit(np.random.default_rng(4))
    beat_s = 0.5
    hits = [kits.DrumHit(0.3 + beat_s * beat, 36 if beat % 2 == 0 else 38, 0.9) for beat in range(48)]
    hits += [kits.DrumHit(0.3 + beat_s * eighth / 2, 42, 0.6) for eighth in range(96)]
    played = kits.play(hits, kit, 25.0, {})
    frames = (0.3 + beat_s * np.arange(48)) * FRAMES_PER_S
    assert not accent_odds(sums_of(played), frames).any()


def test_silence_and_two_beats_say_nothing():
    silence = sums_of(np.zeros(10 * RATE_HZ))
    assert not accent_odds(silence, np.arange(10.0, 400.0, 25.0)).any()
    assert not accent_odds(silence, np.array([10.0, 35.0])).any()
