"""How far strokes move once their lines are known, and which voices of them are at fault, to the sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.document.analysis import Hits, Ornament, Role
from engine.features.timing.alignment.fitting import Curve
from engine.features.timing.alignment.lines import Lines
from engine.features.timing.alignment.moves import (
    FlamLimits,
    _faulty,
    find_flams,
    joined_flams,
    placed,
    whole_performance,
)
from engine.features.timing.alignment.settings import ALL, AlignmentSettings
from engine.features.timing.alignment.strokes import VOICES, Strokes, gather
from tests.engine.features.timing.alignment.strokes_made import (
    HAT,
    KICK,
    RATE_HZ,
    SNARE,
    hits_of,
    lines_of,
    ms,
)

LINES = lines_of(4)
LEVEL = Curve(np.zeros(0), np.zeros(0))
NAN = np.nan


def _strokes(numbers: list[int], tracks: list[int], late_ms: list[float]) -> tuple[Hits, Strokes]:
    onsets = LINES.positions_samples[numbers] + np.array([ms(one) for one in late_ms])
    hits = hits_of(onsets, np.array(tracks))
    return hits, gather(hits, RATE_HZ)


def _lines_of(strokes: Strokes) -> np.ndarray:
    return np.abs(strokes.onsets_samples[:, None] - LINES.positions_samples).argmin(axis=1)


def _shifts_ms(
    late_ms: list[float], settings: AlignmentSettings, lines: list[int] | None = None
) -> list[float]:
    """Return the moves of kicks on the first beats of the bar, that late, in ms."""
    numbers = [4 * one for one in range(len(late_ms))]
    hits, strokes = _strokes(numbers, [KICK] * len(numbers), late_ms)
    taken = np.array(numbers if lines is None else lines)
    moved = placed(hits, strokes, taken, np.ones(len(numbers)), LINES, settings)
    return np.round((moved.targets_samples - hits.onsets_samples) / RATE_HZ * 1000.0, 6).tolist()


def test_strokes_move_onto_their_lines_and_as_far_as_the_strength_says() -> None:
    assert _shifts_ms([5.0, -10.0, 0.0], ALL) == [-5.0, 10.0, 0.0]
    assert _shifts_ms([5.0, -10.0, 0.0], AlignmentSettings(strength=0.25)) == [-1.25, 2.5, 0.0]
    assert _shifts_ms([5.0, -10.0, 0.0], AlignmentSettings(strength=0.0)) == [0.0, 0.0, 0.0]


def test_strokes_near_their_line_and_beyond_the_range_stay() -> None:
    late = [2.0, -4.0, 8.0, -30.0]
    assert _shifts_ms(late, AlignmentSettings(exclude_within_ms=4.0)) == [0.0, 0.0, -8.0, 30.0]
    assert _shifts_ms(late, AlignmentSettings(least_ms=4.0)) == [0.0, 4.0, -8.0, 30.0]
    assert _shifts_ms(late, AlignmentSettings(most_ms=8.0)) == [-2.0, 4.0, -8.0, 0.0]
    assert _shifts_ms(late, AlignmentSettings(least_ms=4.0, most_ms=4.0)) == [0.0, 4.0, 0.0, 0.0]


def test_a_stroke_within_half_a_sample_of_its_line_stays_to_the_bit() -> None:
    hits, strokes = _strokes([0, 4, 8], [KICK] * 3, [0.0, 0.0, 0.0])
    hits.onsets_samples[:] += [0.5, -0.5, 0.51]
    strokes = gather(hits, RATE_HZ)
    moved = placed(hits, strokes, np.array([0, 4, 8]), np.ones(3), LINES, ALL).targets_samples
    assert moved[:2].tolist() == hits.onsets_samples[:2].tolist()
    assert moved[2] == pytest.approx(LINES.positions_samples[8], abs=1e-9)


def test_strokes_of_excluded_bars_and_drums_stay() -> None:
    numbers, late = [0, 4, 16, 20], [5.0] * 4
    hits, strokes = _strokes(numbers, [KICK, SNARE, KICK, SNARE], late)

    def moved(**settings: frozenset[Any]) -> list[bool]:
        found = placed(hits, strokes, np.array(numbers), np.ones(4), LINES, AlignmentSettings(**settings))
        return (found.targets_samples != hits.onsets_samples).tolist()

    assert moved() == [True] * 4
    assert moved(kept_voices=frozenset({Role.KICK})) == [False, True, False, True]
    assert moved(kept_bars=frozenset({2})) == [True, True, False, False]
    assert moved(kept_bars=frozenset({1}), kept_voices=frozenset({Role.SNARE})) == [False, False, True, False]
    assert moved(kept_bars=frozenset({9})) == [True] * 4


def test_a_stroke_without_a_line_moves_between_its_neighbours() -> None:
    """Strokes half a second apart: in the middle of two moves it goes by their mean."""
    assert _shifts_ms([4.0, 6.0, 8.0], ALL, [0, -1, 8]) == [-4.0, -6.0, -8.0]
    # Beyond the last stroke that moves it is forgotten within a second.
    assert _shifts_ms([0.0, 8.0, 0.0, 0.0], ALL, [-1, 4, -1, -1]) == [-3.936, -8.0, -4.064, -0.064]
    assert _shifts_ms([3.0, 5.0], ALL, [-1, -1]) == [0.0, 0.0]


def test_strokes_farther_off_than_some_of_the_way_to_the_next_line_stay() -> None:
    late = [62.0, 63.0, -62.0, -63.0]  # of 125 ms
    assert _shifts_ms(late, AlignmentSettings(most_lines=0.5)) == [-62.0, 0.0, 62.0, 0.0]


def test_the_first_of_two_strokes_on_a_line_is_the_one_of_both() -> None:
    _, strokes = _strokes([0, 0, 4], [KICK, HAT, KICK], [-20.0, 15.0, 0.0])
    assert strokes.of_hits.tolist() == [0, 1, 2]
    both, first = joined_flams(strokes, np.array([0, 0, 4]))
    assert first.tolist() == [0, 2]
    assert both.of_hits.tolist() == [0, 0, 1]
    assert both.onsets_samples.tolist() == strokes.onsets_samples[[0, 2]].tolist()
    heard = both.voices[0]
    assert [VOICES[voice] for voice in np.flatnonzero(heard)] == [Role.KICK, Role.HAT]
    apart, every = joined_flams(strokes, np.array([-1, -1, 4]))
    assert apart is strokes
    assert every.tolist() == [0, 1, 2]
    assert (
        joined_flams(gather(hits_of(np.zeros(0), np.zeros(0, int)), RATE_HZ), np.zeros(0, int))[1].tolist()
        == []
    )


def _faults(
    times_ms: list[float],
    goal_ms: float = 0.0,
    marked: list[bool] | None = None,
    many: list[float] | None = None,
) -> list[bool]:
    times = np.array(times_ms)
    flags = np.zeros(len(times), bool) if marked is None else np.array(marked)
    nats = np.full(len(times), np.inf) if many is None else np.array(many)
    return _faulty(times, goal_ms, 5.0, flags, nats, 12.0, FlamLimits()).tolist()


def test_the_voice_farther_from_the_goal_is_at_fault_where_they_are_apart() -> None:
    assert _faults([0.0, 11.9]) == [False, False]
    assert _faults([0.0, 12.0]) == [False, True]
    assert _faults([-20.0, 0.0]) == [True, False]
    assert _faults([-20.0, 4.0], goal_ms=-18.0) == [False, True]
    # Steps of less than the limit are one stroke, however far its ends are.
    assert _faults([0.0, 10.0, 20.0]) == [False] * 3


def test_of_more_voices_the_fewer_are_at_fault() -> None:
    assert _faults([-25.0, 0.0, 1.0]) == [True, False, False]
    assert _faults([0.0, 20.0, 21.0], goal_ms=10.0) == [True, False, False]
    assert _faults([-20.0, 0.0, 20.0]) == [True, False, True]
    # Without a goal, late is commoner than early.
    assert _faults([0.0, 20.0], goal_ms=NAN) == [False, True]


def test_voices_that_are_marked_are_at_fault_whichever_is_nearer() -> None:
    assert _faults([0.0, 5.0], goal_ms=5.0, marked=[False, True]) == [False, True]
    assert _faults([0.0, 3.9], marked=[False, True]) == [False, False]
    assert _faults([0.0, 4.0], marked=[False, True]) == [False, True]
    assert _faults([0.0, 20.0], marked=[True, True]) == [False, True]  # all marked says nothing


def test_a_hit_too_many_is_likelier_to_be_the_one_apart() -> None:
    assert _faults([0.0, 20.0], goal_ms=10.0) == [False, True]
    assert _faults([0.0, 20.0], goal_ms=10.0, many=[-5.0, np.inf]) == [True, False]


def test_the_delay_of_a_late_hat_is_measured_and_a_stroke_of_usual_width_is_whole() -> None:
    numbers = [0, 4, 8, 12, 16, 20, 24, 28]
    pairs = [number for number in numbers for _ in range(2)]
    late = [one for _ in numbers for one in (0.0, 2.0)]
    late[9] = 30.0
    hits, strokes = _strokes(pairs, [KICK, HAT] * 8, late)
    taken = _lines_of(strokes)
    joined, first = joined_flams(strokes, taken)
    found = find_flams(hits, joined, taken[first], LINES, LEVEL)
    expected = [NAN] * 16
    expected[9] = 30.0
    np.testing.assert_allclose(found.late_samples / RATE_HZ * 1000.0, expected, atol=1e-9)
    assert not found.strays.any()
    # Drums usually 10 ms apart are a fault from twice as far on.
    late = [one for _ in numbers for one in (0.0, 10.0)]
    for apart_ms, is_fault in ((19.0, False), (21.0, True)):
        late[9] = apart_ms
        hits, strokes = _strokes(pairs, [KICK, HAT] * 8, late)
        taken = _lines_of(strokes)
        joined, first = joined_flams(strokes, taken)
        late_samples = find_flams(hits, joined, taken[first], LINES, LEVEL).late_samples
        assert np.isnan(late_samples).tolist() == [not (is_fault and row == 9) for row in range(16)]


def test_a_voice_marked_late_goes_to_its_stroke_and_both_to_the_line() -> None:
    onsets = LINES.positions_samples[[0, 4, 4, 8]] + np.array([0.0, ms(6.0), ms(10.0), 0.0])
    hits = hits_of(onsets, np.array([KICK, KICK, HAT, KICK]), ornaments={2: Ornament.LATE_VOICE})
    strokes = gather(hits, RATE_HZ)
    assert strokes.of_hits.tolist() == [0, 1, 1, 2]
    moved = placed(hits, strokes, np.array([0, 4, 8]), np.array([1.0, 0.5, 1.0]), LINES, ALL)
    at = LINES.positions_samples
    np.testing.assert_allclose(moved.targets_samples, [at[0], at[4], at[4], at[8]], atol=1e-6)
    np.testing.assert_allclose(moved.flams_samples, [NAN, NAN, ms(4.0), NAN], atol=1e-6)
    assert moved.lines.tolist() == [0, 4, 4, 8]
    assert moved.confidences.tolist() == [1.0, 0.5, 0.5, 1.0]
    left = placed(hits, strokes, np.array([0, 4, 8]), np.ones(3), LINES, AlignmentSettings(fix_flams=False))
    np.testing.assert_allclose(left.targets_samples - onsets, [0.0, -ms(6.0), -ms(6.0), 0.0], atol=1e-6)
    assert np.isnan(left.flams_samples).all()


def test_a_drum_that_belongs_later_goes_so_much_later() -> None:
    settings = AlignmentSettings(drums_ms={Role.SNARE: 7.0}, by_carriers=True)
    hits, strokes = _strokes([0, 4, 4, 8], [HAT, HAT, SNARE, SNARE], [3.0, 0.0, 2.0, 7.0])
    taken = np.array([0, 4, 8])
    moved = placed(hits, strokes, taken, np.ones(3), LINES, settings).targets_samples - hits.onsets_samples
    # The hat with the snare keeps its distance to it: the snare carries the stroke.
    np.testing.assert_allclose(moved, [-ms(3.0), ms(5.0), ms(5.0), 0.0], atol=1e-6)


def test_a_grace_note_keeps_its_distance() -> None:
    onsets = LINES.positions_samples[[0, 4, 4]] + np.array([0.0, -ms(25.0), ms(10.0)])
    hits = hits_of(onsets, np.array([SNARE] * 3), ornaments={1: Ornament.FLAM})
    strokes = gather(hits, RATE_HZ)
    assert strokes.of_hits.tolist() == [0, 1, 1]
    assert strokes.graces.tolist() == [False, True, False]
    moved = placed(hits, strokes, np.array([0, 4]), np.ones(2), LINES, ALL).targets_samples
    np.testing.assert_allclose(moved - onsets, [0.0, -ms(10.0), -ms(10.0)], atol=1e-6)


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_moves_without_lines(count: int) -> None:
    none = Lines(np.zeros(0), np.zeros(0), np.zeros(0, np.int8), RATE_HZ)
    hits = hits_of(np.full(count, 500.0), np.zeros(count, int))
    found = whole_performance()(hits, none)
    assert found.lines.tolist() == [-1] * count
    assert found.targets_samples.tolist() == [500.0] * count
