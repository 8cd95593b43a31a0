"""Gains of a track as curves, for programs that play them themselves.

Only gains that no other one overlaps: where two do, their product is no straight line between two points.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from engine.document.kinds.operations import Gain
from engine.edl.tracks.patches import Patches, ramp_samples

Point = tuple[float, float]
"""A position in samples, which may lie between two, and the gain there, as a factor."""


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
    """The product of gains that lie apart, at every sample as `engine.edl.tracks.patches.gains_at` has it.

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
    """Return where a gain leaves 1, reaches its factor, leaves that and is 1 again.

    Without a ramp, it changes between two samples.
    """
    ramp, factor = ramp_samples(one, rate_hz), 10.0 ** (one.gain_db / 20.0)
    before, rise = (0.5, ramp) if ramp else (1.0, 1)
    begin, end = one.start_samples - before, one.stop_samples - 1 + before
    return (begin, 1.0), (begin + rise, factor), (end - rise, factor), (end, 1.0)
