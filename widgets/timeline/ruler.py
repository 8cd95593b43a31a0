"""The ruler: time or samples over bars, or bars and beats over time."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from math import ceil, floor, log10

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from engine.timebase import format_time
from widgets import theme
from widgets.timeline.frame import Frame
from widgets.timeline.grid import Beats, thinning, visible

STEPS_S = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
STEPS_LONG_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 18_000, 36_000)
LABEL_GAP_PX = 40
BAR_APART_PX, BEAT_APART_PX = 84, 56


class RulerMode(StrEnum):
    """What the upper row of the ruler counts."""

    TIME = "time"
    SAMPLES = "samples"
    BARS = "bars and beats"


Mark = tuple[float, str]
"""A view position and what stands beside it."""


def label_step_s(s_per_px: float, label_px: float) -> float:
    """Return the round step of time at which labels of a width stand clear of each other."""
    wanted = s_per_px * label_px
    return next((step for step in (*STEPS_S, *STEPS_LONG_S) if step >= wanted), STEPS_LONG_S[-1])


def decimals_of(step_s: float) -> int:
    """Return how many decimals labels need to differ."""
    return next((digits for digits in range(5) if abs(step_s * 10**digits % 1) < 1e-9), 4)


def label_step_samples(samples_per_px: float, label_px: float) -> int:
    """Return the step of 1, 2 or 5 times a power of ten at which labels of a width stand clear."""
    wanted = max(samples_per_px * label_px, 1.0)
    decade = 10 ** floor(log10(wanted))
    return next(int(factor * decade) for factor in (1, 2, 5, 10) if factor * decade >= wanted)


def paint_ruler(
    painter: QPainter, frame: Frame, beats: Beats | None, mode: RulerMode = RulerMode.TIME
) -> None:
    """Draw the ruler of a frame, with its ground and the hairlines around it; without beats it shows time."""
    layout, view, tokens = frame.layout, frame.viewport, frame.theme
    top, bottom = layout.ruler_top, layout.marks_top
    painter.fillRect(QRectF(0, top, layout.width, bottom - top), theme.color(tokens.panel))
    if view.length_samples:
        upper, lower = theme.mono_font(theme.TEXT_SMALL), theme.mono_font(theme.TEXT_SMALL - 1)
        baseline = top + theme.px(1) + QFontMetricsF(upper).ascent()
        under = bottom - theme.px(1) - QFontMetricsF(lower).descent()
        if mode is RulerMode.BARS and beats is not None:
            _paint_row(painter, frame, beat_marks(frame, beats), upper, tokens.dim, baseline, ticks=True)
            _paint_row(painter, frame, _time_marks(frame, lower), lower, tokens.dim, under)
        else:
            marks = _sample_marks if mode is RulerMode.SAMPLES else _time_marks
            _paint_row(painter, frame, marks(frame, upper), upper, tokens.dim, baseline, ticks=True)
            if beats is not None:
                _paint_row(painter, frame, _bar_marks(frame, beats), lower, tokens.dim, under)
    for y in (top, bottom):
        painter.fillRect(frame.horizontal(y - frame.hairline, 0, layout.width), theme.color(tokens.line))


def _paint_row(
    painter: QPainter,
    frame: Frame,
    marks: Iterable[Mark],
    font: QFont,
    token: str,
    baseline: float,
    ticks: bool = False,
) -> None:
    """Write labels that fit, each clear of the one before; seams may bring their positions together."""
    layout, metrics = frame.layout, QFontMetricsF(font)
    painter.setFont(font)
    painter.setPen(theme.color(token))
    pad, clear = theme.px(4), float("-inf")
    for position, text in marks:
        x = frame.viewport.x_at(position)
        if ticks:
            line = frame.vertical(x, layout.ruler_top, layout.marks_top)
            painter.fillRect(line, theme.color(frame.theme.line))
        left, width = frame.snapped(x) + pad, metrics.horizontalAdvance(text)
        if x >= -pad and left >= clear and left + width <= layout.width:
            painter.drawText(QPointF(left, baseline), text)
            clear = left + width + pad


def _time_marks(frame: Frame, font: QFont) -> list[Mark]:
    view, metrics = frame.viewport, QFontMetricsF(font)
    s_per_px = view.samples_per_px / view.rate_hz
    rough_step_s = label_step_s(s_per_px, theme.px(LABEL_GAP_PX))
    longest = format_time(view.stop_samples / view.rate_hz, decimals_of(rough_step_s))
    step_s = label_step_s(s_per_px, metrics.horizontalAdvance(longest) + theme.px(LABEL_GAP_PX))
    decimals = decimals_of(step_s)
    return [
        (index * step_s * view.rate_hz, format_time(index * step_s, decimals))
        for index in _steps(frame, step_s * view.rate_hz)
    ]


def _sample_marks(frame: Frame, font: QFont) -> list[Mark]:
    view = frame.viewport
    widest = QFontMetricsF(font).horizontalAdvance(f"{round(view.stop_samples):,}")
    step = label_step_samples(view.samples_per_px, widest + theme.px(LABEL_GAP_PX))
    return [(index * step, f"{index * step:,}") for index in _steps(frame, step)]


def _steps(frame: Frame, step_samples: float) -> range:
    view = frame.viewport
    return range(floor(view.start_samples / step_samples), ceil(view.stop_samples / step_samples) + 1)


def _bar_marks(frame: Frame, beats: Beats) -> list[Mark]:
    return [(position, f"bar {bar}") for position, bar, _ in _shown_bars(frame, beats)]


def beat_marks(frame: Frame, beats: Beats) -> list[Mark]:
    """Return bar and beat of each beat, or of every bar, second, fourth, ... where those are too close."""
    if thinning(beats.positions, frame.viewport, theme.px(BEAT_APART_PX)) > 1:
        return [(position, f"{bar}|{count}") for position, bar, count in _shown_bars(frame, beats)]
    shown = visible(beats.positions, frame.viewport)
    columns = (beats.positions[shown], beats.bars[shown], beats.counts[shown])
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [(position, f"{bar}|{count}") for position, bar, count in rows]


def _shown_bars(frame: Frame, beats: Beats) -> list[tuple[int, int, int]]:
    every = thinning(beats.downbeats().positions, frame.viewport, theme.px(BAR_APART_PX))
    bars = beats.downbeats(every)
    shown = visible(bars.positions, frame.viewport)
    columns = (bars.positions[shown], bars.bars[shown], bars.counts[shown])
    return list(zip(*(column.tolist() for column in columns), strict=True))
