"""Dragging a marker or an edge of a region, and which of them is under the mouse."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QFontMetricsF, QPainter

from engine.core.timebase import format_time
from engine.document.marks.markers import Marker
from widgets import theme
from widgets.timeline.frame import Frame
from widgets.timeline.marks.markers import Flag, edges_of, flags, paint_flag, paint_readout
from widgets.timeline.mouse.surface import Surface

GRIP_PX = 5


class Part(StrEnum):
    """The handle of a mark under the mouse."""

    WHOLE = "whole"
    START = "start"
    STOP = "stop"


def mark_at(canvas: Surface, at: QPointF) -> tuple[str, Part] | None:
    """Hit test: the mark under the mouse, the smallest of several, and its handle."""
    found = place_at(canvas, at)
    return None if found is None else (canvas.shown.marks.ids[found[0]], found[1])


def place_at(canvas: Surface, at: QPointF) -> tuple[int, Part] | None:
    """Hit test: the index of the mark, and its handle; a marker may have several positions."""
    frame, marks = canvas.frame, canvas.shown.marks
    if not frame.layout.marks_top <= at.y() < frame.layout.ruler_top:
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
    return index, part


def mark_tip(marker: Marker, rate_hz: int) -> str:
    """Return the tooltip of a marker."""
    start, stop = (format_time(at / rate_hz) for at in (marker.start_samples, marker.stop_samples))
    return f"{marker.name}\n{start} – {stop}" if marker.is_region else f"{marker.name}\n{start}"


class MoveMark:
    """Moves a marker or an edge of a region; emits the new position on release.

    A press that moves nothing puts the playhead there.
    """

    def __init__(self, canvas: Surface, marker_id: str, part: Part, at: QPointF) -> None:
        self._canvas = canvas
        self._part = part
        self._marker = marker = canvas.state.markers[marker_id]
        self._span = (marker.start_samples, marker.stop_samples)
        self._held = marker.stop_samples if part is Part.STOP else marker.start_samples
        self._grip_px, self._ahead = self._grip(at)
        self._pressed = self._at = at
        self._moved = False

    def _grip(self, at: QPointF) -> tuple[float, int]:
        """Return the offsets of the dragged item from the mouse, in drawn and in played positions.

        A marker in a repeated span is dragged at one of its positions; a region may play in part.
        """
        marks, place = self._canvas.shown.marks, place_at(self._canvas, at)
        if place is None:
            return self._canvas.x_of(self._held) - at.x(), 0
        index, times = place[0], self._canvas.times
        edge = int((marks.stops if self._part is Part.STOP else marks.starts)[index])
        is_part = self._part is Part.WHOLE and self._marker.is_region and not times.is_rising
        ahead = self._held - times.to_source(edge) if is_part else 0
        return self._canvas.viewport.x_at(edge) - at.x(), ahead

    def _x_of(self, edge: int) -> float:
        """Return the drawn position of an edge, nearest to the mouse if it plays several times."""
        canvas = self._canvas
        near = canvas.viewport.sample_at(self._at.x() + self._grip_px)
        return canvas.viewport.x_at(canvas.times.to_view_near(edge, near))

    def move(self, at: QPointF) -> None:
        self._at = at
        self._moved |= abs(at.x() - self._pressed.x()) >= theme.px(GRIP_PX) / 2
        if not self._moved:
            return
        before, to = self._marker, self._canvas.snapped_at(at.x() + self._grip_px)
        to = max(to + self._ahead, 0)
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
            left, right = (self._x_of(edge) for edge in self._span)
            paint_flag(painter, frame, Flag(0, left, right, 0.0, 0.0), frame.theme.undecided)
            at = self._span[1] if self._part is Part.STOP else self._span[0]
            paint_readout(painter, frame, self._x_of(at), format_time(at / frame.viewport.rate_hz))
