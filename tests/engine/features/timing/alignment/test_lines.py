"""Divisions, the lines that they give, and grooves."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.analysis import BeatGrid
from engine.document.grid_edits import steady
from engine.features.timing.alignment.lines import (
    PARTS,
    Division,
    Groove,
    beats_at,
    groove_of,
    groove_of_hits,
    line_words,
    lines_of,
    positions_at,
    read_division,
)

RATE_HZ = 48_000


@pytest.mark.parametrize(
    ("text", "division"),
    [
        ("1/4", Division("1/4")),
        ("1/8T", Division("1/8t")),
        (" 1/16 swing 58 % ", Division("1/16", 58.0)),
        ("1/8 swing 66,7", Division("1/8", 66.7)),
    ],
)
def test_divisions_are_read_and_worded(text: str, division: Division) -> None:
    assert read_division(text) == division
    assert read_division(division.words) == division


@pytest.mark.parametrize(
    "text", ["", "1/5", "16", "1/4t", "1/16 swing", "1/16 swing 80", "1/8t swing 60", "1/4 swing 60"]
)
def test_what_is_no_division_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"give|has no pairs"):
        read_division(text)


@pytest.mark.parametrize("name", PARTS)
def test_lines_divide_every_beat_evenly(name: str) -> None:
    grid = steady(120.0, 0.0, rate_hz=RATE_HZ, length_samples=10 * RATE_HZ)
    lines = lines_of(grid, Division(name), RATE_HZ)
    parts = PARTS[name]
    np.testing.assert_allclose(lines.positions_samples, np.arange(20 * parts) * 24_000 / parts)
    np.testing.assert_allclose(lines.beats, np.arange(20 * parts) / parts)
    assert np.flatnonzero(lines.levels == 0).tolist() == [4 * parts * bar for bar in range(5)]
    assert np.count_nonzero(lines.levels <= 1) == 20


def test_swing_moves_every_second_line_within_its_pair() -> None:
    grid = steady(60.0, 0.0, rate_hz=RATE_HZ, length_samples=4 * RATE_HZ)
    lines = lines_of(grid, Division("1/16", 60.0), RATE_HZ)
    np.testing.assert_allclose(lines.positions_samples[:5] / RATE_HZ, [0.0, 0.3, 0.5, 0.8, 1.0])
    np.testing.assert_allclose(lines.beats[:5], [0.0, 0.25, 0.5, 0.75, 1.0])


def test_lines_follow_a_tempo_that_changes() -> None:
    grid = BeatGrid(np.array([0, 1000, 3000]), np.array([1, 2, 3]), 0.0, 1.0, "test")
    lines = lines_of(grid, Division("1/8"), RATE_HZ)
    assert lines.positions_samples.tolist() == [0, 500, 1000, 2000, 3000, 4000]
    at = [-500.0, 250.0, 2500.0, 3500.0, 6000.0]
    counted = beats_at(grid, at, RATE_HZ)
    assert counted.tolist() == [-0.5, 0.25, 1.75, 2.25, 3.5]
    assert positions_at(grid, counted, RATE_HZ).tolist() == at


def test_lines_lead_into_the_first_beat_as_far_as_the_recording_goes() -> None:
    grid = BeatGrid(np.array([20_000, 40_000, 60_000]), np.array([4, 1, 2]), 0.0, 1.0, "test")
    lines = lines_of(grid, Division("1/16"), RATE_HZ)
    assert lines.positions_samples[:5].tolist() == [5_000, 10_000, 15_000, 20_000, 25_000]
    assert lines.beats[:5].tolist() == [-0.75, -0.5, -0.25, 0.0, 0.25]
    assert lines.levels[:8].tolist() == [2, 2, 2, 1, 2, 2, 2, 0]
    assert line_words(grid, Division("1/16"), -0.25) == (
        "the fourth sixteenth of the beat before beat 4 of the upbeat"
    )
    near = BeatGrid(np.array([8_000, 28_000]), np.array([1, 2]), 0.0, 1.0, "test")
    assert lines_of(near, Division("1/16"), RATE_HZ).positions_samples[:3].tolist() == [3_000, 8_000, 13_000]


@pytest.mark.parametrize("beats", [[], [100]])
def test_grids_of_no_or_one_beat_have_lines_as_far_as_they_go(beats: list[int]) -> None:
    grid = BeatGrid(np.array(beats, np.int64), np.ones(len(beats), np.int64), 60.0, 1.0, "test")
    lines = lines_of(grid, Division("1/8"), RATE_HZ)
    assert lines.positions_samples.tolist() == [100, 24_100][: 2 * len(beats)]
    assert len(beats_at(grid, [1.0, 2.0], RATE_HZ)) == 2 * len(beats)


def test_a_groove_moves_the_lines_of_each_bar() -> None:
    grid = steady(60.0, 0.0, rate_hz=RATE_HZ, length_samples=8 * RATE_HZ)
    played = np.array([[0.0, 0.52, 1.01, 1.5], [0.0, 0.54, 1.01, 1.5]])
    groove = groove_of(played.ravel(), 4, Division("1/8"))
    np.testing.assert_allclose(groove.offsets_beats[:4], [0.0, 0.03, 0.01, 0.0], atol=1e-12)
    lines = lines_of(grid, Division("1/8"), RATE_HZ, groove)
    np.testing.assert_allclose(lines.positions_samples[8:11] / RATE_HZ, [4.0, 4.53, 5.01])
    with pytest.raises(UsageError, match="extract it again"):
        lines_of(grid, Division("1/16"), RATE_HZ, groove)
    with pytest.raises(UsageError, match="leave out the swing"):
        lines_of(grid, Division("1/8", 58.0), RATE_HZ, groove)


def test_a_groove_never_swaps_lines() -> None:
    wild = Groove(np.array([0.24, -0.24, 0.24, -0.24]), 2)
    grid = steady(60.0, 0.0, rate_hz=RATE_HZ, length_samples=8 * RATE_HZ)
    assert (np.diff(lines_of(grid, Division("1/8"), RATE_HZ, wild).positions_samples) > 0).all()
    rng = np.random.default_rng(3)
    for _ in range(50):
        groove = groove_of(rng.uniform(0.0, 4.0, 30), 4, Division("1/16"))
        assert (np.diff(lines_of(grid, Division("1/16"), RATE_HZ, groove).positions_samples) > 0).all()


def test_lines_are_named_as_musicians_count() -> None:
    grid = steady(120.0, 24_000.0, rate_hz=RATE_HZ, length_samples=20 * RATE_HZ)
    sixteenth = Division("1/16")
    assert line_words(grid, sixteenth, 0.0) == "beat 4 of the upbeat"
    assert line_words(grid, sixteenth, 7.0) == "beat 3 of bar 2"
    assert line_words(grid, sixteenth, 7.5) == "the third sixteenth of beat 3 of bar 2"
    assert line_words(grid, Division("1/8t"), 7.0 + 2 / 3) == "the third triplet of beat 3 of bar 2"


def test_a_groove_is_taken_from_hits_however_the_tempo_changes() -> None:
    beats = np.array([0, 24_000, 50_000, 74_000, 98_000, 120_000, 144_000, 170_000, 194_000])
    grid = BeatGrid(beats, np.arange(9) % 4 + 1, 120.0, 1.0, "test")
    late = np.array([0.0, 0.02, -0.03, 0.04])
    hits = positions_at(grid, np.arange(8) + np.tile(late, 2), RATE_HZ)
    groove = groove_of_hits(np.concatenate([hits, [900_000.0]]), grid, Division("1/4"), RATE_HZ)
    np.testing.assert_allclose(groove.offsets_beats, late, atol=1e-12)
    with pytest.raises(UsageError, match="too few hits"):
        groove_of_hits(hits[:2], grid, Division("1/4"), RATE_HZ)
