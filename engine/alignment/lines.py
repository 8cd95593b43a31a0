"""The lines that a beat grid gives once its beats are divided, and what each is called."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.alignment.division import Division
from engine.alignment.groove_template import Groove
from engine.alignment.placement import Lines
from engine.document.analysis import BeatGrid
from engine.errors import UsageError

DOWNBEAT, BEAT, PART = 0, 1, 2
"""The levels of lines."""


def lines_of(grid: BeatGrid, division: Division, rate_hz: int, groove: Groove | None = None) -> Lines:
    """Return the lines of a grid: from its first beat to the last part of its last one.

    Between two beats time is divided evenly, so that lines follow a tempo that changes. The last beat is as
    long as the one before it.

    Parameters
    ----------
    groove : how much each line of a bar is moved

    Raises
    ------
    UsageError : the groove was taken with another division, or the division swings by itself
    """
    count, parts = len(grid.beats_samples), division.parts
    nominal = (np.arange(count)[:, None] + np.arange(parts) / parts).ravel()
    heard = (np.arange(count)[:, None] + division.shares).ravel()
    if groove is not None:
        _require_fitting(groove, division)
        in_bar = (grid.bar_positions[:, None] - 1) * parts + np.arange(parts)
        heard = heard + groove.offsets_beats[in_bar.ravel() % len(groove.offsets_beats)]
    levels = np.full((count, parts), PART, np.int8)
    levels[:, 0] = np.where(grid.bar_positions == 1, DOWNBEAT, BEAT)
    return Lines(positions_at(grid, heard, rate_hz), nominal, levels.ravel(), rate_hz)


def _require_fitting(groove: Groove, division: Division) -> None:
    if groove.parts != division.parts:
        raise UsageError(
            f"The groove was taken with {groove.parts} lines to a beat, and {division.words} has "
            f"{division.parts}: take it anew with this division."
        )
    if division.is_swung:
        raise UsageError("A groove says itself where each line falls: leave the swing out.")


def positions_at(grid: BeatGrid, beats: ArrayLike, rate_hz: int) -> NDArray[np.float64]:
    """Return where positions counted in beats from the first beat, shape (n,), lie in samples.

    Before the first beat and after the last one the tempo stays what it is there.
    """
    wanted = np.asarray(beats, np.float64)
    samples, periods = _beats_and_periods(grid, rate_hz)
    if not len(samples):
        return np.zeros(0)
    beat = np.clip(np.floor(wanted), 0, len(samples) - 1).astype(np.int64)
    positions: NDArray[np.float64] = samples[beat] + (wanted - beat) * periods[beat]
    return positions


def beats_at(grid: BeatGrid, samples: ArrayLike, rate_hz: int) -> NDArray[np.float64]:
    """Return positions in samples, shape (n,), counted in beats from the first; undoes `positions_at`."""
    wanted = np.asarray(samples, np.float64)
    starts, periods = _beats_and_periods(grid, rate_hz)
    if not len(starts):
        return np.zeros(0)
    beat = np.clip(np.searchsorted(starts, wanted, side="right") - 1, 0, len(starts) - 1)
    counted: NDArray[np.float64] = beat + (wanted - starts[beat]) / periods[beat]
    return counted


def _beats_and_periods(grid: BeatGrid, rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where beats are and how long each is, both of shape (n,), in samples."""
    samples = grid.beats_samples.astype(np.float64)
    if len(samples) > 1:
        gaps = np.diff(samples)
        return samples, np.append(gaps, gaps[-1])
    usual = 60.0 * rate_hz / grid.tempo_bpm if grid.tempo_bpm > 0 else float(rate_hz)
    return samples, np.full(len(samples), usual)


def line_words(grid: BeatGrid, division: Division, beats: float) -> str:
    """Name a line by its place in beats, such as "beat 3 of bar 12" or "the second sixteenth of beat 1 …"."""
    beat, part = divmod(round(beats * division.parts), division.parts)
    bar, position = grid.bar_of(beat), int(grid.bar_positions[beat])
    where = f"bar {bar}" if bar else "the upbeat"
    return f"{division.place_words(part)}beat {position} of {where}"
