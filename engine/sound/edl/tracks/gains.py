"""Gains of a track as curves, for programs that play them themselves.

Only gains that no other one overlaps: where two do, their product is not a straight line between two points.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from engine.document.kinds.operations import Gain
from engine.sound.edl.tracks.patches import Patches, gains_at, ramps_samples

Point = tuple[float, float]
"""A position in samples, which may be fractional, and the gain factor at it."""


def lone_gains(patches: Patches | None) -> tuple[Gain, ...]:
    """Return the gains that no other one overlaps, ascending."""
    found = sorted(
        (one for one in (() if patches is None else patches.others) if isinstance(one, Gain)),
        key=lambda one: (one.start_samples, one.stop_samples),
    )
    lone, reached = [], 0
    for one, after in zip_longest(found, found[1:]):
        is_apart = after is None or one.stop_samples <= after.start_samples
        if reached <= one.start_samples and is_apart:
            lone.append(one)
        reached = max(reached, one.stop_samples)
    return tuple(lone)


class GainCurve:
    """The product of disjoint gains, equal to `engine.sound.edl.tracks.patches.gains_at` at every sample.

    Parameters
    ----------
    gains : ascending
    """

    def __init__(self, gains: Sequence[Gain], rate_hz: int) -> None:
        self._gains, self._rate_hz = gains, rate_hz

    def within(self, start_samples: int, stop_samples: int) -> Sequence[Gain]:
        """Return the gains that reach into [start, stop)."""
        first = bisect_right(self._gains, start_samples, key=lambda one: one.stop_samples)
        return self._gains[first : bisect_left(self._gains, stop_samples, key=lambda one: one.start_samples)]

    def points(self, start_samples: int, stop_samples: int) -> tuple[Point, ...]:
        """Return points from `start` to `stop`, between which the gain is linear at every sample."""
        # one sample farther: the last point lies beyond the last sample, where another gain may begin
        corners = [_corners(one, self._rate_hz) for one in self.within(start_samples, stop_samples + 1)]
        inside = {at for one in corners for at, _ in one if start_samples < at < stop_samples}
        places = np.array(sorted(inside | {start_samples, stop_samples}), np.float64)
        factors = np.ones(len(places))
        for one in corners:
            factors *= np.interp(places, *np.array(one).T)
        return tuple(zip(places.tolist(), factors.tolist(), strict=True))


def _corners(one: Gain, rate_hz: int) -> tuple[Point, Point, Point, Point]:
    """Return the points where a gain leaves 1, reaches its factor, leaves the factor and returns to 1.

    Without a ramp, it changes between two samples. A ramp as long as the gain leaves no room for that: if the
    other edge has no ramp, the ramp begins there at the gain it has reached.
    """
    rise, fall = ramps_samples(one, rate_hz)
    factor = 10.0 ** (one.gain_db / 20.0)
    begin = one.start_samples - (0.5 if rise else 1.0)
    end = one.stop_samples - (0.5 if fall else 0.0)
    full, leaves = begin + (rise or 1), end - (fall or 1)
    if full > leaves:
        edge = one.start_samples if not rise else one.stop_samples - 1
        full = leaves = edge
        factor = float(gains_at(one, np.array([edge]), rate_hz)[0])
    return (begin, 1.0), (full, factor), (leaves, factor), (end, 1.0)
