"""Groove templates: how far from the grid each line of a bar is played, taken from another performance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.document.analysis import BeatGrid
from engine.document.drums.hits import Role
from engine.document.grid.edits import beats_in_bar
from engine.features.timing.alignment.beat_positions import beats_at
from engine.features.timing.alignment.division import Division

_FEWEST_HITS = 4
_FARTHEST_SHARE = 0.499
"""Of a division, that a line is moved at the most: two never change places."""


@dataclass(frozen=True, slots=True, eq=False)
class Groove:
    """The feel of a performance.

    Attributes
    ----------
    offsets_beats : float64, shape (beats in the bar x parts,), how much later than an even division each line
        of a bar is played
    parts : how many lines there are to a beat
    drums_ms : how much later than their line strokes belong that a drum carries
    is_edited : whether it is the feel of an edit, which the playing need not have before it
    """

    offsets_beats: NDArray[np.float64]
    parts: int
    drums_ms: Mapping[Role, float] = field(default_factory=dict)
    is_edited: bool = False


def groove_of_hits(
    onsets_samples: NDArray[np.float64], grid: BeatGrid, division: Division, rate_hz: int
) -> Groove:
    """Take the feel of hits that were played to a grid, by its bars; see `groove_of`.

    Parameters
    ----------
    onsets_samples : shape (n,); hits before the grid or after it do not count

    Raises
    ------
    UsageError : the groove has too few hits
    """
    beats = beats_at(grid, onsets_samples, rate_hz)
    beats = beats[(beats >= 0.0) & (beats < len(grid.beats_samples))]
    whole = np.floor(beats).astype(np.int64)
    return groove_of(grid.bar_positions[whole] - 1 + beats - whole, beats_in_bar(grid), division)


def groove_of(beats_in_bar: NDArray[np.float64], bar_length: int, division: Division) -> Groove:
    """Compute the feel of hits: the median deviation from each line of the bar.

    A line without hits is interpolated between its neighbours.

    Parameters
    ----------
    beats_in_bar : shape (n,), positions of the hits in their bars, in beats from the downbeat
    bar_length : in beats

    Raises
    ------
    UsageError : the groove has too few hits
    """
    parts = division.parts
    nearest = np.rint(beats_in_bar * parts)
    offsets = beats_in_bar - nearest / parts
    slots = nearest.astype(np.int64) % (bar_length * parts)
    if len(slots) < _FEWEST_HITS:
        raise UsageError("The groove has too few hits to take a feel from: choose one of a bar or more.")
    found = np.unique(slots)
    medians = np.array([np.median(offsets[slots == slot]) for slot in found])
    return groove_of_lines(found, medians, bar_length * parts, parts)


def groove_of_lines(
    lines: NDArray[np.int64], offsets_beats: NDArray[np.float64], lines_in_bar: int, parts: int
) -> Groove:
    """Return the feel of known lines of the bar, ascending; the others are interpolated between them."""
    every = np.interp(np.arange(lines_in_bar), lines, offsets_beats, period=lines_in_bar)
    limit = _FARTHEST_SHARE / parts
    return Groove(np.clip(every, -limit, limit), parts)
