"""The ruler: time, time of day or samples over bars, or bars and beats over time.

Times of day are at round times of the clock, wherever these play.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from engine.core.timebase import format_time
from engine.document.settings import TimeOfDay, clock_text
from widgets import theme
from widgets.timeline.frame import Frame, paint_row
from widgets.timeline.marks.grid import Beats, thinning, visible
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


STEPS_S = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
STEPS_LONG_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 18_000, 36_000)
STEPS_OF_DAY_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
"""Steps that divide a day, so that each begins with a label."""
LABEL_GAP_PX = 40
BAR_APART_PX, BEAT_APART_PX = 84, 56
MINOR_APART_PX, MINOR_PX = 7, 4
PARTS_OF_FIGURE = {1: (10, 5, 2), 2: (10, 4, 2), 5: (5,)}
PARTS_OF_SECONDS = {
    15: (3,),
    30: (6, 3),
    60: (12, 6, 2),
    120: (12, 4, 2),
    300: (5,),
    600: (10, 5, 2),
    900: (15, 3),
    1800: (6, 3),
    3600: (12, 6, 2),
    7200: (12, 4, 2),
    10_800: (6, 3),
    18_000: (5,),
    21_600: (6, 2),
    36_000: (10, 5, 2),
    43_200: (12, 4, 2),
    86_400: (24, 4, 2),
}
"""Divisions of a step, finest first: by its leading figure, or as on clocks."""


class RulerMode(StrEnum):
    """Units of the upper row of the ruler."""

    TIME = "time"
    SAMPLES = "samples"
    BARS = "bars and beats"
    OF_DAY = "time of day"


Mark = tuple[float, str]
"""A view position and its label."""

Positions = NDArray[np.float64]
NO_POSITIONS: Positions = np.zeros(0)


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of the ruler, in logical pixels.

    Attributes
    ----------
    labels : left edge, width and text of each, none over another
    majors : positions of labelled ticks
    minors : positions of ticks between those, without ones under a label, shape (n,)
    """

    labels: tuple[tuple[float, float, str], ...]
    majors: tuple[float, ...]
    minors: NDArray[np.float64]


def label_step_s(s_per_px: float, label_px: float, long_s: tuple[int, ...] = STEPS_LONG_S) -> float:
    """Return the round time step at which labels of a width do not overlap."""
    wanted = s_per_px * label_px
    return next((step for step in (*STEPS_S, *long_s) if step >= wanted), long_s[-1])


def decimals_of(step_s: float) -> int:
    """Return the number of decimals that distinguishes the labels."""
    return next((digits for digits in range(5) if abs(step_s * 10**digits % 1) < 1e-9), 4)


def label_step_samples(samples_per_px: float, label_px: float) -> int:
    """Return the step of 1, 2 or 5 times a power of ten at which labels of a width do not overlap."""
    wanted = max(samples_per_px * label_px, 1.0)
    decade = 10 ** floor(log10(wanted))
    return next(int(factor * decade) for factor in (1, 2, 5, 10) if factor * decade >= wanted)


def ruler_rows(
    frame: Frame, beats: Beats | None, mode: RulerMode = RulerMode.TIME, clock: ClockTimes = NO_CLOCK
) -> list[tuple[Row, QFont]]:
    """Return the rows of the ruler from the top, each with its font; it shows time if the mode cannot be."""
    upper, lower = theme.mono_font(theme.TEXT_SMALL), theme.mono_font(theme.TEXT_SMALL - 1)
    if beats is None:
        return [(_counted_row(frame, upper, mode, clock), upper)]
    if mode is RulerMode.BARS:
        musical, counted = _placed(frame, beat_marks(frame, beats), upper), _counted_row(frame, lower, mode)
        return [(musical, upper), (counted, lower)]
    counted = _counted_row(frame, upper, mode, clock)
    bars = [(position, f"bar {bar}") for position, bar, _ in _shown_bars(frame, beats)]
    return [(counted, upper), (_placed(frame, bars, lower), lower)]


