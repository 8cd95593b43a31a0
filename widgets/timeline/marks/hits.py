"""Hits as ticks at the top of the lanes of their microphones, with arrows to where they go.

A tick is as high and as strong as its hit was struck. One that is to be moved has a shaft to where it goes,
with a head there, in the colour of what came early or of what came late, the stronger the further it goes.
Far out, bars tell the push and pull of the player: up where hits came early, down where they came late, as
high as they do in the mean. All is drawn in columns of one image: two thousand cost what twenty do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.document.decisions import Verdict
from engine.document.state import DocumentState
from engine.document.table import VERDICTS
from engine.hits.hits import Hits
from engine.review.moves import STAYS, moves_of, shifts_of
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.frame import Frame

PIXELS = NDArray[np.uint32]

AXIS_PX, HIGHEST_PX, LOWEST_PX, SHAFT_PX, HEAD_PX, TICK_PX = 13.0, 9.0, 4.0, 2.0, 5.0, 2.0
MOST_OF_LANE = 0.4
"""Of a low lane, that ticks take of its height."""
QUIETEST_DB, LOUDEST_DB = -50.0, -6.0
WEAKEST = 0.6
"""How much of its colour the quietest hit has, and the smallest move."""
FARTHEST_MS = 25.0
"""Moves from here on have all of their colour, and bars all of their height."""
CLOSEST_PX = 5.0
"""Hits of a lane that are closer than that in the mean are told together."""
BAR_PX, BAR_LEAST_MS = 3.0, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class HitMarks:
    """Hits as they are drawn, ascending.

    Attributes
    ----------
    onsets : float64, shape (n,), where they are, in view positions
    targets : float64, shape (n,), where they go
    strengths : float64, shape (n,), 0 to 1
    verdicts : int8, shape (n,), places in `VERDICTS`, `STAYS` where nothing is proposed
    tracks : shape (n,), places in `track_ids`
    track_ids : of the microphones
    """

    onsets: NDArray[np.float64]
    targets: NDArray[np.float64]
    strengths: NDArray[np.float64]
    verdicts: NDArray[np.int8]
    tracks: NDArray[np.int16]
    track_ids: tuple[str, ...]

    @classmethod
    def of(cls, hits: Hits | None, state: DocumentState) -> HitMarks:
        """Return the hits of a document in source positions, each with what is proposed for it."""
        if hits is None or not len(hits.onsets_samples):
            return NO_HITS
        by, verdicts = shifts_of(hits, moves_of(state), state.rate_hz)
        louder = (hits.strengths_db.astype(np.float64) - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB)
        onsets = hits.onsets_samples
        strengths = np.clip(louder, 0.0, 1.0)
        return cls(onsets, onsets + by, strengths, verdicts, hits.tracks, tuple(hits.track_ids))

    def heard(self, rows: NDArray[np.int64] | NDArray[np.bool_], onsets: NDArray[np.float64]) -> HitMarks:
        """Return some of them at other places; each goes as far as before."""
        by = (self.targets - self.onsets)[rows]
        return HitMarks(
            onsets, onsets + by, self.strengths[rows], self.verdicts[rows], self.tracks[rows], self.track_ids
        )

    def scaled(self, share: float, least: float, most: float) -> HitMarks:
        """Return them with undecided moves scaled by a share; those out of the range least to most stay.

        Parameters
        ----------
        least, most : of the moves as they are, in samples
        """
        by = self.targets - self.onsets
        is_open = self.verdicts == VERDICTS.index(Verdict.UNDECIDED)
        stays = is_open & ((np.abs(by) < least) | (np.abs(by) > most))
        targets = np.where(is_open, self.onsets + by * share, self.targets)
        return replace(
            self,
            targets=np.where(stays, self.onsets, targets),
            verdicts=np.where(stays, STAYS, self.verdicts).astype(np.int8),
        )


NO_HITS = HitMarks(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, np.int8), np.zeros(0, np.int16), ())


def fill_hits(pixels: PIXELS, frame: Frame, marks: HitMarks, lanes: tuple[str, ...]) -> None:
    """Draw the hits in view into an image of the timeline, shape (rows, columns), over the waves.

    Parameters
    ----------
    lanes : ids of the tracks, in the order of their lanes
    """
    shown = _in_view(marks, frame)
    if not len(shown):
        return
    layout, dpr = frame.layout, frame.dpr
    lane_of = np.array([lanes.index(key) if key in lanes else -1 for key in marks.track_ids], np.int64)
    lane = lane_of[marks.tracks[shown]]
    inks = _inks(frame.theme, marks, shown, frame.viewport.rate_hz)
    clip = (round(layout.lanes_top * dpr), min(round(layout.lanes_bottom * dpr), len(pixels)))
    for number, (top, bottom) in enumerate(pairwise(layout.lane_tops)):
        here = lane == number
        if bottom > layout.lanes_top and top < layout.lanes_bottom and here.any():
            _fill_lane(pixels, frame, marks, shown[here], inks[here], (top, bottom), clip)


def _in_view(marks: HitMarks, frame: Frame) -> NDArray[np.int64]:
    """Return the rows whose hit, or where it goes, may be seen."""
    if not len(marks.onsets):
        return np.zeros(0, np.int64)
    view = frame.viewport
    reach = float(np.abs(marks.targets - marks.onsets).max()) + theme.px(HEAD_PX) * view.samples_per_px
    first = int(np.searchsorted(marks.onsets, view.start_samples - reach, "left"))
    last = int(np.searchsorted(marks.onsets, view.stop_samples + reach, "right"))
    return np.arange(first, last)


def _inks(tokens: Theme, marks: HitMarks, shown: NDArray[np.int64], rate_hz: int) -> NDArray[np.uint32]:
    """Return the colour of each hit: how far it goes and which way, or what was answered."""
    by_ms = (marks.targets[shown] - marks.onsets[shown]) / rate_hz * 1000
    verdicts = marks.verdicts[shown]
    share = WEAKEST + (1 - WEAKEST) * np.clip(np.abs(by_ms) / FARTHEST_MS, 0.0, 1.0)
    inks = _ramp(tokens.dim, tokens.bg, WEAKEST + (1 - WEAKEST) * marks.strengths[shown])
    for verdict, token in (
        (Verdict.ACCEPTED, tokens.accepted),
        (Verdict.REJECTED, tokens.rejected),
    ):
        inks[verdicts == VERDICTS.index(verdict)] = theme.color(token).rgba()
    is_open = verdicts == VERDICTS.index(Verdict.UNDECIDED)
    for is_so, token in ((by_ms > 0, tokens.early), (by_ms < 0, tokens.late)):
        chosen = is_open & is_so
        inks[chosen] = _ramp(token, tokens.bg, share[chosen])
    return inks


def _ramp(token: str, ground: str, share: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Return opaque colours between a ground, at 0, and a token, at 1."""
    full, none = theme.color(token), theme.color(ground)
    inks = np.full(share.shape, 0xFF, np.int64)
    for high, low in ((full.red(), none.red()), (full.green(), none.green()), (full.blue(), none.blue())):
        inks = inks * 256 + np.rint(low + (high - low) * share).astype(np.int64)
    return inks.astype(np.uint32)


