"""Beats that the user wants in a passage without a steady pulse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.core.errors import UsageError
from engine.document.analysis import HAND, BeatGrid
from engine.document.grid.edits import beats_in_bar
from engine.document.grid.free import free_outside, is_free

_EMPTY_BEATS = 1.5
"""Beats that are further apart leave room for others."""


def with_pulse(grid: BeatGrid, at_samples: int) -> BeatGrid:
    """Return the grid with lines in the free passage at a position: detected beats, and even ones in gaps.

    Raises
    ------
    UsageError : the position is not in a free passage between two beats
    """
    beats, counts = grid.beats_samples, grid.bar_positions
    if not is_free(grid, [at_samples])[0] or not beats[0] <= at_samples <= beats[-1]:
        raise UsageError("The playhead is not in a passage without a steady pulse between two beats.")
    kept = free_outside(grid, at_samples, at_samples + 1)
    gaps = np.diff(beats)
    opened = is_free(grid, beats[:-1] + gaps // 2) & ~is_free(
        replace(grid, free_samples=kept), beats[:-1] + gaps // 2
    )
    parts = np.where(opened & (gaps > _EMPTY_BEATS * np.median(gaps)), np.rint(gaps / np.median(gaps)), 1.0)
    index = np.concatenate([[0], np.cumsum(parts)]).astype(np.int64)
    every = np.arange(index[-1] + 1)
    known = np.searchsorted(index, every, side="right") - 1
    numbers = (counts[known] - 1 + every - index[known]) % beats_in_bar(grid) + 1
    return replace(
        grid,
        beats_samples=np.rint(np.interp(every, index, beats)).astype(np.int64),
        bar_positions=np.where(every == index[known], counts[known], numbers),
        free_samples=kept,
        maker=HAND,
    )