def paint_ruler(
    painter: QPainter,
    frame: Frame,
    beats: Beats | None,
    mode: RulerMode = RulerMode.TIME,
    clock: ClockTimes = NO_CLOCK,
) -> None:
    """Draw the ruler of a frame, with its ground and the hairlines around it."""
    layout, view, tokens = frame.layout, frame.viewport, frame.theme
    top, bottom = layout.ruler_top, layout.sections_top
    painter.fillRect(QRectF(0, top, layout.width, bottom - top), theme.color(tokens.panel))
    rows = ruler_rows(frame, beats, mode, clock) if view.length_samples else []
    for place, (row, font) in enumerate(rows):
        high = (bottom - top) / len(rows)
        _paint_row(painter, frame, row, font, top + place * high, top + (place + 1) * high)
    for y in (top, bottom):
        painter.fillRect(frame.horizontal(y - frame.hairline, 0, layout.width), theme.color(tokens.line))


def _paint_row(painter: QPainter, frame: Frame, row: Row, font: QFont, top: float, bottom: float) -> None:
    """Draw the ticks of a row, long at labels and short between, then the labels."""
    line, floor = theme.color(frame.theme.downbeat), bottom - frame.hairline
    for x in row.majors:
        painter.fillRect(frame.vertical(x, floor - theme.px(2 * MINOR_PX), floor), line)
    minors = np.zeros(frame.columns, np.uint32)
    columns = np.rint(row.minors * frame.dpr).astype(np.int64)
    minors[columns[(columns >= 0) & (columns < frame.columns)]] = line.rgba()
    high = theme.px(MINOR_PX)
    paint_row(painter, minors, QRectF(0, floor - high, frame.layout.width, high))
    painter.setFont(font)
    painter.setPen(theme.color(frame.theme.dim))
    baseline = top + (bottom - top - theme.px(1) + QFontMetricsF(font).capHeight()) / 2
    for left, _, text in row.labels:
        painter.drawText(QPointF(left, baseline), text)


def _placed(frame: Frame, marks: Iterable[Mark], font: QFont, minors: Positions = NO_POSITIONS) -> Row:
    """Place labels without overlap; seams may bring their positions together."""
    width, metrics = frame.layout.width, QFontMetricsF(font)
    pad, clear = theme.px(4), float("-inf")
    labels, majors = [], []
    for position, text in marks:
        x = frame.viewport.x_at(position)
        left, long = frame.snapped(x) + pad, metrics.horizontalAdvance(text)
        if x >= -pad and left >= clear and left + long <= width:
            labels.append((left, long, text))
            clear = left + long + pad
            majors.append(x)
    xs = frame.viewport.xs_at(minors)
    if labels and len(xs):
        lefts, rights = (np.array([left + part * long for left, long, _ in labels]) for part in (0, 1))
        before = np.searchsorted(lefts, xs + pad / 2) - 1
        xs = xs[(before < 0) | (xs > rights[before] + pad / 2)]
    return Row(tuple(labels), tuple(majors), xs)


def _counted_row(frame: Frame, font: QFont, mode: RulerMode, clock: ClockTimes = NO_CLOCK) -> Row:
    """Return a row of times, of times of day, or of samples."""
    view = frame.viewport
    if mode is RulerMode.OF_DAY and clock.start is not None:
        return _clock_row(frame, font, clock)
    if mode is RulerMode.SAMPLES:
        step, marks = _sample_marks(frame, font)
        parts = PARTS_OF_FIGURE[int(str(step)[0])]
    else:
        step_s, marks = _time_marks(frame, font)
        step, parts = step_s * view.rate_hz, _parts_of(step_s)
    divided = _divided(frame, step, parts)
    steps = _steps(frame, step / divided)
    index = np.arange(steps.start, steps.stop, dtype=np.float64)
    return _placed(frame, marks, font, index[index % divided > 0] * (step / divided))


def _parts_of(step_s: float) -> tuple[int, ...]:
    """Return the divisions of a step in seconds, finest first."""
    return PARTS_OF_SECONDS.get(int(step_s)) or PARTS_OF_FIGURE[int(f"{step_s:e}"[0])]


def _divided(frame: Frame, step_samples: float, parts: Iterable[int]) -> int:
    """Return the finest division of a step whose ticks are far enough apart."""
    apart = theme.px(MINOR_APART_PX) * frame.viewport.samples_per_px
    return next((part for part in parts if step_samples / part >= apart), 1)


