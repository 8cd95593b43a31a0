"""The grid with the user's decisions: the current one, and tempo decisions on spans of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.document.analysis import HAND, Analysis, BeatGrid
from engine.document.grid.edits import beats_in_bar
from engine.document.grid.readings import LEVELS
from engine.document.grid.tempo_decisions import DecidedTempo, decided_tempi
from engine.document.kinds.tempo import HEARD, OFF_BEAT
from engine.document.state import DocumentState

Positions = NDArray[np.int64]

_latest: tuple[BeatGrid, tuple[DecidedTempo, ...], BeatGrid] | None = None
"""The latest question and answer: views detect a new grid by its identity."""


def grid_in_force(state: DocumentState, stored: Analysis | None) -> BeatGrid | None:
    """Return the grid of a document: the current stored one, with the tempo decisions on it.

    The order of decisions does not matter: each refers to the stored grid, and of two that overlap the one
    that begins earlier applies.

    Parameters
    ----------
    stored : the current analysis "beats"
    """
    global _latest
    if not isinstance(stored, BeatGrid):
        return None
    decided = decided_tempi(state)
    if not decided:
        return stored
    known = _latest
    if known is None or known[0] is not stored or known[1] != decided:
        _latest = known = stored, decided, recounted(stored, decided)
    return known[2]


def recounted(grid: BeatGrid, decided: tuple[DecidedTempo, ...]) -> BeatGrid:
    """Return a grid with each span, in the order of time, counted as was decided; beats elsewhere stay."""
    pieces: list[tuple[Positions, Positions]] = []
    reached, place = 0, 0
    for one in decided:
        start = max(one.start_samples, reached)
        first, last = np.searchsorted(grid.beats_samples, [start, one.stop_samples]).tolist()
        if start >= one.stop_samples or first >= last:
            continue
        pieces += [(grid.beats_samples[place:first], grid.bar_positions[place:first])]
        pieces += [counted_in(grid, replace(one, start_samples=start))]
        reached, place = one.stop_samples, last
    pieces += [(grid.beats_samples[place:], grid.bar_positions[place:])]
    beats, numbers = (np.concatenate(column) for column in zip(*pieces, strict=True))
    if np.array_equal(beats, grid.beats_samples) and np.array_equal(numbers, grid.bar_positions):
        return grid
    tempo_bpm = grid.tempo_bpm * _ratio(grid.beats_samples, beats)
    return BeatGrid(beats, numbers, tempo_bpm, grid.confidence, HAND, free_samples=grid.free_samples)


def counted_in(grid: BeatGrid, one: DecidedTempo) -> tuple[Positions, Positions]:
    """Return the beats of a span, shape (n,), and their position in the bar, after a tempo decision.

    A span stays unchanged if its beats would be too close, or none would remain.
    """
    beats = grid.beats_samples
    first, last = np.searchsorted(beats, [one.start_samples, one.stop_samples]).tolist()
    as_is = beats[first:last], grid.bar_positions[first:last]
    # With the beat after it, so that what lies between the last beat of the span and that one is counted.
    part = slice(first, last + 1)
    tempo_bpm = grid.tempo_bpm * _ratio(beats, beats[part])
    found = _read(BeatGrid(beats[part], grid.bar_positions[part], tempo_bpm, 1.0, HAND), one.reading)
    inside = (found.beats_samples >= one.start_samples) & (found.beats_samples < one.stop_samples)
    if not inside.any():
        return as_is
    numbers = found.bar_positions
    if one.bars_later_beats:
        begins = int(np.argmax(numbers == 1)) + one.bars_later_beats
        numbers = (np.arange(len(numbers)) - begins) % beats_in_bar(found) + 1
    return found.beats_samples[inside], numbers[inside]


def _read(part: BeatGrid, reading: str) -> BeatGrid:
    if reading == HEARD or len(part.beats_samples) < 2:
        return part
    if reading == OFF_BEAT:
        beats = part.beats_samples
        gaps = np.diff(beats)
        return replace(part, beats_samples=beats + np.append(gaps, gaps[-1]) // 2)
    try:
        return LEVELS[reading].count(part)
    except UsageError:
        return part


def _ratio(before: Positions, after: Positions) -> float:
    """Return the tempo of the second beats relative to the first, by the median."""
    if len(before) < 2 or len(after) < 2:
        return 1.0
    return float(np.median(np.diff(before)) / np.median(np.diff(after)))
