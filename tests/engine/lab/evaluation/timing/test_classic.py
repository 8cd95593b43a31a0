"""The stages between the sound and the grid, each on its own."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lab.evaluation.timing.classic.bars import bar_positions
from engine.lab.evaluation.timing.classic.tempo import follow_tempo, tempogram
from engine.lab.evaluation.timing.classic.track import best_beats, pulse_score

FRAMES_PER_S = 86.13


def pulses(period, count=1500, start=20.0):
    strength = np.zeros(count, np.float32)
    strength[np.rint(np.arange(start, count - 1, period)).astype(int)] = 5.0
    return strength


def plain_beats(score, period):
    """Ellis's recurrence, written out frame by frame."""
    total, back = np.zeros(len(score)), np.full(len(score), -1)
    started = False
    for frame in range(len(score)):
        best, choice = -np.inf, -1
        for before in range(frame - 2 * period, frame - period // 2 + 1):
            value = (total[before] if before >= 0 else 0.0) - 100.0 * np.log((frame - before) / period) ** 2
            if value > best:
                best, choice = value, before
        total[frame] = score[frame] + best
        if started or score[frame] >= 0.01 * score.max():
            back[frame], started = choice, True
    tail = len(score) - int(1.5 * period)
    beats = [tail + int(total[tail:].argmax())]
    while back[beats[-1]] >= 0:
        beats.append(int(back[beats[-1]]))
    return np.array(beats[::-1])


@pytest.mark.parametrize("period", [22, 41])
def test_beats_equal_the_plain_recurrence(rng, period):
    strength = (rng.random(500) ** 4).astype(np.float32)
    periods = np.full(500, float(period))
    score = pulse_score(strength, periods)
    np.testing.assert_array_equal(best_beats(score, periods), plain_beats(score, period))


def test_beats_survive_nothing():
    assert len(best_beats(np.zeros(0), np.zeros(0))) == 0
    assert len(best_beats(np.zeros(3), np.full(3, 40.0))) >= 0


def test_correlation_is_one_at_no_lag_and_at_the_period():
    ((_, correlation),) = tempogram(pulses(40.0), FRAMES_PER_S).blocks()
    np.testing.assert_allclose(correlation[:, 0], 1.0)
    assert correlation[:, 40].min() > 0.9
    assert np.abs(correlation).max() <= 1.0


@pytest.mark.parametrize("period", [26.0, 33.0, 43.07, 71.8])
def test_tempo_of_pulses(period):
    path = follow_tempo(pulses(period), FRAMES_PER_S)
    np.testing.assert_allclose(path.periods, period, rtol=0.02)
    assert path.regularity.min() > 0.5


def test_tempo_changes_where_the_music_does():
    strength = np.concatenate([pulses(50.0, 3000), pulses(40.0, 3000)])
    path = follow_tempo(strength, FRAMES_PER_S)
    assert np.median(path.periods[:20]) == pytest.approx(50.0, rel=0.02)
    assert np.median(path.periods[-20:]) == pytest.approx(40.0, rel=0.02)


def test_bars_count_from_one_where_nothing_tells():
    np.testing.assert_array_equal(bar_positions(np.zeros(6)), [1, 2, 3, 4, 1, 2])
    assert len(bar_positions(np.zeros(0))) == 0


def test_bars_slip_after_a_dropped_beat(rng):
    accents = np.tile([2.0, -1.0, 0.5, -1.0], 20)
    dropped = np.delete(accents, 42) + 0.1 * rng.standard_normal(79)
    positions = bar_positions(dropped)
    assert (positions[:40:4] == 1).all()
    assert (positions[43::4] == 1).all()
