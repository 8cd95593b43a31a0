"""Dragging a marker or an edge of a region, and which of them is under the mouse."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QFontMetricsF, QPainter

from engine.document.markers import Marker
from engine.timebase import format_time
from widgets import theme
from widgets.timeline.frame import Frame
from widgets.timeline.markers import Flag, edges_of, flags, paint_flag, paint_readout
from widgets.timeline.surface import Surface

GRIP_PX = 5


class Part(StrEnum):
    """What of a mark is under the mouse."""

    WHOLE = "whole"
    START = "start"
    STOP = "stop"


def mark_at(canvas: Surface, at: QPointF) -> tuple[str, Part] | None:
    """Return the mark under the mouse, the smallest where several are, and what of it."""
    frame, marks = canvas.frame, canvas.marks
    if not frame.layout.marks_top <= at.y() < frame.layout.score_top:
        return None
    x, grip, metrics = at.x(), theme.px(GRIP_PX), QFontMetricsF(theme.ui_font(theme.TEXT_SMALL))
    lefts, rights = edges_of(frame, marks)
    near = np.flatnonzero((lefts - grip <= x) & (rights + grip >= x)).tolist()
    ends = {index: float(rights[index]) for index in near}
    for flag in flags(frame, marks):
        width = min(metrics.horizontalAdvance(marks.names[flag.index]), max(flag.name_room, 0.0))
        if flag.left <= x <= (end := max(flag.right, flag.name_left + width)):
            ends[flag.index] = end
    found: list[tuple[float, int, Part]] = []
    for index, end in ends.items():
        left, right = float(lefts[index]), float(rights[index])
        for edge, part in ((left, Part.START), (right, Part.STOP)):
            if left < right and abs(x - edge) <= grip:
                found.append((abs(x - edge) / grip, index, part))
        found.append((grip + end - left, index, Part.WHOLE))
    if not found:
        return None
    _, index, part = min(found, key=lambda one: one[0])
    return marks.ids[index], part


def mark_tip(marker: Marker, rate_hz: int) -> str:
    """Return what a tooltip says of a marker."""
    start, stop = (format_time(at / rate_hz) for at in (marker.start_samples, marker.stop_samples))
    return f"{marker.name}\n{start} – {stop}" if marker.is_region else f"{marker.name}\n{start}"


class MoveMark:
    """Moves a marker or an edge of a region; the new place is told on release.

    A press that moves nothing puts the playhead there.
    """

    def __init__(self, canvas: Surface, marker_id: str, part: Part, at: QPointF) -> None:
        self._canvas = canvas
        self._part = part
        self._marker = marker = canvas.state.markers[marker_id]
        self._span = (marker.start_samples, marker.stop_samples)
        self._held = marker.stop_samples if part is Part.STOP else marker.start_samples
        self._grip_px = canvas.x_of(self._held) - at.x()
        self._pressed = at
        self._moved = False

    def move(self, at: QPointF) -> None:
        self._moved |= abs(at.x() - self._pressed.x()) >= theme.px(GRIP_PX) / 2
        if not self._moved:
            return
        before, to = self._marker, self._canvas.snapped_at(at.x() + self._grip_px)
        start, stop = before.start_samples, before.stop_samples
        if not before.is_region:
            self._span = (to, to)
        elif self._part is Part.START:
            self._span = (min(to, stop - 1), stop)
        elif self._part is Part.STOP:
            self._span = (start, max(to, start + 1))
        else:
            to = min(to, max(self._canvas.state.length_samples - (stop - start), 0))
            self._span = (to, to + stop - start)

    def release(self, at: QPointF) -> None:
        self.move(at)
        if not self._moved:
            self._canvas.seek(self._held, self._canvas.viewport.sample_at(at.x()))
        elif self._span != (self._marker.start_samples, self._marker.stop_samples):
            self._canvas.marker_moved.emit(self._marker.id, *self._span)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        if self._moved:
            left, right = (self._canvas.x_of(edge) for edge in self._span)
            paint_flag(painter, frame, Flag(0, left, right, 0.0, 0.0), frame.theme.undecided)
            at = self._span[1] if self._part is Part.STOP else self._span[0]
            paint_readout(painter, frame, self._canvas.x_of(at), format_time(at / frame.viewport.rate_hz))
