"""Hits as ticks at the top of their microphones' lanes, with arrows to their targets.

A tick is as high and as strong as its hit was struck. One that is to be moved has a shaft to where it goes,
with a head there, in the colour of early or late hits, stronger for larger moves.
At low zoom, bars show the push and pull of the player: up for early hits, down for late ones,
by their mean. All is drawn in columns of one image: two thousand hits cost as much as twenty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.document.analysis import Hits
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.document.table import VERDICTS
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
"""Minimum opacity, for the quietest hit and the smallest move."""
FARTHEST_MS = 25.0
"""Moves from here on have all of their colour, and bars all of their height."""
CLOSEST_PX = 5.0
"""Mean distance below which the hits of a lane are aggregated."""
BAR_PX, BAR_LEAST_MS, HEAD_SLOPE = 3.0, 0.5, 0.8


@dataclass(frozen=True, slots=True, eq=False)
class HitMarks:
    """Hits as they are drawn, ascending.

    Attributes
    ----------
    onsets : float64, shape (n,), onsets in view positions
    targets : float64, shape (n,), targets in view positions
    strengths : float64, shape (n,), 0 to 1
    verdicts : int8, shape (n,), indices in `VERDICTS`, `STAYS` without a proposal
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
        """Return the hits of a document in source positions, each with its proposal."""
        if hits is None or not len(hits.onsets_samples):
            return NO_HITS
        by, verdicts = shifts_of(hits, moves_of(state), state.rate_hz)
        louder = (hits.strengths_db.astype(np.float64) - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB)
        onsets = hits.onsets_samples
        strengths = np.clip(louder, 0.0, 1.0)
        return cls(onsets, onsets + by, strengths, verdicts, hits.tracks, tuple(hits.track_ids))

    def placed(self, rows: NDArray[np.int64] | NDArray[np.bool_], onsets: NDArray[np.float64]) -> HitMarks:
        """Return some of them at other positions, with the same moves."""
        by = (self.targets - self.onsets)[rows]
        return HitMarks(
            onsets, onsets + by, self.strengths[rows], self.verdicts[rows], self.tracks[rows], self.track_ids
        )

    def changed_since(self, before: HitMarks) -> NDArray[np.int64] | None:
        """Return the rows of those with another appearance; None if the set of hits differs."""
        if self is before:
            return np.zeros(0, np.int64)
        alike = ("onsets", "strengths", "tracks")
        same = all(np.array_equal(getattr(self, name), getattr(before, name)) for name in alike)
        if not same or self.track_ids != before.track_ids:
            return None
        return np.flatnonzero((self.targets != before.targets) | (self.verdicts != before.verdicts))

    def as_recorded(self) -> HitMarks:
        """Return them as they were before any move was accepted."""
        accepted = self.verdicts == VERDICTS.index(Verdict.ACCEPTED)
        return replace(
            self,
            targets=np.where(accepted, self.onsets, self.targets),
            verdicts=np.where(accepted, STAYS, self.verdicts).astype(np.int8),
        )

    def scaled(self, share: float, least: float, most: float) -> HitMarks:
        """Return them with undecided moves scaled; those outside the range stay.

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


def fill_hits(
    pixels: PIXELS, frame: Frame, marks: HitMarks, lanes: tuple[str, ...], first_column: int = 0
) -> None:
    """Draw the hits in view into an image of the timeline, shape (rows, columns), over the waves.

    Parameters
    ----------
    lanes : ids of the tracks, in the order of their lanes
    first_column : of the frame, that the first one of the image is
    """
    shown = _in_view(marks, frame)
    if not len(shown):
        return
    layout, dpr = frame.layout, frame.dpr
    lane_of = np.array([lanes.index(key) if key in lanes else -1 for key in marks.track_ids], np.int64)
    lane = lane_of[marks.tracks[shown]]
    inks = _inks(frame.theme, marks, shown, frame.viewport.rate_hz)
    clip = (round(layout.lanes_top * dpr), min(round(layout.lanes_bottom * dpr), len(pixels)))
    boxes: list[_Boxes] = []
    for number, top in enumerate(layout.lane_tops[:-1]):
        here, lane_rows = lane == number, (top, layout.sound_bottom(number))
        if lane_rows[1] > layout.lanes_top and lane_rows[0] < layout.lanes_bottom and here.any():
            boxes += _of_lane(frame, marks, shown[here], inks[here], lane_rows)
    _fill(pixels, clip, boxes, first_column)


def _in_view(marks: HitMarks, frame: Frame) -> NDArray[np.int64]:
    """Return the rows of visible hits or targets."""
    if not len(marks.onsets):
        return np.zeros(0, np.int64)
    view = frame.viewport
    reach = float(np.abs(marks.targets - marks.onsets).max()) + theme.px(HEAD_PX) * view.samples_per_px
    first = int(np.searchsorted(marks.onsets, view.start_samples - reach, "left"))
    last = int(np.searchsorted(marks.onsets, view.stop_samples + reach, "right"))
    return np.arange(first, last)


def _inks(tokens: Theme, marks: HitMarks, shown: NDArray[np.int64], rate_hz: int) -> NDArray[np.uint32]:
    """Return the colour of each hit: by size and direction of its move, or by its decision."""
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


class _Boxes(NamedTuple):
    """Rectangles in device pixels, one ink each; shape (n,) each."""

    tops: NDArray[np.int64]
    heights: NDArray[np.int64]
    lefts: NDArray[np.int64]
    widths: NDArray[np.int64]
    inks: NDArray[np.uint32]


def _boxes(
    tops: ArrayLike, heights: ArrayLike, lefts: NDArray[np.int64], widths: ArrayLike, inks: NDArray[np.uint32]
) -> _Boxes:
    """Return rectangles; scalar values are broadcast."""
    top, high, wide = (
        np.broadcast_to(np.asarray(each, np.int64), lefts.shape) for each in (tops, heights, widths)
    )
    return _Boxes(top, high, lefts, wide, inks)


def _fill(pixels: PIXELS, clip: tuple[int, int], boxes: list[_Boxes], first_column: int) -> None:
    """Draw rectangles in order, clipped to the image and to two rows."""
    if not boxes:
        return
    tops, heights, lefts, widths, inks = (np.concatenate(each) for each in zip(*boxes, strict=True))
    lefts = lefts - first_column
    near = (lefts < pixels.shape[1]) & (lefts + widths > 0)
    tops, heights, lefts, widths, inks = (each[near] for each in (tops, heights, lefts, widths, inks))
    counts = heights * widths
    each = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(each)) - np.repeat(np.cumsum(counts) - counts, counts)
    rows, columns = tops[each] + within // widths[each], lefts[each] + within % widths[each]
    seen = (columns >= 0) & (columns < pixels.shape[1]) & (rows >= clip[0]) & (rows < clip[1])
    pixels[rows[seen], columns[seen]] = inks[each][seen]


def _of_lane(
    frame: Frame,
    marks: HitMarks,
    rows: NDArray[np.int64],
    inks: NDArray[np.uint32],
    lane: tuple[int, int],
) -> list[_Boxes]:
    """Return the drawing data of the hits of one lane; larger moves are on top."""
    dpr = frame.dpr
    room = (lane[1] - lane[0]) * MOST_OF_LANE / 2
    highest = min(theme.px(HIGHEST_PX), room)
    axis = round((lane[0] + min(theme.px(AXIS_PX), 2 * room)) * dpr)
    if _are_close(marks.onsets[rows], frame):
        return _bars(frame, marks, rows, axis, round(highest * dpr))
    order = np.argsort(np.abs(marks.targets[rows] - marks.onsets[rows]), kind="stable")
    rows, inks = rows[order], inks[order]
    lowest = min(theme.px(LOWEST_PX), highest)
    halves = np.rint((lowest + (highest - lowest) * marks.strengths[rows]) * dpr).astype(np.int64)
    onsets, targets = (
        np.rint(frame.viewport.xs_at(each[rows]) * dpr).astype(np.int64)
        for each in (marks.onsets, marks.targets)
    )
    is_accepted = marks.verdicts[rows] == VERDICTS.index(Verdict.ACCEPTED)
    is_open = marks.verdicts[rows] == VERDICTS.index(Verdict.UNDECIDED)
    at = np.where(is_accepted, targets, onsets)  # where it sounds now
    first = np.clip(np.minimum(onsets, targets), -1, frame.columns)
    last = np.clip(np.maximum(onsets, targets), -1, frame.columns)
    thick = max(round(SHAFT_PX * dpr), 1)
    return [
        _boxes(axis - thick // 2, thick, first, last - first, inks),
        *_heads(onsets[is_open], targets[is_open], inks[is_open], axis, round(theme.px(HEAD_PX) * dpr)),
        _boxes(axis - halves, 2 * halves + 1, at, max(round(TICK_PX * dpr), 1), inks),
    ]


def _heads(
    onsets: NDArray[np.int64], targets: NDArray[np.int64], inks: NDArray[np.uint32], axis: int, size: int
) -> Iterator[_Boxes]:
    """Yield the heads of arrows above a minimum length; shorter moves are shown by colour."""
    long = np.abs(targets - onsets) > size
    onsets, targets, inks = onsets[long], targets[long], inks[long]
    back = np.sign(onsets - targets)
    for depth in range(size if len(inks) else 0):
        half = round(depth * HEAD_SLOPE)
        yield _boxes(axis - half, 2 * half + 1, targets + back * depth, 1, inks)


def _are_close(onsets: NDArray[np.float64], frame: Frame) -> bool:
    """Return whether most hits of a lane are too close for separate drawing."""
    if len(onsets) < 3:
        return False
    gap = float(onsets[-1] - onsets[0]) / (len(onsets) - 1)
    return gap / frame.viewport.samples_per_px < theme.px(CLOSEST_PX)


def _bars(frame: Frame, marks: HitMarks, rows: NDArray[np.int64], axis: int, highest: int) -> list[_Boxes]:
    """Return bars for the mean timing of hits in every few columns, of undecided ones."""
    view, dpr, tokens = frame.viewport, frame.dpr, frame.theme
    wide = max(round(theme.px(BAR_PX) * dpr), 2)
    count = frame.columns // wide + 2
    # on a grid of the recording's own, or bars would flicker as it scrolls
    per_bar = view.samples_per_px / dpr * wide
    first = int(np.floor(view.start_samples / per_bar))
    bar = np.floor(marks.onsets[rows] / per_bar).astype(np.int64) - first
    within = (bar >= 0) & (bar < count)
    rows, bar = rows[within], bar[within]
    lefts = np.rint((np.arange(count) + first - view.start_samples / per_bar) * wide).astype(np.int64)
    is_open = marks.verdicts[rows] == VERDICTS.index(Verdict.UNDECIDED)
    is_accepted = marks.verdicts[rows] == VERDICTS.index(Verdict.ACCEPTED)
    by_ms = (marks.targets[rows] - marks.onsets[rows]) / view.rate_hz * 1000
    open_count = np.bincount(bar[is_open], minlength=count)
    mean_ms = np.bincount(bar[is_open], by_ms[is_open], minlength=count) / np.maximum(open_count, 1)
    heights = np.rint(np.clip(np.abs(mean_ms) / FARTHEST_MS, 0.0, 1.0) * highest).astype(np.int64)
    heights = np.where(np.abs(mean_ms) >= BAR_LEAST_MS, np.maximum(heights, 1), 0)
    has_accepted = np.bincount(bar[is_accepted], minlength=count) > 0
    line, accepted, early, late = (
        np.uint32(theme.color(token).rgba())
        for token in (tokens.dim, tokens.accepted, tokens.early, tokens.late)
    )
    played = np.bincount(bar, minlength=count) > 0
    return [
        _boxes(axis, 1, lefts[played], wide, np.where(has_accepted, accepted, line)[played]),
        _boxes(
            np.where(mean_ms > 0, axis - heights, axis + 1),
            heights,
            lefts,
            wide - 1,
            np.where(mean_ms > 0, early, late),
        ),
    ]
