"""The ruler: time over bars."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QPainter

from engine.document.analysis import BeatGrid
from engine.timebase import format_time
from widgets import theme
from widgets.timeline.frame import Frame
from widgets.timeline.grid import thinning, visible

STEPS_S = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
STEPS_LONG_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 18_000, 36_000)
LABEL_GAP_PX = 40
BAR_APART_PX = 84


def label_step_s(s_per_px: float, label_px: float) -> float:
    """Return the round step of time at which labels of a width stand clear of each other."""
    wanted = s_per_px * label_px
    return next((step for step in (*STEPS_S, *STEPS_LONG_S) if step >= wanted), STEPS_LONG_S[-1])


def decimals_of(step_s: float) -> int:
    """Return how many decimals labels need to differ."""
    return next((digits for digits in range(5) if abs(step_s * 10**digits % 1) < 1e-9), 4)


def paint_ruler(painter: QPainter, frame: Frame, grid: BeatGrid | None) -> None:
    """Draw the ruler of a frame, with its ground and the hairlines around it."""
    layout, view, tokens = frame.layout, frame.viewport, frame.theme
    top, bottom = layout.ruler_top, layout.score_top
    painter.fillRect(QRectF(0, top, layout.width, bottom - top), theme.color(tokens.panel))
    if view.length_samples:
        _paint_times(painter, frame, top, bottom)
        if grid is not None:
            _paint_bars(painter, frame, grid, bottom)
    for y in (top, bottom):
        painter.fillRect(frame.horizontal(y - frame.hairline, 0, layout.width), theme.color(tokens.line))


def _paint_times(painter: QPainter, frame: Frame, top: int, bottom: int) -> None:
    view, tokens = frame.viewport, frame.theme
    font = theme.mono_font(theme.TEXT_SMALL)
    metrics = QFontMetricsF(font)
    s_per_px = view.samples_per_px / view.rate_hz
    rough_step_s = label_step_s(s_per_px, theme.px(LABEL_GAP_PX))
    longest = format_time(view.stop_samples / view.rate_hz, decimals_of(rough_step_s))
    step_s = label_step_s(s_per_px, metrics.horizontalAdvance(longest) + theme.px(LABEL_GAP_PX))
    first = int(np.floor(view.start_samples / view.rate_hz / step_s))
    last = int(np.ceil(view.stop_samples / view.rate_hz / step_s))
    painter.setFont(font)
    baseline = top + theme.px(1) + metrics.ascent()
    ink, line, decimals = theme.color(tokens.dim), theme.color(tokens.line), decimals_of(step_s)
    for index in range(first, last + 1):
        x = view.x_at(index * step_s * view.rate_hz)
        painter.fillRect(frame.vertical(x, top, bottom), line)
        text = format_time(index * step_s, decimals)
        if x >= -theme.px(4) and x + theme.px(4) + metrics.horizontalAdvance(text) <= frame.layout.width:
            painter.setPen(ink)
            painter.drawText(QPointF(frame.snapped(x) + theme.px(4), baseline), text)


def _paint_bars(painter: QPainter, frame: Frame, grid: BeatGrid, bottom: int) -> None:
    view = frame.viewport
    downbeats = grid.downbeats_samples
    every = thinning(downbeats, view, theme.px(BAR_APART_PX))
    shown = visible(downbeats, view)
    first = shown.start - shown.start % every
    font = theme.mono_font(theme.TEXT_SMALL - 1)
    painter.setFont(font)
    painter.setPen(theme.color(frame.theme.faint))
    metrics = QFontMetricsF(font)
    baseline = bottom - theme.px(1) - metrics.descent()
    for index in range(first, min(shown.stop, len(downbeats)), every):
        left, text = frame.snapped(view.x_at(int(downbeats[index]))) + theme.px(4), f"bar {index + 1}"
        if left + metrics.horizontalAdvance(text) <= frame.layout.width:
            painter.drawText(QPointF(left, baseline), text)
