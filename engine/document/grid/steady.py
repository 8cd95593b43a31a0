"""The beats of a detected grid that belong to music: the rest is neither drawn nor counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.latest import found_once
from engine.core.spans import Samples, united
from engine.document.analysis import APART_BEATS, HAND, BeatGrid
from engine.document.grid.free import is_free

FEWEST_BEATS = 16
"""A shorter run of beats next to a longer one is talk or tuning more often than music."""
LEAST_CONFIDENCE = 0.33
"""Seven recordings of talk alone stayed below it, all 19 pieces and loops with beats above it."""
_SHORT_CONFIDENCE = 0.5
"""A grid without a long run, as of a loop of two bars, is music from this confidence on."""
_TEMPO_BEATS = 16


@found_once
def steady_beats(grid: BeatGrid) -> NDArray[np.bool_]:
    """Return which beats of a grid belong to music, shape (n,); none in passages without a steady pulse.

    All others do if the user edited the grid.
    """
    beats, has_pulse = grid.beats_samples, ~is_free(grid, grid.beats_samples)
    if not len(beats) or grid.maker == HAND:
        return has_pulse
    if grid.confidence < LEAST_CONFIDENCE:
        return np.zeros(len(beats), bool)
    run = np.concatenate([[0], np.cumsum(np.diff(beats) > _longest_gap(grid))])
    is_long = np.bincount(run) >= FEWEST_BEATS
    if not is_long.any():
        return has_pulse & (grid.confidence >= _SHORT_CONFIDENCE)
    found: NDArray[np.bool_] = is_long[run] & has_pulse
    return found


def has_music(grid: BeatGrid | None) -> bool:
    """Return whether any beat of a grid belongs to music."""
    return grid is not None and bool(steady_beats(grid).any())


def steady_spans(grid: BeatGrid, joined_samples: int = 0) -> Samples:
    """Return the spans [start, stop) with beats that belong to music, shape (k, 2), ascending and disjoint.

    Parameters
    ----------
    joined_samples : a gap of at most this length belongs to the spans around it
    """
    beats = grid.beats_samples[steady_beats(grid)]
    pairs = np.stack([beats[:-1], beats[1:]], axis=1)
    return united(pairs[np.diff(pairs)[:, 0] <= max(_longest_gap(grid), joined_samples)])


def beat_at(grid: BeatGrid | None, position_samples: int) -> int | None:
    """Return the index of the last beat at or before a position.

    None if no music plays: before its first beat, in talk, and further behind a beat than a bar lasts.
    """
    if grid is None:
        return None
    beats = grid.beats_samples
    beat = int(np.searchsorted(beats, position_samples, side="right")) - 1
    if beat < 0 or not steady_beats(grid)[beat] or is_free(grid, [position_samples])[0]:
        return None
    is_near = grid.maker == HAND or position_samples - beats[beat] <= _longest_gap(grid)
    return beat if is_near else None


def tempo_at(grid: BeatGrid | None, position_samples: int, rate_hz: int) -> float:
    """Return the tempo in BPM around a position: the median of up to sixteen beats.

    That of the whole recording where no music plays, and 0 in a recording without music.
    """
    if grid is None or not has_music(grid):
        return 0.0
    beat = beat_at(grid, position_samples)
    if beat is None:
        return grid.tempo_bpm
    gaps = np.diff(grid.beats_samples[max(0, beat - _TEMPO_BEATS // 2) : beat + _TEMPO_BEATS // 2 + 1])
    return 60.0 * rate_hz / float(np.median(gaps)) if len(gaps) else grid.tempo_bpm


@found_once
def _longest_gap(grid: BeatGrid) -> float:
    """Return the longest gap between two beats of one run, in samples."""
    gaps = np.diff(grid.beats_samples)
    return APART_BEATS * float(np.median(gaps)) if len(gaps) else float("inf")
