"""What every edit of the beat grid makes of grids of all kinds stays what it was, to the sample.

Properties that hold whatever the grid are in `test_grid_edits`; here are the exact beats, at the borders too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document import grid_edits
from engine.document.analysis import BeatGrid
from engine.document.grid_edits import DecidedTempo
from engine.document.grid_readings import LEVELS, next_reading, readings_of, recounted, respaced
from engine.document.kinds.timing import HEARD, OFF_BEAT
from engine.document.pulse import fit_taps
from tests.as_before import require_as_before
from tests.engine.document.test_grid_edits import RATE_HZ, grid_of

LENGTH = 900_000


def _grids() -> dict[str, BeatGrid]:
    dice = random.Random(7)
    made = {
        "no beats": BeatGrid(np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0, 0.0, "m"),
        "one beat": BeatGrid(np.array([9_000]), np.array([1]), 100.0, 0.5, "m"),
        "one beat without a tempo": BeatGrid(np.array([9_000]), np.array([2]), 0.0, 0.5, "m"),
        "two beats": grid_of([24_001], 3, 4),
        "as fast as beats can be": grid_of([2_884] * 9, 0),
        "one bar": grid_of([24_000] * 3),
    }
    for bar in (1, 2, 3, 4, 5, 7, 8):
        gaps = [dice.randrange(15_000, 40_000) for _ in range(dice.randrange(8, 30))]
        made[f"in {bar}"] = grid_of(gaps, dice.randrange(30_000), dice.randrange(bar) + 1, bar)
    irregular = grid_of([24_000] * 12, 100)
    counts = np.array([2, 3, 1, 2, 3, 4, 1, 2, 1, 2, 3, 4, 1])
    made["bars of several lengths"] = BeatGrid(irregular.beats_samples, counts, 120.0, 0.7, "m")
    return made


GRIDS: Mapping[str, BeatGrid] = _grids()


def _weighed(grid: BeatGrid) -> BeatGrid:
    names, sure = ("3/2", "half", "unheard of", "third"), np.array([0.3, 0.02, 0.5, 0.01])
    return BeatGrid(grid.beats_samples, grid.bar_positions, grid.tempo_bpm, 0.6, "m", names, sure)


def _dragged(grid: BeatGrid, beat: int, by: int) -> BeatGrid:
    beat %= max(1, len(grid.beats_samples))
    return grid_edits.with_beat_at(grid, beat, int(grid.beats_samples[beat]) + by, RATE_HZ)


def _ramped(grid: BeatGrid, bars: tuple[int, int], tempi: tuple[float, float]) -> BeatGrid:
    return grid_edits.ramped(grid, bars, tempi, rate_hz=RATE_HZ, length_samples=LENGTH)


def _decided(grid: BeatGrid, *spans: tuple[float, float, str, int]) -> BeatGrid:
    """Count parts of a grid otherwise, told in beats from its first."""
    beat = 24_000
    return recounted(
        grid,
        tuple(
            DecidedTempo(round(start * beat), round(stop * beat), how, later)
            for start, stop, how, later in spans
        ),
    )


Made = Callable[[BeatGrid], object]
EDITS: Mapping[str, Made] = {
    "beats in a bar": grid_edits.beats_in_bar,
    "tempo": grid_edits.tempo_text,
    "doubled": grid_edits.doubled,
    "halved": grid_edits.halved,
    "shifted": lambda grid: grid_edits.shifted_half_a_beat(grid, RATE_HZ, LENGTH),
    "shifted out of the recording": lambda grid: grid_edits.shifted_half_a_beat(grid, RATE_HZ, 200_000),
    "nearest": lambda grid: [grid_edits.nearest_beat(grid, at) for at in (0, 50_000, 400_000)],
    "downbeat": lambda grid: grid_edits.with_downbeat(grid, 130_000),
    "in one": lambda grid: grid_edits.with_beats_in_bar(grid, 1, 100_000),
    "in 32, from before": lambda grid: grid_edits.with_beats_in_bar(grid, 32, -1),
    "in 33": lambda grid: grid_edits.with_beats_in_bar(grid, 33, 0),
    "in three": lambda grid: grid_edits.with_beats_in_bar(grid, 3, 200_000),
    "dragged later": lambda grid: _dragged(grid, 5, 6_001),
    "dragged earlier": lambda grid: _dragged(grid, 4, -9_000),
    "dragged into the next": lambda grid: _dragged(grid, 2, 10**6),
    "dragged into the last": lambda grid: _dragged(grid, -1, -(10**6)),
    "first dragged": lambda grid: _dragged(grid, 0, 3_000),
    "slower and slower": lambda grid: _ramped(grid, (1, 2), (120.0, 60.0)),
    "faster and faster": lambda grid: _ramped(grid, (1, 3), (90.0, 240.0)),
    "from bar 0": lambda grid: _ramped(grid, (0, 2), (90.0, 240.0)),
    "too fast": lambda grid: _ramped(grid, (1, 2), (90.0, 999.5)),
    "readings": readings_of,
    "weighed readings": lambda grid: readings_of(_weighed(grid)),
    "next reading": lambda grid: next_reading(grid, grid),
    "next reading after half": lambda grid: next_reading(grid, grid_edits.halved(grid)),
    "five for four": lambda grid: respaced(grid, 5, 4),
    "second part half": lambda grid: _decided(grid, (5.5, 9.2, "half", 0)),
    "two parts": lambda grid: _decided(grid, (0, 4, "double", 1), (3, 8.5, OFF_BEAT, 2), (8.5, 9, HEARD, 1)),
    "beyond the end": lambda grid: _decided(grid, (2, 3, "third", 0), (10, 400, "3/2", 3)),
    **{name: level.count for name, level in LEVELS.items()},
}


def _outcome(make: Made, grid: BeatGrid) -> object:
    try:
        return make(grid)
    except (UsageError, IndexError) as error:
        return str(error)


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_a_grid_makes_the_beats_it_made(name: str) -> None:
    found = {of: _outcome(EDITS[name], grid) for of, grid in GRIDS.items()}
    require_as_before("grids", name, found)


@pytest.mark.parametrize(
    ("bpm", "downbeat", "bar"),
    [(10.0, 0.0, 4), (999.0, 100.5, 3), (120.0, -5_000.0, 4), (97.3, 50_000.25, 5)],
)
def test_a_steady_grid_is_where_it_was(bpm: float, downbeat: float, bar: int) -> None:
    made = grid_edits.steady(bpm, downbeat, rate_hz=RATE_HZ, length_samples=60_000, bar=bar)
    require_as_before("grids", f"steady, {bpm}", made)


def test_a_tempo_is_taken_up_to_its_limits_and_no_further() -> None:
    for bpm in (10.0, 999.0):
        grid_edits.require_tempo(bpm)
    for bpm in (9.999, 999.001):
        with pytest.raises(UsageError, match="choose 10 to 999"):
            grid_edits.require_tempo(bpm)
    for beats in (1, 32):
        grid_edits.require_beats_in_bar(beats)


def test_taps_that_follow_no_beat_are_told_as_unsure() -> None:
    for taps in (
        [0.0, 1.08, 1.47, 1.58, 2.47],
        [0.0, 0.13, 0.43, 0.8],
        [0.0, 0.23, 0.8, 1.59, 2.1, 2.98, 3.34],
    ):
        found = fit_taps(taps)
        assert found is not None
        assert found.tempo_spread_bpm > 0.2 * found.tempo_bpm


TAPS = {
    "even": [1.0, 1.5, 2.0, 2.5],
    "one missed": [0.2, 0.71, 1.69, 2.2, 2.71, 3.2],
    "one twice": [0.0, 0.5, 0.52, 1.0, 1.5, 2.0],
    "slowing": [0.0, 0.5, 1.02, 1.56, 2.12, 2.7, 3.3, 3.9, 4.6],
    "bad ones": [0.0, 0.5, 1.0, 1.62, 2.0, 2.5, 2.9, 3.5, 4.0, 4.31, 5.0],
    "three": [0.0, 1.0, 2.0],
}


@pytest.mark.parametrize("name", TAPS)
def test_taps_are_fitted_as_they_were(name: str) -> None:
    with np.errstate(all="ignore"):
        found = fit_taps(TAPS[name])
    told = found and (found, found.tempo_bpm, found.tempo_spread_bpm)
    require_as_before("grids", f"taps, {name}", told, most_apart=1e-7)
