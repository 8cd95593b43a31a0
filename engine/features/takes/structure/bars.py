"""The units of structure: bars where there is a steady pulse, steps of a second elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import BeatGrid
from engine.document.grid.steady import steady_beats

Flags = NDArray[np.bool_]
Seconds = NDArray[np.float64]

STEP_S = 1.0
"""Length of a unit without a pulse."""
_GAP_BARS = 1.6
"""Downbeats farther apart than this belong to two runs, with units without a pulse between them."""
_SHORT_BAR = 0.7
"""A shorter bar, in usual bars, is joined to the bar before."""
_LEAST_S = 0.3
"""Less than that between the start of a recording and its first bar is joined to that bar."""


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Consecutive units of a recording.

    Attributes
    ----------
    edges_s : float64, shape (n + 1,), ascending, from 0 to the end of the recording
    has_pulse : shape (n,), whether a unit is a bar
    """

    edges_s: Seconds
    has_pulse: Flags

    def __len__(self) -> int:
        return len(self.has_pulse)

    @property
    def lengths_s(self) -> Seconds:
        """Return how long each unit is, shape (n,)."""
        lengths: Seconds = np.diff(self.edges_s)
        return lengths


def bars_of(grid: BeatGrid, rate_hz: int, length_s: float) -> Bars:
    """Return the units of a recording.

    Parameters
    ----------
    grid : the active grid, in samples at `rate_hz`
    length_s : of the recording
    """
    steady = steady_beats(grid)
    beats_s = grid.beats_samples[steady] / rate_hz
    inside = (beats_s >= 0.0) & (beats_s < length_s)
    beats_s, is_first = beats_s[inside], (grid.bar_positions[steady] == 1)[inside]
    if np.count_nonzero(is_first) < 2:
        return _with_steps([], 0.0, length_s)
    bar_s = float(np.median(np.diff(beats_s[is_first])))
    return _with_steps(_bar_lines(beats_s, is_first, bar_s), bar_s, length_s)


def _bar_lines(beats_s: Seconds, is_first: Flags, bar_s: float) -> list[float]:
    """Return the downbeats, less those of short bars, and bar lines of the beats before and after them."""
    downbeats = beats_s[is_first].tolist()
    lines = [downbeats[0]]
    for at in downbeats[1:]:
        if at - lines[-1] >= _SHORT_BAR * bar_s:
            lines.append(at)
    while lines[0] - _SHORT_BAR * bar_s > beats_s[0]:
        lines.insert(0, max(0.0, lines[0] - bar_s))
    while lines[-1] + _SHORT_BAR * bar_s < beats_s[-1]:
        lines.append(lines[-1] + bar_s)
    return lines


def _with_steps(lines_s: list[float], bar_s: float, length_s: float) -> Bars:
    """Return bars between neighbouring lines, and steps of about a second where no bar is."""
    edges: list[float] = [0.0]
    flags: list[bool] = []
    for number, line in enumerate([*(at for at in lines_s if at < length_s), length_s]):
        gap_s = line - edges[-1]
        is_bar = number > 0 and gap_s <= _GAP_BARS * bar_s
        steps = 1 if is_bar else max(round(gap_s / STEP_S), 1 if gap_s > _LEAST_S else 0)
        if steps:
            edges += np.linspace(edges[-1], line, steps + 1)[1:].tolist()
            flags += [is_bar] * steps
        else:
            edges[-1] = line if flags else 0.0
    return Bars(np.array(edges), np.array(flags, bool))
