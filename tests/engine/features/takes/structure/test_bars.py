"""Units of a recording: bars where there is a pulse, steps elsewhere; their sound, and which are played."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.document.analysis import HAND, BeatGrid
from engine.features.takes.features import BROAD_BANDS, Frames
from engine.features.takes.structure.find import Section, Structure, played_bars, played_runs
from engine.features.takes.structure.similarity import Bars, bars_of, below_loud, sounds_of, standing_out

RATE_HZ = 100


def grid_of(beats_s: list[float], positions: list[int]) -> BeatGrid:
    """Return a grid by hand: all of its beats count."""
    beats = np.rint(np.array(beats_s) * RATE_HZ).astype(np.int64)
    return BeatGrid(beats, np.array(positions, np.int64), 120.0, 1.0, HAND)


def beats(start_s: float, bars: int, first: int = 1) -> tuple[list[float], list[int]]:
    """Return beats of half a second, four to a bar."""
    count = 4 * bars
    return [start_s + 0.5 * at for at in range(count)], [(at + first - 1) % 4 + 1 for at in range(count)]


def test_downbeats_are_lines_and_the_bar_of_the_last_beats_ends_a_bar_later() -> None:
    found = bars_of(grid_of(*beats(0.0, 4)), RATE_HZ, 8.0)
    assert found.edges_s.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert found.has_pulse.tolist() == [True] * 4
    assert found.lengths_s.tolist() == [2.0] * 4


def test_a_pickup_of_most_of_a_bar_is_a_bar_and_a_shorter_one_is_not() -> None:
    long_pickup = bars_of(grid_of(*beats(2.0, 3, first=2)), RATE_HZ, 10.0)  # downbeats at 3.5, 5.5, 7.5
    assert long_pickup.edges_s.tolist() == [0.0, 0.75, 1.5, 3.5, 5.5, 7.5, 10.0]
    assert long_pickup.has_pulse.tolist() == [False, False, True, True, True, True]
    short_pickup = bars_of(grid_of(*beats(3.0, 3, first=4)), RATE_HZ, 9.0)  # downbeats at 3.5, 5.5, 7.5
    assert short_pickup.edges_s[:4].tolist() == pytest.approx([0.0, 3.5 / 4, 3.5 / 2, 3.5 * 3 / 4])
    assert short_pickup.has_pulse.tolist() == [False] * 4 + [True] * 3


def test_steps_of_about_a_second_are_between_runs_of_bars() -> None:
    first, then = beats(0.0, 3), beats(12.0, 2)
    found = bars_of(grid_of(first[0] + then[0], first[1] + then[1]), RATE_HZ, 16.0)
    assert found.edges_s.tolist() == [0.0, 2.0, 4.0, *np.arange(5.0, 13.0).tolist(), 14.0, 16.0]
    assert found.has_pulse.tolist() == [True, True, *[False] * 8, True, True]


def test_a_short_bar_is_joined_to_the_bar_before() -> None:
    found = bars_of(grid_of([0.0, 2.0, 4.0, 5.0, 7.0, 9.0], [1] * 6), RATE_HZ, 9.0)
    assert found.edges_s.tolist() == [0.0, 2.0, 4.0, 7.0, 9.0]


@pytest.mark.parametrize(
    ("length_s", "edges"),
    [(0.0, [0.0]), (0.2, [0.0]), (0.9, [0.0, 0.9]), (2.6, [0.0, 2.6 / 3, 5.2 / 3, 2.6])],
)
def test_without_downbeats_units_are_steps_of_equal_lengths(length_s: float, edges: list[float]) -> None:
    for grid in (grid_of([], []), grid_of([0.1], [1]), grid_of([0.1, 0.5], [2, 3])):
        found = bars_of(grid, RATE_HZ, length_s)
        assert found.edges_s.tolist() == pytest.approx(edges)
        assert len(found) == len(edges) - 1
        assert not found.has_pulse.any()


def frames_of(notes: NDArray[np.float32], bands: NDArray[np.float32], levels: NDArray[np.float32]) -> Frames:
    n = len(notes)
    return Frames(np.zeros((n, 12), np.float32), np.zeros((n, BROAD_BANDS), np.float32), levels, bands, notes)


def test_levels_are_in_ranges_of_fifty_dB_below_the_loud_ones() -> None:
    levels = np.array([[-10.0, -60.0], [-35.0, -35.0], [-200.0, -10.0]], np.float32)
    np.testing.assert_allclose(below_loud(levels), [[0.0, -1.0], [-0.5, -0.5], [-1.0, 0.0]], atol=1e-6)
    assert below_loud(np.zeros((0, 3), np.float32)).shape == (0, 3)


def test_a_semitone_stands_out_against_its_nine_neighbours() -> None:
    notes = np.full((1, 30), -80.0, np.float32)
    notes[0, 10] = -20.0
    found = standing_out(notes)
    assert found[0, 10] == pytest.approx(1.0 - 1.0 / 9.0, abs=1e-6)
    assert np.flatnonzero(found[0]).tolist() == [10]
    assert not standing_out(np.full((4, 30), -20.0, np.float32)).any()


def test_bars_with_the_same_sound_are_alike_and_silent_ones_like_none(rng: np.random.Generator) -> None:
    bars = Bars(2.0 * np.arange(7), np.ones(6, bool))
    notes = {one: rng.uniform(-50.0, -20.0, (10, 60)).astype(np.float32) for one in "AB"}
    bands = {one: rng.uniform(-50.0, -20.0, (20, BROAD_BANDS)).astype(np.float32) for one in "AB"}
    frames = frames_of(
        *(np.concatenate([rows[one] for one in "ABABAB"]) for rows in (notes, bands)),
        np.concatenate([bands[one][:, 0] for one in "ABABAB"]),
    )
    found = sounds_of(frames, bars, np.array([True, True, True, True, True, False]))
    same, other = found.alike[0, [0, 2, 4]], found.alike[0, [1, 3]]
    np.testing.assert_allclose(same, 1.0, atol=1e-4)
    assert (other < 0.0).all()
    np.testing.assert_array_equal(found.alike[5], np.zeros(6))
    np.testing.assert_allclose(found.alike, found.alike.T, atol=1e-6)
    part = found.part(1, 4)
    np.testing.assert_array_equal(part.by_bass, found.by_bass[1:4, 1:4])
    np.testing.assert_array_equal(part.levels, found.levels[1:4])
    nothing = sounds_of(frames, bars, np.zeros(6, bool))
    assert not nothing.alike.any()
    assert nothing.bands.shape == (6, 8, BROAD_BANDS)


def test_the_slots_of_a_bar_hold_the_mean_levels_of_its_eighths() -> None:
    levels = np.repeat(np.arange(8, dtype=np.float32) * -5.0, 4)  # an eighth is 0.4 s
    bands = np.repeat(levels[:, None], BROAD_BANDS, axis=1)
    notes = np.full((16, 60), -20.0, np.float32)
    found = sounds_of(
        frames_of(notes, bands, levels), Bars(np.array([0.0, 3.2]), np.ones(1, bool)), np.ones(1, bool)
    )
    loud_db = float(np.quantile(levels, 0.9))
    wanted = 1.0 + (np.arange(8) * -5.0 - loud_db) / 50.0
    np.testing.assert_allclose(found.bands[0, :, 0], wanted, atol=1e-5)
    assert found.levels[0] == pytest.approx(wanted.mean(), abs=1e-5)


def test_bars_are_played_if_most_of_them_is() -> None:
    levels = np.full(200, -20.0, np.float32)
    levels[90:160] = -90.0  # from 9 to 16 s
    frames = frames_of(np.zeros((100, 60), np.float32), np.zeros((200, 10), np.float32), levels)
    bars = Bars(2.0 * np.arange(11), np.ones(10, bool))
    found = played_bars(frames, bars)
    assert found.tolist() == [True] * 4 + [False] * 4 + [True] * 2
    assert played_runs(bars, found) == [(0, 4)]  # 4 s are too short for sections
    assert played_runs(bars, np.zeros(10, bool)) == []


def test_the_sentence_of_a_structure_counts_its_sections() -> None:
    one, two = Section(0.0, 8.0, "A", 0.9), Section(8.0, 16.0, "B", 0.8)
    assert Structure().labels == ()
    assert Structure((one, two, one)).labels == ("A", "B")
    assert [Structure(each).has_repeats for each in ((), (one,), (one, two), (one, two, one))] == [
        False,
        False,
        False,
        True,
    ]
    assert Structure((one, two, one)).sentence == "3 sections: A B A."
    assert Structure((one,)).sentence == "1 section: A. None of them repeats another."
