"""Tempo and place of the beat from taps, with late, early and missed ones among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
