"""The drummer's own push and pull: deviation of the playing from the lines.

Over time that is a curve for all drums; and each drum has a place of its own, as a snare that is laid back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features.timing.alignment.placement import Lines
from engine.features.timing.alignment.strokes import Strokes

Floats = NDArray[np.float64]

_WIDTHS = 6.0
"""Number of widths beyond which points have zero weight."""
_KNOTS_AT_ONCE = 64
_LEAST_STROKES = 8
"""Minimum strokes to estimate a drum's own delay."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Push and pull over time.

    Attributes
    ----------
    times_samples : float64, shape (k,), ascending
    offsets_samples : float64, shape (k,), positive where the playing is late against the lines
    """

    times_samples: Floats
    offsets_samples: Floats

    def at(self, positions_samples: Floats) -> Floats:
        """Return the offset at each position, that of an end beyond it; 0 where nothing is known."""
        if len(self.times_samples) == 0:
            return np.zeros(len(positions_samples))
        found: Floats = np.interp(positions_samples, self.times_samples, self.offsets_samples)
        return found


def smoothed(
    times_samples: Floats, offsets_samples: Floats, width_samples: float, trust: Floats | None = None
) -> Curve:
    """Smooth offsets over time: a local line through them, strays weighed down (LOWESS, Cleveland 1979).

    Parameters
    ----------
    times_samples, offsets_samples : shape (k,), ascending in time, of strokes and how late each is
    width_samples : as far to either side counts about half
    trust : shape (k,), 0 to 1, of each
    """
    count = len(times_samples)
    if count == 0:
        return Curve(np.zeros(0), np.zeros(0))
    given = np.ones(count) if trust is None else trust
    robust = np.ones(count)
    knots = np.arange(times_samples[0], times_samples[-1] + width_samples / 2.0, width_samples / 2.0)
    fitted = np.zeros(len(knots))
    for _ in range(3):
        fitted = _local_lines(knots, times_samples, offsets_samples, width_samples, given * robust)
        away = np.abs(offsets_samples - np.interp(times_samples, knots, fitted))
        # If most are exactly on the curve, the smallest deviation still counts as one.
        spread = max(4.0 * float(np.median(away)), 1e-3 * width_samples)
        robust = np.clip(1.0 - (away / spread) ** 2, 0.03, 1.0) ** 2
    return Curve(knots, fitted)


def _local_lines(knots: Floats, times: Floats, offsets: Floats, width: float, weights: Floats) -> Floats:
    """Fit a line around each knot by weighted least squares, from the points within some widths of it."""
    fitted = np.empty(len(knots))
    for start in range(0, len(knots), _KNOTS_AT_ONCE):
        some = knots[start : start + _KNOTS_AT_ONCE]
        first, last = np.searchsorted(times, [some[0] - _WIDTHS * width, some[-1] + _WIDTHS * width])
        # Where nothing is near, the nearest on either side is all there is to go by.
        near = slice(max(int(first) - 1, 0), int(last) + 1)
        fitted[start : start + len(some)] = _lines_at(some, times[near], offsets[near], width, weights[near])
    return fitted


def _lines_at(knots: Floats, times: Floats, offsets: Floats, width: float, weights: Floats) -> Floats:
    away = (times - knots[:, None]) / width
    weight = weights * np.exp(-0.5 * np.minimum(away**2, _WIDTHS**2)) + 1e-12
    total = weight.sum(1)
    middle = (weight * away).sum(1) / total
    mean = weight @ offsets / total
    centred = away - middle[:, None]
    # Half a stroke's worth of a level line holds the slope down where little supports it.
    slope = (weight * centred * (offsets - mean[:, None])).sum(1) / ((weight * centred**2).sum(1) + 0.5)
    fitted: Floats = mean - slope * middle
    return fitted


def phrase(strokes: Strokes, taken: NDArray[np.int64], lines: Lines, bars: float = 1.0) -> Curve:
    """Return the phrase's own push and pull: how late strokes are, smoothed over bars."""
    on_line = np.flatnonzero(taken >= 0)
    on_line = on_line[np.argsort(strokes.onsets_samples[on_line], kind="stable")]
    onsets = strokes.onsets_samples[on_line]
    return smoothed(onsets, onsets - lines.positions_samples[taken[on_line]], bars * bar_samples(lines) / 2.0)


def drum_pulls(leads: NDArray[np.int64], late_samples: Floats, on_line: NDArray[np.bool_]) -> Floats:
    """Return the usual delay of the drum of each stroke, shape (s,): the median over the strokes it leads.

    If several drums sound together the first of them gives the position of the stroke, and the others keep
    their distance to it anyway. A drum with few strokes has no delay of its own.

    Parameters
    ----------
    leads : shape (s,), which drum each stroke begins with; -1 for none
    late_samples : shape (s,)
    on_line : shape (s,), which strokes count
    """
    pulls = np.zeros(len(leads))
    for voice in np.unique(leads[leads >= 0]).tolist():
        own = leads == voice
        if np.count_nonzero(own & on_line) >= _LEAST_STROKES:
            pulls[own] = np.median(late_samples[own & on_line])
    return pulls


def bar_samples(lines: Lines) -> float:
    """Return how long a bar lasts: the median over the downbeats, or four beats."""
    downbeats = lines.positions_samples[lines.levels == 0]
    if len(downbeats) > 1:
        return float(np.median(np.diff(downbeats)))
    if len(lines.beats) < 2:
        return 2.0 * lines.rate_hz
    beats = float(lines.beats[-1] - lines.beats[0])
    return 4.0 * float(lines.positions_samples[-1] - lines.positions_samples[0]) / max(beats, 1e-9)
