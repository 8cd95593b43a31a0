"""Times of day on the ruler: at round times of the clock, wherever these play."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.marks.time_of_day import TimeOfDay
from widgets.timeline.time_map import SOURCE_TIMES, TimeMap
from widgets.timeline.viewport import Viewport

BESIDE_PX = 8
"""Margin of the window in which ticks are looked for: the label of one just left of it may be visible."""


@dataclass(frozen=True, slots=True, eq=False)
class ClockTimes:
    """Times of day of the drawn positions.

    Attributes
    ----------
    start : that of the start of the recording; None if it is not known
    """

    start: TimeOfDay | None = None
    times: TimeMap = SOURCE_TIMES

    def ticks(self, view: Viewport, step_s: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the multiples of a step since midnight that play in a window.

        Returns
        -------
        counts : the number of steps of each since the midnight before the start, shape (n,)
        positions : where they are drawn, ascending, shape (n,)
        """
        start_us = 0 if self.start is None else self.start.since_midnight_us
        before, step = start_us * view.rate_hz / 1e6, step_s * view.rate_hz
        starts, stops, places = self._played(view)
        first, last = (np.ceil((edges + before) / step).astype(np.int64) for edges in (starts, stops))
        each = np.maximum(last - first, 0)
        segment = np.repeat(np.arange(len(each)), each)
        counts = np.arange(len(segment)) - np.repeat(np.cumsum(each) - each, each) + first[segment]
        return counts, places[segment] + counts * step - before - starts[segment]

    def _played(self, view: Viewport) -> tuple[NDArray[np.float64], ...]:
        """Return the source spans that play in a window, and where each is drawn; shape (n,) each."""
        beside = BESIDE_PX * view.samples_per_px
        left, right = view.start_samples - beside, view.stop_samples + beside
        edits = self.times.edit_list
        if edits is None:
            return np.array([left]), np.array([right]), np.array([left])
        first, last = np.searchsorted(edits.seams_samples, (left, right))
        some = slice(max(first - 1, 0), last)
        columns = edits.kept_starts_samples, edits.kept_stops_samples, edits.seams_samples
        # no time of day passes in an insert
        sounding = ~edits.inserted[some]
        starts, stops, seams = (column[some][sounding].astype(np.float64) for column in columns)
        places = np.maximum(seams, left)
        return starts + places - seams, np.minimum(stops, starts + right - seams), places


NO_CLOCK = ClockTimes()