def _clock_step_s(frame: Frame, font: QFont) -> float:
    """Return the step of the labels of times of day, in seconds."""
    view, metrics = frame.viewport, QFontMetricsF(font)
    s_per_px = view.samples_per_px / view.rate_hz
    rough_step_s = label_step_s(s_per_px, theme.px(LABEL_GAP_PX), STEPS_OF_DAY_S)
    long = metrics.horizontalAdvance(clock_text(0.0, decimals_of(rough_step_s)))
    return label_step_s(s_per_px, long + theme.px(LABEL_GAP_PX), STEPS_OF_DAY_S)


def _clock_row(frame: Frame, font: QFont, clock: ClockTimes) -> Row:
    """Return a row of times of day; ticks on both sides of a seam may be too close for all of them."""
    step_s = _clock_step_s(frame, font)
    divided = _divided(frame, step_s * frame.viewport.rate_hz, _parts_of(step_s))
    counts, positions = clock.ticks(frame.viewport, step_s / divided)
    is_major, decimals = counts % divided == 0, decimals_of(step_s)
    labels = [clock_text(one * step_s, decimals) for one in (counts[is_major] // divided).tolist()]
    marks = zip(positions[is_major].tolist(), labels, strict=True)
    gaps = np.diff(positions, prepend=-np.inf, append=np.inf)
    apart = theme.px(MINOR_APART_PX) * frame.viewport.samples_per_px * (1 - 1e-9)
    is_clear = np.minimum(gaps[:-1], gaps[1:]) >= apart
    return _placed(frame, marks, font, positions[~is_major & is_clear])


def labelled_times_of_day(frame: Frame, clock: ClockTimes) -> Positions:
    """Return the view positions of the long ticks of the ruler of times of day, ascending, shape (n,)."""
    if clock.start is None:
        return NO_POSITIONS
    return clock.ticks(frame.viewport, _clock_step_s(frame, theme.mono_font(theme.TEXT_SMALL)))[1]


def _time_marks(frame: Frame, font: QFont) -> tuple[float, list[Mark]]:
    """Return the step of the labels in seconds, and the labels."""
    view, metrics = frame.viewport, QFontMetricsF(font)
    s_per_px = view.samples_per_px / view.rate_hz
    rough_step_s = label_step_s(s_per_px, theme.px(LABEL_GAP_PX))
    longest = format_time(view.stop_samples / view.rate_hz, decimals_of(rough_step_s))
    step_s = label_step_s(s_per_px, metrics.horizontalAdvance(longest) + theme.px(LABEL_GAP_PX))
    decimals = decimals_of(step_s)
    return step_s, [
        (index * step_s * view.rate_hz, format_time(index * step_s, decimals))
        for index in _steps(frame, step_s * view.rate_hz)
    ]


def _sample_marks(frame: Frame, font: QFont) -> tuple[float, list[Mark]]:
    """Return the step of the labels in samples, and the labels."""
    view = frame.viewport
    widest = QFontMetricsF(font).horizontalAdvance(f"{round(view.stop_samples):,}")
    step = label_step_samples(view.samples_per_px, widest + theme.px(LABEL_GAP_PX))
    return step, [(index * step, f"{index * step:,}") for index in _steps(frame, step)]


def _steps(frame: Frame, step_samples: float) -> range:
    view = frame.viewport
    return range(floor(view.start_samples / step_samples), ceil(view.stop_samples / step_samples) + 1)


def beat_marks(frame: Frame, beats: Beats) -> list[Mark]:
    """Return bar and beat of each beat, or of every bar, second, fourth, ... at lower zoom."""
    if thinning(beats.positions, frame.viewport, theme.px(BEAT_APART_PX)) > 1:
        return [(position, f"{bar}|{count}") for position, bar, count in _shown_bars(frame, beats)]
    return [(position, f"{bar}|{count}") for position, bar, count in _visible_rows(frame, beats)]


def _shown_bars(frame: Frame, beats: Beats) -> list[tuple[int, int, int]]:
    every = thinning(beats.downbeats().positions, frame.viewport, theme.px(BAR_APART_PX))
    return _visible_rows(frame, beats.downbeats(every))


def _visible_rows(frame: Frame, beats: Beats) -> list[tuple[int, int, int]]:
    """Return position, bar and count of the visible beats."""
    shown = visible(beats.positions, frame.viewport)
    columns = (beats.positions[shown], beats.bars[shown], beats.counts[shown])
    return list(zip(*(column.tolist() for column in columns), strict=True))
