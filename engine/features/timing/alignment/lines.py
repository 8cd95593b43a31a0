"""Lines of a beat grid with divided beats, and their names."""

from __future__ import annotations

import numpy as np

from engine.core.errors import UsageError
from engine.document.analysis import BeatGrid
from engine.features.timing.alignment.beat_positions import positions_at
from engine.features.timing.alignment.division import Division
from engine.features.timing.alignment.groove_template import Groove
from engine.features.timing.alignment.placement import Lines

DOWNBEAT, BEAT, PART = 0, 1, 2
"""The levels of lines."""


def lines_of(grid: BeatGrid, division: Division, rate_hz: int, groove: Groove | None = None) -> Lines:
    """Return the lines of a grid: from the parts that lead into its first beat to those of its last one.

    Between two beats time is divided evenly, so that lines follow a tempo that changes. The last beat is as
    long as the one before it; the upbeat has the tempo of the first.

    Parameters
    ----------
    groove : how much each line of a bar is moved

    Raises
    ------
    UsageError : the groove was taken with another division, or the division swings by itself
    """
    count, parts = len(grid.beats_samples), division.parts
    beats = np.arange(-1 if count else 0, count)[:, None]
    nominal, heard = (beats + np.arange(parts) / parts).ravel(), (beats + division.shares).ravel()
    there = (nominal >= 0) | ((nominal > -1) & (positions_at(grid, heard, rate_hz) >= 0))
    in_bar = np.append(grid.bar_positions[:1] - 1, grid.bar_positions)[:, None]
    if groove is not None:
        _require_fitting(groove, division)
        places = ((in_bar - 1) * parts + np.arange(parts)).ravel()
        heard = heard + groove.offsets_beats[places % len(groove.offsets_beats)]
    levels = np.full((len(beats), parts), PART, np.int8)
    levels[:, :1] = np.where(in_bar == 1, DOWNBEAT, BEAT)
    positions = np.maximum(positions_at(grid, heard, rate_hz), 0.0)
    return Lines(positions[there], nominal[there], levels.ravel()[there], rate_hz)


def _require_fitting(groove: Groove, division: Division) -> None:
    if groove.parts != division.parts:
        raise UsageError(
            f"The groove was extracted with {groove.parts} lines to a beat, and {division.words} has "
            f"{division.parts}: extract it again with this division."
        )
    if division.is_swung:
        raise UsageError("A groove already sets each line: leave out the swing.")


def line_words(grid: BeatGrid, division: Division, beats: float) -> str:
    """Name a line by its place in beats, such as "beat 3 of bar 12" or "the second sixteenth of beat 1 …"."""
    beat, part = divmod(round(beats * division.parts), division.parts)
    if beat < 0:
        return f"{division.place_words(part)}the beat before {line_words(grid, division, 0.0)}"
    bar, position = grid.bar_of(beat), int(grid.bar_positions[beat])
    where = f"bar {bar}" if bar else "the upbeat"
    return f"{division.place_words(part)}beat {position} of {where}"
