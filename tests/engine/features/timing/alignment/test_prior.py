"""The prior for the lines of strokes: places in bars, usual patterns, and bars that are alike."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.analysis import Role
from engine.features.timing.alignment.groove import (
    RAREST,
    SUREST,
    Repetition,
    lines_in_bar,
    log_odds,
    plain,
    repeated,
)
from engine.features.timing.alignment.lines import Lines
from engine.features.timing.alignment.strokes import VOICES, gather
from tests.engine.features.timing.alignment.strokes_made import HAT, RATE_HZ, hits_of, lines_of, rock

_KICK, _HAT, _TOM = (VOICES.index(role) for role in (Role.KICK, Role.HAT, Role.TOM))


def _lines(beats: list[float], downbeats: list[int]) -> Lines:
    levels = np.full(len(beats), 2, np.int8)
    levels[downbeats] = 0
    return Lines(np.array(beats) * 1000.0, np.array(beats), levels, 1000)


def test_lines_are_counted_in_forty_eighths_of_a_beat_from_their_downbeat() -> None:
    bars, places = lines_in_bar(_lines([0.0, 0.5, 1.0, 4 / 3, 3.0, 3.25, 5.0], [0, 4]))
    assert bars.tolist() == [1, 1, 1, 1, 2, 2, 2]
    assert places.tolist() == [0, 24, 48, 64, 0, 12, 96]


def test_lines_before_the_first_downbeat_are_the_end_of_a_bar() -> None:
    bars, places = lines_in_bar(_lines([-1.0, -0.5, 0.0, 1.0, 3.0, 4.0], [2, 4]))
    assert bars.tolist() == [0, 0, 1, 1, 2, 2]
    assert places.tolist() == [96, 120, 0, 48, 0, 48]


def test_without_downbeats_bars_have_four_beats() -> None:
    bars, places = lines_in_bar(_lines([0.0, 3.5, 4.0, 9.0], []))
    assert bars.tolist() == [0, 0, 1, 2]
    assert places.tolist() == [0, 168, 0, 48]
    one, _ = lines_in_bar(_lines([-1.0, 0.0, 1.0], [1]))
    assert one.tolist() == [0, 1, 1]


def test_a_drum_is_likelier_where_drummers_play_it_and_as_frequent_as_here() -> None:
    lines, (numbers, tracks) = lines_of(8), rock(8)
    strokes = gather(hits_of(lines.positions_samples[numbers], tracks), RATE_HZ)
    likely = plain(strokes, lines)
    assert likely.shape == (129, len(VOICES))
    # Levels of the first lines: downbeat, fourth, half, fourth, beat.
    by_fineness = np.array([4.0, 0.7, 0.7, 0.7, 2.4])
    np.testing.assert_allclose(likely[:5, _KICK] / likely[0, _KICK] * 4.0, by_fineness)
    hat = likely[:, _HAT].mean() * len(lines.beats)
    assert hat == pytest.approx(64.0, rel=0.1)
    assert likely[:, _TOM].tolist() == [RAREST] * 129


def test_nothing_that_sounds_is_rare_everywhere() -> None:
    silent = gather(hits_of(np.zeros(0), np.zeros(0, int)), RATE_HZ)
    assert np.all(plain(silent, lines_of(1)) == RAREST)
    found = repeated(silent, lines_of(2), np.zeros((0, 1), int), np.zeros((0, 1)))
    np.testing.assert_allclose(found.likely, RAREST)
    assert found.usual_db.tolist() == [0.0] * len(VOICES)
    assert found.usual_spreads_db.tolist() == [3.0] * len(VOICES)


def test_odds_are_logarithms_and_mirror() -> None:
    found = log_odds(np.array([0.5, 0.75, 0.25, RAREST, SUREST]))
    np.testing.assert_allclose(found, np.log([1.0, 3.0, 1 / 3, 1 / 99, 19.0]), atol=1e-12)


def _repetition(levels_db: float, spreads_db: float) -> Repetition:
    shape = (3, len(VOICES))
    usual = np.full(len(VOICES), -10.0)
    return Repetition(
        np.full(shape, 0.5),
        np.full(shape, levels_db),
        np.full(shape, spreads_db),
        usual,
        np.full(len(VOICES), 4.0),
    )


def test_a_level_tells_by_two_normal_distributions_and_silence_nothing() -> None:
    levels = np.full(len(VOICES), -np.inf)
    levels[_KICK] = -7.0
    told = _repetition(-6.0, 2.0).likelier_by_level(np.array([0, 2]), levels)
    expected = (-0.5 * 0.25 - np.log(2.0)) - (-0.5 * (3 / 4) ** 2 - np.log(4.0))
    np.testing.assert_allclose(told[:, _KICK], expected)
    assert np.delete(told, _KICK, axis=1).tolist() == [[0.0] * (len(VOICES) - 1)] * 2


@pytest.mark.parametrize(("level_db", "expected"), [(-40.0, -2.0), (10.0, 2.0)])
def test_a_level_tells_two_nats_at_the_most(level_db: float, expected: float) -> None:
    levels = np.full((1, len(VOICES)), level_db)
    told = _repetition(10.0, 1.5).likelier_by_level(np.array([1]), levels)
    np.testing.assert_allclose(told, expected)


def _weighed_plainly(counts: np.ndarray, passed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much each voice sounds at each place of other bars, and how often that was played."""
    bars, places = passed.shape
    unlike, shares = {}, []
    for one in range(bars):
        for other in range(one + 1, min(bars, one + 17)):
            for place in range(places):
                far = [at for at in range(places) if abs(at - place) > 1]
                both = passed[one, far] * passed[other, far]
                differs = (np.abs(counts[one, far] - counts[other, far]).sum(axis=1) * both).sum()
                size = ((counts[one, far] + counts[other, far]).sum(axis=1) * both).sum() / 2.0
                unlike[one, other, place] = differs / (size + 2.0)
                shares.append(unlike[one, other, place])
    usual = float(np.mean(shares)) + 0.03
    sums, played = np.zeros_like(counts), np.zeros_like(passed)
    for (one, other, place), share in unlike.items():
        weight = np.exp(-1.5 * share / usual - 0.5 * ((other - one) / 8.0) ** 2)
        for own, its in ((one, other), (other, one)):
            sums[own, place] += weight * counts[its, place]
            played[own, place] += weight * passed[its, place]
    return sums, played