def _fill_lane(
    pixels: PIXELS,
    frame: Frame,
    marks: HitMarks,
    rows: NDArray[np.int64],
    inks: NDArray[np.uint32],
    lane: tuple[int, int],
    clip: tuple[int, int],
) -> None:
    """Draw the hits of one lane: first what stays, last what goes furthest, which is then seen."""
    dpr = frame.dpr
    room = (lane[1] - lane[0]) * MOST_OF_LANE / 2
    highest = min(theme.px(HIGHEST_PX), room)
    axis = round((lane[0] + min(theme.px(AXIS_PX), 2 * room)) * dpr)
    by = marks.targets[rows] - marks.onsets[rows]
    strip = _Strip(pixels, clip, axis)
    if _are_close(marks.onsets[rows], frame):
        _fill_bars(strip, frame, marks, rows, round(highest * dpr))
        return
    order = np.argsort(np.abs(by), kind="stable")
    rows, inks, by = rows[order], inks[order], by[order]
    lowest = min(theme.px(LOWEST_PX), highest)
    halves = np.rint((lowest + (highest - lowest) * marks.strengths[rows]) * dpr).astype(np.int64)
    accepted = marks.verdicts[rows] == VERDICTS.index(Verdict.ACCEPTED)
    at = np.where(accepted, marks.targets[rows], marks.onsets[rows])  # where it sounds now
    columns = np.rint(frame.viewport.xs_at(at) * dpr).astype(np.int64)
    ends = np.rint(frame.viewport.xs_at(np.where(accepted, marks.onsets[rows], marks.targets[rows])) * dpr)
    goes = by != 0
    strip.shafts(columns[goes], ends[goes].astype(np.int64), inks[goes], max(round(SHAFT_PX * dpr), 1))
    is_open = (marks.verdicts[rows] == VERDICTS.index(Verdict.UNDECIDED)) & goes
    strip.heads(
        columns[is_open], ends[is_open].astype(np.int64), inks[is_open], round(theme.px(HEAD_PX) * dpr)
    )
    strip.ticks(columns, halves, inks, max(round(TICK_PX * dpr), 1))


def _are_close(onsets: NDArray[np.float64], frame: Frame) -> bool:
    """Tell whether most hits of a lane are closer than can be told apart."""
    if len(onsets) < 3:
        return False
    gap = float(onsets[-1] - onsets[0]) / (len(onsets) - 1)
    return gap / frame.viewport.samples_per_px < theme.px(CLOSEST_PX)


