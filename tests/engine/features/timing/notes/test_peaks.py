"""Onsets and places of notes from a few numbers: peaks of the flux, ends, widths, grids and paths."""

from __future__ import annotations

import numpy as np
import pytest

from engine.features.timing.alignment.lines import Lines
from engine.features.timing.alignment.settings import ALL, AlignmentSettings
from engine.features.timing.notes.onsets import Notes, _is_end, _peaks, _rises, _widths
from engine.features.timing.notes.placing import (
    PlacedNotes,
    hits_of,
    on_grid,
    partners_of,
    to_lines,
    to_reference,
)
from engine.features.timing.notes.warping import Warping, _correlations, _costs, _refined, _windowed

RATE_HZ = 1_000


def _notes(onsets: np.ndarray, unsure: float = 0.0) -> Notes:
    levels = np.zeros(len(onsets), np.float32)
    return Notes(np.asarray(onsets, np.float64), levels, levels + 1, np.full(len(onsets), unsure, np.float32))


def _lines(count: int, spacing: float) -> Lines:
    at = np.arange(count, dtype=np.float64)
    levels = np.where(at % 16 == 0, 0, np.where(at % 4 == 0, 1, 2)).astype(np.int8)
    return Lines(at * spacing, at / 4, levels, RATE_HZ)


def _flux(*peaks: tuple[int, float]) -> np.ndarray:
    flux = np.zeros(200)
    for frame, height in peaks:
        flux[frame] = height
    return flux


def test_peaks_of_the_flux_are_onsets_above_a_limit_that_the_sensitivity_sets() -> None:
    flux = _flux((20, 3.0), (60, 1.0), (100, 0.2), (140, 0.1))
    for sensitivity, expected in ((0.0, [20]), (0.5, [20, 60]), (1.0, [20, 60, 100])):
        assert _peaks(flux, sensitivity)[0].tolist() == expected
    frames, above = _peaks(flux, 0.5)
    np.testing.assert_allclose(above, np.array([3.0, 1.0]) * (1 - 1 / 40))  # less the mean of 40 frames
    assert frames.dtype == np.int64
    assert [len(one) for one in _peaks(np.zeros(0), 1.0)] == [0, 0]
    assert _peaks(np.ones(50), 1.0)[0].tolist() == []


def test_of_peaks_within_a_twentieth_of_a_second_the_first_or_the_highest_counts() -> None:
    assert _peaks(_flux((50, 3.0), (56, 2.0)), 0.5)[0].tolist() == [50]  # lower within six frames
    assert _peaks(_flux((50, 2.0), (56, 3.0)), 0.5)[0].tolist() == [56]
    assert _peaks(_flux((50, 3.0), (59, 3.0)), 0.5)[0].tolist() == [50]
    assert _peaks(_flux((50, 3.0), (60, 3.0)), 0.5)[0].tolist() == [50, 60]


@pytest.mark.parametrize(("after", "is_end"), [(1.0, False), (0.18, False), (0.17, True), (0.0, True)])
def test_a_sound_ends_where_three_hundredths_of_its_power_are_left(after: float, is_end: bool) -> None:
    sound = np.ones(80, np.float32)
    sound[60:] = after
    assert _is_end(sound) is is_end
    assert not _is_end(np.zeros(80, np.float32))


def test_a_rise_is_as_wide_as_it_is_above_half_of_its_peak() -> None:
    curves = np.zeros((3, 11))
    curves[0, 4:8] = 6.0, 10.0, 5.0, 4.0
    curves[1, 5] = 2.0  # too small: anywhere
    curves[2, 3:9] = 8.0
    assert _widths(curves, 1.0).tolist() == [1.0, 5.5, 4.0]
    assert _widths(np.zeros((0, 11)), 1.0).tolist() == []


def test_a_step_of_energy_rises_where_it_begins() -> None:
    energies = np.full((2, 60), 1e-6, np.float32)
    energies[:, 30:] = 1e-2
    found = _rises(energies, 4, 10)
    assert int(found.argmax()) == 30 - 10 - 4  # the first is after what is held, and a rise
    assert found.max() == pytest.approx(10 * np.log10(1.05 / (0.05 + 1e-4)), abs=0.3)
    assert np.abs(_rises(np.ones((2, 60), np.float32), 4, 10)).max() == 0.0


def test_notes_go_to_their_lines_by_whole_samples() -> None:
    lines = _lines(33, 125.0)
    late = np.tile([4.0, -3.0, 0.0, 6.0], 8)
    notes = _notes(lines.positions_samples[:32] + late)
    placed = to_lines(notes, lines, ALL)
    assert placed.places.tolist() == list(range(32))
    assert placed.shifts_samples.tolist() == (-late).tolist()
    half = to_lines(notes, lines, AlignmentSettings(strength=0.5)).shifts_samples
    assert half.tolist() == np.floor(-late / 2 + 0.5).tolist()
    hits = hits_of(notes)
    assert (hits.strokes.tolist(), hits.tracks.max()) == (list(range(32)), 0)
    assert len(to_lines(_notes(np.zeros(0)), lines, ALL).places) == 0


