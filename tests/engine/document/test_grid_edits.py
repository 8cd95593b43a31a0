"""Edits of the beat grid: what each of them does, and what holds whatever the grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from engine.core.errors import UsageError
from engine.document import grid_edits
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits.analyses import listening_ids
from engine.document.edits.proposals import set_analyses
from engine.document.edits.tracks import add_tracks
from engine.document.grid_edits import ramp_times_s, with_bars_from
from engine.document.pulse import fit_taps
from tests.engine.document.conftest import a_source
from tests.sources import each_alone

RATE_HZ = 48_000


def grid_of(gaps: list[int], first: int = 0, position: int = 1, bar: int = 4) -> BeatGrid:
    """A grid with these distances; its first beat has a place in its bar."""
    beats = first + np.cumsum([0, *gaps])
    counts = (np.arange(len(beats)) + position - 1) % bar + 1
    return BeatGrid(beats.astype(np.int64), counts, 60 * RATE_HZ / float(np.median(gaps or [1])), 0.8, "m")


@st.composite
def grids(draw: st.DrawFn, fewest: int = 0) -> BeatGrid:
    bar = draw(st.integers(1, 9))
    gaps = draw(st.lists(st.integers(8_000, 60_000), min_size=max(0, fewest - 1), max_size=40))
    return grid_of(gaps, draw(st.integers(0, 90_000)), draw(st.integers(1, bar)), bar)


NO_BEATS = BeatGrid(np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0, 0.0, "m")
LENGTH = 4_000_000
EVERY_EDIT = {
    "double": lambda g: grid_edits.doubled(g),
    "half": lambda g: grid_edits.halved(g),
    "shift": lambda g: grid_edits.shifted_half_a_beat(g, RATE_HZ, LENGTH),
    "downbeat": lambda g: grid_edits.with_downbeat(g, 500_000),
    "bar": lambda g: grid_edits.with_beats_in_bar(g, 3, 500_000),
    "drag": lambda g: grid_edits.with_beat_at(g, grid_edits.nearest_beat(g, 300_000), 310_000, RATE_HZ),
}


@given(grids(fewest=1))
def test_whatever_the_grid_beats_ascend_and_bars_count(grid: BeatGrid) -> None:
    for name, edit in EVERY_EDIT.items():
        made = edit(grid)
        assert len(made.beats_samples) == len(made.bar_positions) > 0, name
        assert np.all(np.diff(made.beats_samples) > 0), name
        assert made.beats_samples[0] >= 0
        steps = np.diff(made.bar_positions)
        assert np.all((steps == 1) | (made.bar_positions[1:] == 1)), name
        assert made.bar_positions.min() >= 1


@pytest.mark.parametrize("name", ["double", "half", "shift"])
def test_without_beats_nothing_happens(name: str) -> None:
    assert EVERY_EDIT[name](NO_BEATS) is NO_BEATS


@pytest.mark.parametrize("name", ["downbeat", "bar", "drag"])
def test_without_beats_there_is_none_to_choose(name: str) -> None:
    with pytest.raises(UsageError, match="no beats yet"):
        EVERY_EDIT[name](NO_BEATS)


@given(grids(fewest=2))
def test_half_of_double_is_the_grid_where_bars_are_even(grid: BeatGrid) -> None:
    again = grid_edits.halved(grid_edits.doubled(grid))
    if np.all(np.diff(grid.bar_positions) % 2 == 1) and grid_edits.beats_in_bar(grid) % 2 == 0:
        assert_array_equal(again.beats_samples, grid.beats_samples)
    assert again.tempo_bpm == pytest.approx(grid.tempo_bpm)


@given(grids(fewest=4))
def test_half_a_beat_twice_is_nearly_a_beat(grid: BeatGrid) -> None:
    once = grid_edits.shifted_half_a_beat(grid, RATE_HZ, LENGTH)
    twice = grid_edits.shifted_half_a_beat(once, RATE_HZ, LENGTH)
    lead = int(np.searchsorted(twice.beats_samples, (grid.beats_samples[0] + grid.beats_samples[1]) // 2))
    shifted = twice.beats_samples[lead : lead + len(grid.beats_samples) - 2]
    # Midpoints of midpoints: in a grid that breathes a beat lies between the next and its neighbours' mean.
    want = grid.beats_samples[:-2] / 4 + grid.beats_samples[1:-1] / 2 + grid.beats_samples[2:] / 4
    np.testing.assert_allclose(shifted, want, atol=1.5)
    assert_array_equal(twice.bar_positions[lead : lead + len(shifted)], grid.bar_positions[: len(shifted)])


@pytest.mark.parametrize("bar", [2, 3, 4, 5, 6, 7])
def test_half_and_double_leave_the_metre(bar: int) -> None:
    grid = grid_of([24_000] * (8 * bar - 1), bar=bar)
    for made in (grid_edits.halved(grid), grid_edits.doubled(grid)):
        assert grid_edits.beats_in_bar(made) == bar
        assert made.bar_positions[0] == 1
        assert set(np.diff(made.downbeats_samples)) <= {bar * 48_000, bar * 12_000}
    again = grid_edits.halved(grid_edits.doubled(grid))
    assert_array_equal(again.bar_positions, grid.bar_positions)


def test_a_grid_that_follows_a_player_offers_an_even_tempo_near_it() -> None:
    rng = np.random.default_rng(3)
    even = grid_of([44_308] * 200)
    played = grid_of((44_200 + np.cumsum(rng.normal(0, 60, 200))).astype(int).tolist())
    assert not grid_edits.follows_player(even, RATE_HZ)
    assert grid_edits.even_tempo_bpm(even, RATE_HZ) == round(even.tempo_bpm, 3)
    assert grid_edits.follows_player(played, RATE_HZ)
    assert grid_edits.even_tempo_bpm(played, RATE_HZ) == round(played.tempo_bpm)
    for short in (NO_BEATS, grid_of([24_000])):
        assert not grid_edits.follows_player(short, RATE_HZ)


def test_half_begins_a_bar_with_each_song() -> None:
    grid = grid_of([24_000] * 11 + [480_000] + [24_000] * 15)  # three bars, a pause, four bars
    half = grid_edits.halved(grid)
    assert half.bar_positions.tolist() == [1, 2, 3, 4, 1, 2, 1, 2, 3, 4, 1, 2, 3, 4]


def test_half_keeps_the_downbeats_of_bars_and_doubles_their_length() -> None:
    four = grid_edits.halved(grid_of([24_000] * 11))
    assert four.bar_positions.tolist() == [1, 2, 3, 4, 1, 2]
    assert four.tempo_bpm == pytest.approx(60.0)
    waltz = grid_of([24_000] * 12, position=3, bar=3)
    half = grid_edits.halved(waltz)
    assert half.bar_positions.tolist() == [1, 2, 3, 1, 2, 3]
    assert_array_equal(half.beats_samples, waltz.beats_samples[1::2])


def test_a_tempo_that_is_none_is_not_made() -> None:
    with pytest.raises(UsageError, match=r"600\.0 BPM cannot be doubled"):
        grid_edits.doubled(grid_of([4_800] * 4))
    with pytest.raises(UsageError, match=r"0\.5 BPM is outside the range"):
        grid_edits.steady(0.5, 0, rate_hz=RATE_HZ, length_samples=LENGTH)


def test_a_downbeat_renumbers_both_sides() -> None:
    made = grid_edits.with_downbeat(grid_of([24_000] * 9), 24_000 * 5 + 9_000)
    assert made.bar_positions.tolist() == [4, 1, 2, 3, 4, 1, 2, 3, 4, 1]
    in_six = grid_edits.with_beats_in_bar(made, 6, 24_000 * 6)
    assert in_six.bar_positions.tolist() == [2, 3, 4, 5, 6, 1, 2, 3, 4, 5]
    with pytest.raises(UsageError, match="cannot have 0 beats"):
        grid_edits.with_beats_in_bar(made, 0, 0)


def test_a_dragged_beat_stretches_its_bar_only() -> None:
    grid = grid_of([24_000] * 12)
    made = grid_edits.with_beat_at(grid, 6, 24_000 * 6 + 6_000, RATE_HZ)
    assert_array_equal(made.beats_samples[[0, 4, 8, 12]], grid.beats_samples[[0, 4, 8, 12]])
    assert made.beats_samples[4:9].tolist() == [96_000, 123_000, 150_000, 171_000, 192_000]


def test_a_dragged_downbeat_stretches_both_bars() -> None:
    grid = grid_of([24_000] * 12)
    made = grid_edits.with_beat_at(grid, 4, 100_000, RATE_HZ)
    assert made.beats_samples[:9].tolist() == [
        0,
        25_000,
        50_000,
        75_000,
        100_000,
        123_000,
        146_000,
        169_000,
        192_000,
    ]


@given(grids(fewest=1), st.integers(0, 39), st.integers(-(10**6), 10**7))
def test_no_drag_brings_beats_together(grid: BeatGrid, beat: int, to: int) -> None:
    beat = min(beat, len(grid.beats_samples) - 1)
    made = grid_edits.with_beat_at(grid, beat, to, RATE_HZ).beats_samples
    assert made[0] >= 0
    assert np.all(np.diff(made) > 0)
    assert (
        np.count_nonzero(made != grid.beats_samples) <= 2 * grid_edits.beats_in_bar(grid) + len(made) // 2 + 9
    )


@given(st.floats(10, 999), st.floats(0, LENGTH), st.integers(1, 12))
def test_a_steady_grid_covers_the_recording(bpm: float, downbeat: float, bar: int) -> None:
    made = grid_edits.steady(bpm, downbeat, rate_hz=RATE_HZ, length_samples=LENGTH, bar=bar)
    period = 60 * RATE_HZ / bpm
    assert made.beats_samples[0] <= period + 0.5  # beats stand on whole samples
    assert made.beats_samples[-1] >= LENGTH - 1 - period - 0.5
    np.testing.assert_allclose(np.diff(made.beats_samples), period, atol=1.0)
    if downbeat < LENGTH - 1:
        assert np.abs(made.downbeats_samples - downbeat).min() <= 1


@given(st.floats(20, 400), st.floats(20, 400), st.integers(1, 200))
def test_a_ramp_is_the_integral_of_its_tempo(start: float, stop: float, count: int) -> None:
    times = ramp_times_s(np.arange(count + 1), count, start, stop)
    # Slowly: sum the tempo up in small steps until the ramp is over, and read off each beat.
    clock = np.linspace(0.0, times[-1], 20_001)
    tempo = (start + (stop - start) * clock / times[-1]) / 60
    beats = np.concatenate([[0.0], np.cumsum((tempo[1:] + tempo[:-1]) / 2 * np.diff(clock))])
    np.testing.assert_allclose(np.interp(times, clock, beats), np.arange(count + 1), atol=1e-6 * count + 1e-6)


def test_a_ramp_between_bars_moves_what_follows() -> None:
    grid = grid_of([24_000] * 20)
    made = grid_edits.ramped(grid, (2, 4), (120.0, 60.0), rate_hz=RATE_HZ, length_samples=LENGTH)
    assert_array_equal(made.beats_samples[:5], grid.beats_samples[:5])
    ramp_s = 2 * 8 / (2 + 1)  # eight beats at a mean of 1.5 a second
    assert made.beats_samples[12] - made.beats_samples[4] == pytest.approx(ramp_s * RATE_HZ, abs=1)
    assert_array_equal(np.diff(made.beats_samples[12:]), 24_000)
    assert_array_equal(made.bar_positions, grid.bar_positions)
    faster = grid_edits.ramped(grid, (2, 4), (120.0, 240.0), rate_hz=RATE_HZ, length_samples=LENGTH)
    assert grid.beats_samples[-1] - faster.beats_samples[-1] < 24_000, "the grid goes on to where it ended"
    assert_array_equal(faster.bar_positions, np.arange(len(faster.bar_positions)) % 4 + 1)
    assert len(faster.bar_positions) > len(grid.bar_positions)
    cut_off = grid_edits.ramped(grid, (2, 4), (120.0, 60.0), rate_hz=RATE_HZ, length_samples=300_000)
    assert cut_off.beats_samples[-1] < 300_000


def test_a_ramp_needs_its_bars() -> None:
    grid = grid_of([24_000] * 12)
    for bars in ((0, 2), (2, 2), (3, 9)):
        with pytest.raises(UsageError, match="the bars go from 1 to 4"):
            grid_edits.ramped(grid, bars, (100.0, 90.0), rate_hz=RATE_HZ, length_samples=LENGTH)


@pytest.mark.parametrize("bpm", [48.0, 97.3, 124.0, 190.0])
def test_taps_find_the_tempo_through_slips(bpm: float, rng: np.random.Generator) -> None:
    period = 60 / bpm
    beats = np.delete(np.arange(24), [5, 6, 15])  # taps that were missed
    times = 3.0 + beats * period + rng.normal(0, 0.012, len(beats))
    times[9] += 0.16 * period  # and one that came late
    found = fit_taps(times)
    assert found is not None
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.004)
    assert found.first_s == pytest.approx(3.0, abs=0.015)
    assert 0 < found.spread_s < 0.06


def test_taps_need_four_and_an_even_hand_is_exact() -> None:
    assert fit_taps([0.0, 0.5, 1.0]) is None
    found = fit_taps([1.0, 1.5, 2.0, 2.5])
    assert found is not None
    assert (found.tempo_bpm, found.first_s) == (pytest.approx(120.0), pytest.approx(1.0))
    assert found.tempo_spread_bpm == pytest.approx(0.0, abs=1e-6)


def test_an_edited_grid_is_kept_undone_and_not_written_over(tmp_path: Path) -> None:
    heard = grid_of([24_000] * 30)
    path = tmp_path / "jam.offcut"
    with Document.create(path) as document:
        document.apply(add_tracks(document.state, each_alone([a_source("one")], ["Jam"])))
        ids = {"beats": listening_ids(document.state)["beats"]}
        document.apply(set_analyses(document.state, ids, "Listened"), {ids["beats"]: heard})
        assert not grid_edits.is_edited(document.state)
        assert grid_edits.keeping_edited(document.state, ids) == ids
        half = grid_edits.halved(heard)
        document.apply(*grid_edits.set_grid(document.state, half, "Half tempo"))
        assert grid_edits.is_edited(document.state)
        assert grid_edits.keeping_edited(document.state, {**ids, "score": "s"}) == {"score": "s"}
    with Document.open(path) as document:
        kept = document.analysis("beats")
        assert isinstance(kept, BeatGrid)
        assert_array_equal(kept.beats_samples, half.beats_samples)
        document.undo()
        again = document.analysis("beats")
        assert isinstance(again, BeatGrid)
        assert_array_equal(again.beats_samples, heard.beats_samples)
        document.redo()
        assert grid_edits.is_edited(document.state)


def test_three_taps_are_too_few_and_four_are_a_beat() -> None:
    assert fit_taps([0.0, 0.5, 1.0]) is None
    found = fit_taps([10.0, 10.5, 11.0, 11.5])
    assert found is not None
    assert (found.period_s, found.first_s) == (pytest.approx(0.5), pytest.approx(10.0))
    assert found.spread_s == pytest.approx(0.0, abs=1e-12)
    assert found.tempo_bpm == pytest.approx(120.0)
    assert found.tempo_spread_bpm == pytest.approx(0.0, abs=1e-9)


def test_taps_that_are_missed_or_late_move_no_beat() -> None:
    even = 3.0 + 0.4 * np.arange(16)
    for taps in (np.delete(even, [3, 4, 9]), even + np.where(np.arange(16) == 7, 0.15, 0.0)):
        found = fit_taps(taps)
        assert found is not None
        assert found.period_s == pytest.approx(0.4, abs=1e-9)
        assert found.first_s == pytest.approx(3.0, abs=1e-9)
        assert found.spread_s == pytest.approx(0.0, abs=1e-9), "what is off by a third of a beat counts not"


def test_a_long_run_of_taps_that_slows_down_keeps_one_beat_a_tap() -> None:
    # Counted by the median step, the slower half would have two beats more than it has taps.
    found = fit_taps(np.append(0.0, np.cumsum([0.50] * 31 + [0.54] * 29)))
    assert found is not None
    assert found.period_s == pytest.approx(0.52, abs=0.005)


def test_how_far_taps_lie_from_their_beats_is_a_root_mean_square() -> None:
    found = fit_taps(0.5 * np.arange(40) + np.tile([0.02, -0.02, -0.02, 0.02], 10))
    assert found is not None
    assert found.period_s == pytest.approx(0.5, abs=1e-4)
    assert found.spread_s == pytest.approx(0.02, rel=0.01)
    assert found.tempo_spread_bpm == pytest.approx(120.0 * 0.02 / 0.5, rel=0.01)


@pytest.mark.parametrize(("length", "beats"), [(60_000, 3), (48_001, 3), (48_000, 2), (24_001, 2), (1, 1)])
def test_a_steady_grid_has_a_beat_on_the_last_sample_and_none_behind_it(length: int, beats: int) -> None:
    made = grid_edits.steady(120.0, 0.0, rate_hz=RATE_HZ, length_samples=length)
    assert made.beats_samples.tolist() == [24_000 * k for k in range(beats)]
    assert made.bar_positions.tolist() == [1, 2, 3][:beats]
    assert (made.tempo_bpm, made.confidence, made.maker) == (120.0, 1.0, "edited by hand")


@pytest.mark.parametrize(("length", "left"), [(36_001, [12_000, 36_000]), (36_000, [12_000])])
def test_a_beat_that_leaves_the_recording_is_dropped(length: int, left: list[int]) -> None:
    made = grid_edits.shifted_half_a_beat(grid_of([24_000]), RATE_HZ, length)
    assert made.beats_samples.tolist() == left


def test_beats_are_doubled_up_to_the_fastest_and_while_a_sample_lies_between() -> None:
    slow = BeatGrid(np.array([0, 4]), np.array([1, 2]), 499.5, 0.5, "m")
    made = grid_edits.doubled(slow)
    assert made.beats_samples.tolist() == [0, 2, 4]
    assert (made.bar_positions.tolist(), made.tempo_bpm) == ([1, 2, 1], 999.0)
    for grid in (
        BeatGrid(np.array([0, 4]), np.array([1, 2]), 499.6, 0.5, "m"),
        BeatGrid(np.array([0, 1]), np.array([1, 2]), 100.0, 0.5, "m"),
    ):
        with pytest.raises(UsageError, match="999 BPM is the limit"):
            grid_edits.doubled(grid)
    near = BeatGrid(np.array([0, 2]), np.array([1, 2]), 100.0, 0.5, "m")
    assert grid_edits.doubled(near).beats_samples.tolist() == [0, 1, 2]


def test_what_listening_finds_never_replaces_a_grid_that_was_edited(document: Document) -> None:
    found = {"beats": "beats-2", "score": "score-2"}
    assert not grid_edits.is_edited(document.state)
    assert grid_edits.keeping_edited(document.state, found) == found
    edit, stored = grid_edits.set_grid(document.state, grid_of([24_000] * 8), "Doubled")
    document.apply(edit, stored)
    assert grid_edits.is_edited(document.state)
    assert grid_edits.keeping_edited(document.state, found) == {"score": "score-2"}
    again, same = grid_edits.set_grid(document.state, grid_of([24_000] * 8), "Doubled")
    assert (again.changes, set(same)) == ((), set(stored))


def test_bars_change_from_a_beat_on_and_end_with_the_song() -> None:
    beats = np.concatenate([np.arange(12), 40 + np.arange(6)]) * 24_000
    grid = BeatGrid(beats, np.array([1, 2, 3, 4] * 4 + [1, 2]), 120.0, 0.9, "m")
    odd = with_bars_from(grid, 6 * 24_000 + 500)
    assert odd.bar_positions.tolist() == [1, 2, 3, 4, 1, 2, 1, 2, 3, 4, 1, 2, 1, 2, 3, 4, 1, 2]
    three = with_bars_from(grid, 8 * 24_000, 3)
    assert three.bar_positions.tolist() == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 1, 1, 2, 3, 4, 1, 2]
    assert with_bars_from(grid, 50 * 24_000).bar_positions[-1] == 1
    with pytest.raises(UsageError):
        with_bars_from(grid, 0, 0)
