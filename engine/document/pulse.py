"""The beats of a detected grid that belong to music, and the beat that fits taps.

The rest of a grid is neither drawn nor counted. Passages without a steady pulse have no lines, and hits stay
there, until the user sets beats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.core.latest import found_once
from engine.core.timebase import Samples, format_time, united
from engine.core.wording import counted
from engine.document.analysis import APART_BEATS, HAND, BeatGrid

FEWEST_TAPS, TAPS_TO_FOLLOW = 4, 8
_OFF_BY = 0.2
"""Taps further than this share of a beat from the fit do not count."""


@dataclass(frozen=True, slots=True)
class Tapped:
    """The beat that fits taps best.

    Attributes
    ----------
    period_s : length of a beat
    first_s : time of the beat of the first tap, on the taps' own clock
    spread_s : RMS distance of the inliers from their beats
    """

    period_s: float
    first_s: float
    spread_s: float

    @property
    def tempo_bpm(self) -> float:
        """Beats a minute."""
        return 60.0 / self.period_s

    @property
    def tempo_spread_bpm(self) -> float:
        """How far the tempo would be off where one interval is as far off as the taps are."""
        return self.tempo_bpm * self.spread_s / self.period_s


def fit_taps(times_s: ArrayLike) -> Tapped | None:
    """Fit an even beat to taps, ascending, shape (n,); None with fewer than `FEWEST_TAPS`.

    The beats between taps are counted by the median interval, so that a missed tap does no harm. The slope is
    the median of those between all pairs (P. K. Sen, "Estimates of the regression coefficient based on
    Kendall's tau", 1968), which a quarter of bad taps does not move; then least squares over the taps near
    it.
    """
    times = np.asarray(times_s, np.float64)
    if len(times) < FEWEST_TAPS:
        return None
    steps = np.diff(times)
    beats = _counted(steps, float(np.median(steps)))
    earlier, later = np.triu_indices(len(times), 1)
    apart = beats[later] > beats[earlier]
    slopes = (times[later] - times[earlier])[apart] / (beats[later] - beats[earlier])[apart]
    period = float(np.median(slopes))
    first = float(np.median(times - beats * period))
    near = np.abs(times - first - beats * period) <= _OFF_BY * period
    if np.count_nonzero(near) < FEWEST_TAPS:
        near[:] = True  # they follow no beat: all of them say how unsure that is
    elif np.ptp(beats[near]) > 0:
        period, first = (float(value) for value in np.polyfit(beats[near], times[near], 1))
    off = (times - first - beats * period)[near]
    return Tapped(period, first, float(np.sqrt(np.mean(np.square(off)))))


def _counted(steps_s: NDArray[np.float64], period_s: float) -> NDArray[np.float64]:
    """Return the number of each tap's beat from 0; a tap between two beats takes the nearer one."""
    whole = np.maximum(np.rint(np.cumsum(steps_s) / period_s), 0)
    # A tempo that is a little off adds up over a long run: count from tap to tap where that is plain.
    each = np.maximum(np.rint(steps_s / period_s), 0)
    plain = bool(np.all(np.abs(steps_s / period_s - each) <= _OFF_BY) and np.all(each >= 1))
    return np.append(0.0, np.cumsum(each) if plain else whole)


_MOST_NAMED = 4


def is_free(grid: BeatGrid, positions_samples: ArrayLike) -> NDArray[np.bool_]:
    """Return whether each position, shape (n,), is in a passage without a steady pulse."""
    spans, at = grid.free_samples, np.asarray(positions_samples)
    if not len(spans):
        return np.zeros(len(at), bool)
    before = np.searchsorted(spans[:, 0], at, side="right") - 1
    found: NDArray[np.bool_] = (before >= 0) & (at < spans[np.maximum(before, 0), 1])
    return found


def free_outside(grid: BeatGrid, start_samples: int, stop_samples: int) -> NDArray[np.int64]:
    """Return the passages without a pulse, shape (f, 2), that a span does not touch."""
    spans = grid.free_samples
    kept: NDArray[np.int64] = spans[(spans[:, 1] <= start_samples) | (spans[:, 0] >= stop_samples)]
    return kept


def free_notice(grid: BeatGrid, onsets_samples: ArrayLike, rate_hz: int, what: str) -> str:
    """Return a sentence that names the passages in which hits or notes stay; "" for none.

    Parameters
    ----------
    what : "hits" or "notes"
    """
    at = np.asarray(onsets_samples)
    spans = [
        f"{format_time(start / rate_hz, 0)} to {format_time(stop / rate_hz, 0)}"
        for start, stop in grid.free_samples.tolist()
        if np.any((at >= start) & (at < stop))
    ]
    if not spans:
        return ""
    more = len(spans) - _MOST_NAMED
    named = ", ".join(spans[:_MOST_NAMED]) + (f" and {counted(more, 'more passage')}" if more > 0 else "")
    verb = "has" if len(spans) == 1 else "have"
    return f"{named} {verb} no steady pulse: {what} there are not moved."


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