def test_what_other_bars_tell_is_their_weighed_mean_worked_out_place_by_place() -> None:
    rng = np.random.default_rng(3)
    lines = lines_of(5, divisions=2)
    count = len(lines.beats)
    numbers = np.concatenate([[0], np.sort(rng.choice(np.arange(1, count), 22, replace=False)), [count - 1]])
    numbers = np.unique(numbers)
    tracks = rng.integers(0, 3, len(numbers))
    strengths = rng.uniform(-20.0, -3.0, len(numbers))
    strokes = gather(hits_of(lines.positions_samples[numbers], tracks, strengths), RATE_HZ)
    shares = rng.uniform(0.3, 1.0, (len(numbers), 1))
    found = repeated(strokes, lines, numbers[:, None], shares)

    bars, places = np.arange(count) // 8, np.arange(count) % 8
    counts, passed = np.zeros((6, 8, len(VOICES))), np.zeros((6, 8))
    passed[bars, places] = 1.0
    for row, number in enumerate(numbers.tolist()):
        counts[bars[number], places[number]] += strokes.voices[row] * shares[row]
    # Bars count from 1; that of lines before the first downbeat is 0, and empty here.
    counts, passed = np.pad(counts, ((1, 0), (0, 0), (0, 0))), np.pad(passed, ((1, 0), (0, 0)))
    sums, played = _weighed_plainly(counts, passed)
    likely = (sums[bars + 1, places] + 0.6 * plain(strokes, lines)) / (
        played[bars + 1, places][:, None] + 0.6
    )
    np.testing.assert_allclose(found.likely, np.clip(likely, RAREST, SUREST), rtol=1e-9)


def test_levels_are_those_of_other_bars_and_drawn_to_the_usual_one() -> None:
    """A hat that is 6 dB louder on every downbeat, over eight bars."""
    lines = lines_of(8)
    numbers = np.arange(0, 128, 4)
    strengths = np.where(numbers % 16 == 0, -4.0, -10.0)
    strokes = gather(
        hits_of(lines.positions_samples[numbers], np.full(len(numbers), HAT), strengths), RATE_HZ
    )
    found = repeated(strokes, lines, numbers[:, None], np.ones((len(numbers), 1)))
    assert found.usual_db[_HAT] == pytest.approx(-8.5)
    assert found.usual_spreads_db[_HAT] == 3.0  # the least that is assumed; it is 2.6
    assert -6.0 < found.levels_db[64, _HAT] < -4.0
    assert -10.0 < found.levels_db[68, _HAT] < -9.0
    assert found.levels_db[64, _KICK] == 0.0
    by_bar = found.levels_db[np.arange(0, 128, 16), _HAT]
    np.testing.assert_allclose(
        by_bar, by_bar[::-1], rtol=1e-9
    )  # bars as far from either end are told the same


def test_strokes_of_no_line_tell_nothing() -> None:
    lines, (numbers, tracks) = lines_of(4), rock(4)
    strokes = gather(hits_of(lines.positions_samples[numbers], tracks), RATE_HZ)
    taken = np.unique(numbers)[:, None]
    known = repeated(strokes, lines, taken, np.ones(taken.shape))
    besides = repeated(strokes, lines, np.hstack([taken, np.full(taken.shape, -1)]), np.ones((len(taken), 2)))
    np.testing.assert_allclose(known.likely, besides.likely)
    none = repeated(strokes, lines, np.full(taken.shape, -1), np.ones(taken.shape))
    assert none.likely[4, _KICK] < known.likely[0, _KICK]