def _fill_bars(strip: _Strip, frame: Frame, marks: HitMarks, rows: NDArray[np.int64], highest: int) -> None:
    """Draw how early or late hits are in the mean of every few columns, by what is undecided of them."""
    view, dpr, tokens = frame.viewport, frame.dpr, frame.theme
    wide = max(round(theme.px(BAR_PX) * dpr), 2)
    count = frame.columns // wide + 2
    # on a grid of the recording's own, or bars would flicker as it scrolls
    per_bar = view.samples_per_px / dpr * wide
    first = int(np.floor(view.start_samples / per_bar))
    bar = np.floor(marks.onsets[rows] / per_bar).astype(np.int64) - first
    rows, bar = rows[(bar >= 0) & (bar < count)], bar[(bar >= 0) & (bar < count)]
    left = np.rint((np.arange(count) + first - view.start_samples / per_bar) * wide).astype(np.int64)
    is_open = marks.verdicts[rows] == VERDICTS.index(Verdict.UNDECIDED)
    by_ms = (marks.targets[rows] - marks.onsets[rows]) / view.rate_hz * 1000
    open_count = np.bincount(bar[is_open], minlength=count)
    mean_ms = np.bincount(bar[is_open], by_ms[is_open], minlength=count) / np.maximum(open_count, 1)
    heights = np.rint(np.clip(np.abs(mean_ms) / FARTHEST_MS, 0.0, 1.0) * highest).astype(np.int64)
    heights = np.where(np.abs(mean_ms) >= BAR_LEAST_MS, np.maximum(heights, 1), 0)
    accepted = np.bincount(bar[marks.verdicts[rows] == VERDICTS.index(Verdict.ACCEPTED)], minlength=count) > 0
    played = np.bincount(bar, minlength=count) > 0
    line = np.where(accepted, theme.color(tokens.accepted).rgba(), theme.color(tokens.dim).rgba())
    strip.level(left[played], line[played].astype(np.uint32), wide)
    for is_so, token, way in ((mean_ms > 0, tokens.early, -1), (mean_ms < 0, tokens.late, 1)):
        ink = np.uint32(theme.color(token).rgba())
        strip.bars(left[is_so], heights[is_so], way, ink, wide - 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Strip:
    """The rows around the axis of a lane's hits, in device pixels."""

    pixels: PIXELS
    clip: tuple[int, int]
    axis: int

    def _put(self, rows: NDArray[np.int64], columns: NDArray[np.int64], inks: NDArray[np.uint32]) -> None:
        seen = (columns >= 0) & (columns < self.pixels.shape[1])
        seen &= (rows >= self.clip[0]) & (rows < self.clip[1])
        self.pixels[rows[seen], columns[seen]] = inks[seen]

    def ticks(
        self, columns: NDArray[np.int64], halves: NDArray[np.int64], inks: NDArray[np.uint32], thick: int
    ) -> None:
        """Draw upright lines, each `halves` above and below the axis."""
        if not len(halves):
            return
        heights = 2 * halves + 1
        each = np.repeat(np.arange(len(columns)), heights)
        within = np.arange(len(each)) - np.repeat(np.cumsum(heights) - heights, heights)
        rows = self.axis - halves[each] + within
        for beside in range(thick):
            self._put(rows, columns[each] + beside, inks[each])

    def level(self, lefts: NDArray[np.int64], inks: NDArray[np.uint32], wide: int) -> None:
        """Draw a piece of the axis from each of some columns."""
        for beside in range(wide):
            self._put(np.full(len(lefts), self.axis), lefts + beside, inks)

    def bars(
        self, lefts: NDArray[np.int64], heights: NDArray[np.int64], way: int, ink: np.uint32, wide: int
    ) -> None:
        """Draw bars that stand on the axis (-1) or hang from it (1)."""
        each = np.repeat(np.arange(len(lefts)), heights)
        within = np.arange(len(each)) - np.repeat(np.cumsum(heights) - heights, heights)
        for beside in range(wide):
            inks = np.full(len(each), ink, np.uint32)
            self._put(self.axis + way * (1 + within), lefts[each] + beside, inks)

    def shafts(
        self, columns: NDArray[np.int64], ends: NDArray[np.int64], inks: NDArray[np.uint32], thick: int
    ) -> None:
        """Draw level lines along the axis."""
        first, last = np.minimum(columns, ends), np.maximum(columns, ends)
        first, last = np.maximum(first, -1), np.minimum(last, self.pixels.shape[1])
        lengths = np.maximum(last - first, 0)
        each = np.repeat(np.arange(len(columns)), lengths)
        within = np.arange(len(each)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        for below in range(thick):
            rows = np.full(len(each), self.axis - thick // 2 + below)
            self._put(rows, first[each] + within, inks[each])

    def heads(
        self, columns: NDArray[np.int64], ends: NDArray[np.int64], inks: NDArray[np.uint32], size: int
    ) -> None:
        """Draw the heads of arrows that are long enough for one; shorter ones are told by their colour."""
        long = np.abs(ends - columns) > size
        columns, ends, inks = columns[long], ends[long], inks[long]
        back = np.sign(columns - ends)
        for depth in range(size):
            half = round(depth * 0.8)
            for row in range(-half, half + 1):
                self._put(np.full(len(ends), self.axis + row), ends + back * depth, inks)