def test_notes_as_late_as_each_other_are_on_the_grid() -> None:
    lines = _lines(17, 125.0)
    at = lines.positions_samples[:12]
    placed = PlacedNotes(np.zeros(12), np.arange(12))
    is_clear = np.ones(12, bool)

    def on(off: np.ndarray, clear: np.ndarray = is_clear, places: PlacedNotes = placed) -> list[bool]:
        return on_grid(_notes(at + off), lines, places, clear).tolist()

    machine = np.full(12, 6.0)
    assert on(machine) == [True] * 12
    machine[3] += 11.0
    assert on(machine) == [row != 3 for row in range(12)]
    assert on(machine, is_clear & (np.arange(12) < 7)) == [False] * 12  # seven say too little
    assert on(np.full(12, 11.0)) == [False] * 12  # an offset of all that can be heard
    assert on(np.tile([0.0, 6.0], 6)) == [False] * 12
    places = np.where(np.arange(12) == 5, -1, np.arange(12))
    assert on(np.zeros(12), places=PlacedNotes(np.zeros(12), places)) == [row != 5 for row in range(12)]


def test_of_two_notes_as_near_one_has_the_partner() -> None:
    partners = partners_of(np.array([90.0, 110.0]), np.array([100.0]), 60.0)
    assert sorted(partners.tolist()) == [-1, 0]
    assert partners_of(np.array([100.0]), np.array([160.0]), 60.0).tolist() == [-1]  # costs more than none
    assert partners_of(np.array([100.0]), np.array([144.0]), 60.0).tolist() == [0]
    assert to_reference(np.array([100.0]), np.array([144.0]), RATE_HZ, 0.0, 1.0).places.tolist() == [-1]


def test_a_path_is_read_between_its_hops_and_held_beyond() -> None:
    path = Warping(10, np.array([0.0, 4.0, 8.0]), np.array([1.0, 0.5, 0.5]))
    assert path.lags_at(np.array([-5.0, 5.0, 20.0, 99.0])).tolist() == [0.0, 2.0, 8.0, 8.0]
    assert path.alike_at(np.array([0.0, 5.0])).tolist() == [1.0, 0.75]


def test_the_costs_of_lags_are_mean_squares_and_the_ends_are_held() -> None:
    rng = np.random.default_rng(1)
    own, others = rng.standard_normal((2, 9, 4)).astype(np.float32)
    costs = _costs(own, others, 2)
    for row in range(9):
        for lag in range(-2, 3):
            there = others[min(max(row + lag, 0), 8)]
            assert costs[row, lag + 2] == pytest.approx(np.mean((own[row] - there) ** 2), rel=1e-5)


def test_sums_around_rows_are_those_of_slices() -> None:
    values = np.random.default_rng(2).standard_normal((12, 2))
    expected = [values[max(0, row - 3) : row + 5].sum(axis=0) for row in range(12)]
    np.testing.assert_allclose(_windowed(values, 3, 4), expected, atol=1e-12)
    np.testing.assert_allclose(_windowed(values[:, 0], 0, 0), values[:, 0], atol=1e-12)


def test_the_lag_is_refined_to_the_lowest_point_of_a_parabola() -> None:
    lags = np.arange(-6, 7)
    costs = np.repeat((0.1 * (lags - 1.3) ** 2)[None], 40, axis=0).astype(np.float32)
    np.testing.assert_allclose(_refined(costs, np.full(40, 6)), 6 + 1.3, atol=1e-4)
    np.testing.assert_allclose(
        _refined(costs, np.full(40, 2)), 2 + 4, atol=0.5
    )  # within four hops of the path
    assert _refined(np.ones((5, 13), np.float32), np.full(5, 0)).tolist() == [0.0] * 5


def test_the_same_shapes_correlate_wholly_and_silence_not_at_all() -> None:
    shapes = np.random.default_rng(3).standard_normal((300, 6)).astype(np.float32)
    later = np.roll(shapes, 5, axis=0)
    found = _correlations(shapes, later, np.full(300, 5))
    np.testing.assert_allclose(found[:190], 1.0, atol=1e-5)
    np.testing.assert_allclose(_correlations(shapes, -shapes, np.zeros(300, int)), -1.0, atol=1e-5)
    assert _correlations(0 * shapes, shapes, np.zeros(300, int)).tolist() == [0.0] * 300
