"""Beats found in activations of which the beats are known, and the fast search equal to the plain one."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.beats.counted import filled
from engine.analysis.beats.decode import Pulse, beat_odds, best_pulse, steps
from engine.analysis.beats.readings import METRES, best_bars, downbeat_odds
from engine.analysis.signal.onsets import Onsets
from engine.lab.evaluation.timing.beat_figures import f_measure
from tests.engine.analysis.beats.simulated import FRAMES_PER_S, simulated


def found(beats_s, length_s, rng, **heard):
    odds = beat_odds(simulated(beats_s, length_s, rng, **heard).beat, FRAMES_PER_S)
    return best_pulse(odds, FRAMES_PER_S).frames / FRAMES_PER_S


@pytest.mark.parametrize("tempo_bpm", [30, 38, 54, 65, 87, 102, 131, 165, 190, 230, 300])
def test_beats_of_any_tempo_are_found(rng, tempo_bpm):
    beats_s = np.arange(0.37, 45.0, 60.0 / tempo_bpm)
    assert f_measure(beats_s, found(beats_s, 45.0, rng)) > 0.98


def test_what_is_heard_between_beats_does_not_double_them(rng):
    beats_s = np.arange(0.37, 60.0, 60.0 / 87.0)
    assert f_measure(beats_s, found(beats_s, 60.0, rng, between=0.12)) > 0.98


@pytest.mark.parametrize(("from_bpm", "to_bpm"), [(60, 180), (200, 80)])
def test_a_ramp_is_followed(rng, from_bpm, to_bpm):
    times_s = [0.4]
    while times_s[-1] < 59.0:
        times_s.append(times_s[-1] + 60.0 / (from_bpm + (to_bpm - from_bpm) * times_s[-1] / 60.0))
    assert f_measure(np.array(times_s), found(np.array(times_s), 60.0, rng, missed=0.03)) > 0.96


def test_a_new_tempo_is_taken_at_once(rng):
    beats_s = np.concatenate([np.arange(0.3, 20.0, 0.5), np.arange(20.3, 45.0, 0.37)])
    assert f_measure(beats_s, found(beats_s, 45.0, rng)) > 0.98


def test_a_break_is_counted_through(rng):
    beats_s = np.arange(0.3, 50.0, 0.5)
    heard = simulated(beats_s, 50.0, rng)
    heard.beat[round(20.0 * FRAMES_PER_S) : round(29.8 * FRAMES_PER_S)] *= 0.05
    pulse = best_pulse(beat_odds(heard.beat, FRAMES_PER_S), FRAMES_PER_S)
    played = np.rint(beats_s[(beats_s < 20.0) | (beats_s > 29.8)] * FRAMES_PER_S).astype(np.int64)
    beats = filled(pulse.frames, Onsets(played, np.ones(len(played))))
    assert f_measure(beats_s, beats / FRAMES_PER_S) > 0.98


def test_a_passage_without_a_pulse_has_no_beats(rng):
    before_s, after_s = np.arange(0.3, 20.0, 0.5), np.arange(40.1, 60.0, 0.47)
    random_s = np.sort(rng.uniform(20.5, 39.5, 60))
    heard = simulated(np.concatenate([before_s, after_s]), 60.0, rng)
    heard.beat[:] = np.maximum(heard.beat, 0.25 * simulated(random_s, 60.0, rng).beat)
    found_s = best_pulse(beat_odds(heard.beat, FRAMES_PER_S), FRAMES_PER_S).frames / FRAMES_PER_S
    assert f_measure(before_s, found_s[found_s < 20.25]) > 0.97
    assert f_measure(after_s, found_s[found_s > 39.9]) > 0.97
    assert np.count_nonzero((found_s > 21.0) & (found_s < 39.0)) < 5


@pytest.mark.parametrize("count", [0, 1, 5, 11])
def test_nothing_has_no_beats(count):
    pulse = best_pulse(beat_odds(np.zeros(count, np.float32), FRAMES_PER_S), FRAMES_PER_S)
    assert len(pulse.frames) == len(pulse.tempi_bpm) == 0


def test_tempi_are_kept_to(rng):
    beats_s = np.arange(0.3, 40.0, 0.4)
    odds = beat_odds(simulated(beats_s, 40.0, rng).beat, FRAMES_PER_S)
    near = Pulse(np.array([0, len(odds) - 1]), np.array([75.0, 75.0]))
    slow = best_pulse(odds, FRAMES_PER_S, near=near)
    assert f_measure(beats_s[::2], slow.frames / FRAMES_PER_S) > 0.98 or (
        f_measure(beats_s[1::2], slow.frames / FRAMES_PER_S) > 0.98
    )


def plain_score(odds):
    """Return the score of the best path by the recurrence of the model, written out."""
    model = steps(FRAMES_PER_S)
    states = range(len(model.tempi_bpm))
    best = np.full((len(odds), len(model.tempi_bpm)), -np.inf)
    leaving = best.copy()
    for frame, here in enumerate(odds):
        for state in states:
            total = 0.0
            intervals = zip(model.intervals_frames[:, state], model.distance_costs[:, state], strict=True)
            for interval, cost in intervals:
                if frame >= interval:
                    total = max(total, leaving[frame - interval, state] - cost)
            best[frame, state] = total + here
        for state in states:
            changed = [
                best[frame, state + away - 3] - cost
                for away, cost in enumerate(model.tempo_costs)
                if 0 <= state + away - 3 < len(model.tempi_bpm)
            ]
            leaving[frame, state] = max(*changed, best[frame].max() - 16.0)
    return best.max()


def score_of(odds, pulse):
    """Return the score of a path, its steps priced one by one."""
    model = steps(FRAMES_PER_S)
    total = odds[pulse.frames].sum()
    state = np.searchsorted(-model.tempi_bpm, -pulse.tempi_bpm)
    for before, after in zip(range(len(state)), range(1, len(state)), strict=False):
        interval = pulse.frames[after] - pulse.frames[before]
        which = int(np.flatnonzero(model.intervals_frames[:, state[after]] == interval)[0])
        total -= model.distance_costs[which, state[after]]
        away = abs(int(state[after] - state[before]))
        total -= min(model.tempo_costs[3 + away] if away <= 3 else np.inf, 16.0)
    return total


@pytest.mark.parametrize("tempo_bpm", [300, 110])
def test_the_fast_search_is_as_good_as_the_plain_one(rng, tempo_bpm):
    beats_s = np.arange(0.2, 3.0, 60.0 / tempo_bpm)
    odds = beat_odds(simulated(beats_s, 3.0, rng).beat, FRAMES_PER_S) + rng.normal(0.0, 0.5, 150)
    pulse = best_pulse(odds, FRAMES_PER_S)
    assert score_of(odds, pulse) == pytest.approx(plain_score(odds))


@pytest.mark.parametrize("metre", METRES)
def test_bars_of_any_length_are_counted(rng, metre):
    positions = (np.arange(80) + metre // 2) % metre + 1
    heard = np.clip(np.where(positions == 1, 0.6, 0.1) + rng.normal(0.0, 0.1, 80), 0.0, 1.0)
    np.testing.assert_array_equal(best_bars(downbeat_odds(heard)).positions, positions)


def test_the_metre_may_change_and_a_beat_may_be_dropped(rng):
    parts = [np.arange(40) % 4, np.arange(42) % 3, np.arange(42) % 4, np.arange(40) % 4]
    positions = np.concatenate(parts) + 1
    heard = np.clip(np.where(positions == 1, 0.7, 0.1) + rng.normal(0.0, 0.1, len(positions)), 0.0, 1.0)
    assert (best_bars(downbeat_odds(heard)).positions == positions).mean() > 0.95


def test_bars_have_four_beats_where_nothing_tells():
    np.testing.assert_array_equal(best_bars(downbeat_odds(np.full(6, 0.1))).positions, [1, 2, 3, 4, 1, 2])
    assert len(best_bars(np.zeros(0)).positions) == 0


def test_after_a_gap_any_bar_may_have_begun():
    odds = np.where(np.arange(28) % 4 == 0, 2.0, -1.0)
    odds[14:] = np.where(np.arange(14) % 3 == 1, 0.6, -0.3)
    assert np.flatnonzero(best_bars(odds, after_gaps={14}).positions == 1).tolist() == [
        *range(0, 14, 4),
        *range(15, 28, 3),
    ]
    assert np.flatnonzero(best_bars(odds).positions[14:] == 1).tolist() != list(range(1, 14, 3))


def plain_bars_score(odds):
    """Return the score of the best count, trying what may follow what place by place."""
    prices = {2: 0.10, 3: 0.04, 4: 0.0, 5: 0.10, 6: 0.08, 7: 0.12}
    places = [(metre, count) for metre in METRES for count in range(1, metre + 1)]
    total = {(m, c): (odds[0] + 0.5 if c == 1 else 0.0) - prices[m] for m, c in places}
    for here in odds[1:]:
        after = {}
        for metre, count in places:
            if count > 1:
                after[metre, count] = total[metre, count - 1] - prices[metre]
            else:
                ends = [total[m, m] - (0.0 if m == metre else 8.0) for m in METRES]
                after[metre, count] = max(ends) + here - prices[metre]
        total = after
    return max(total.values())


def test_the_fast_count_is_as_good_as_the_plain_one(rng):
    odds = rng.normal(0.0, 2.0, 200)
    assert best_bars(odds).score == pytest.approx(plain_bars_score(odds))
