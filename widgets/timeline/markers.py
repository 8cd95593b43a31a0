"""Markers as flags and regions as bands, in a strip of their own below the ruler."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPolygonF

from engine.document.markers import Marker
from engine.timebase import format_time
from widgets import theme
from widgets.timeline.frame import Frame

if TYPE_CHECKING:
    from widgets.timeline.gestures import Surface

GRIP_PX, PAD_PX, STAFF_PX, FLAG_PX = 5, 4, 2, 9
NARROWEST_NAME_PX = 16
EDITOR_PX = 180
BAND, LINE = 0.22, 0.5
"""How strong a region's band and the lines through the lanes are."""


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Markers as they are drawn, in view positions, ordered by start.

    Attributes
    ----------
    starts, stops : int64, shape (n,); the same for a marker, apart for a region
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    @classmethod
    def of(cls, markers: Iterable[Marker]) -> Marks:
        """Return the marks of markers in view positions."""
        listed = tuple(markers)
        edges = np.array([(one.start_samples, one.stop_samples) for one in listed], np.int64).reshape(-1, 2)
        return cls(
            tuple(one.id for one in listed), tuple(one.name for one in listed), edges[:, 0], edges[:, 1]
        )


NO_MARKS = Marks.of(())


class Part(StrEnum):
    """What of a mark is under the mouse."""

    WHOLE = "whole"
    START = "start"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Flag:
    """One mark that is in view, in logical pixels.

    Attributes
    ----------
    left, right : its edges; one and the same for a marker
    name_left, name_room : where its name stands, and how much room that has before the next one
    """

    index: int
    left: float
    right: float
    name_left: float
    name_room: float

    @property
    def is_region(self) -> bool:
        """Whether it is drawn as a band."""
        return self.right > self.left


def flags(frame: Frame, marks: Marks) -> list[Flag]:
    """Return the marks that can be seen, at most one a device pixel."""
    view, width = frame.viewport, frame.layout.width
    lefts, rights = view.xs_at(marks.starts), view.xs_at(marks.stops)
    seen = np.flatnonzero((rights >= 0) & (lefts <= width))
    if len(seen) > width:
        columns = np.rint(lefts[seen] * frame.dpr)
        seen = seen[np.unique(columns, return_index=True)[1]]
    found = []
    for place, index in enumerate(seen.tolist()):
        left, right = float(lefts[index]), float(rights[index])
        pad = theme.px(PAD_PX if right > left else FLAG_PX + PAD_PX)
        name_left = max(left, 0.0) + pad
        following = float(lefts[seen[place + 1]]) if place + 1 < len(seen) else float(width)
        # The name of a region ends with it, unless there is room behind it.
        found.append(Flag(index, left, right, name_left, following - theme.px(PAD_PX) - name_left))
    return found


def paint_marks(painter: QPainter, frame: Frame, marks: Marks) -> None:
    """Draw the strip and a line through the lanes at each mark; nothing where the strip has no room."""
    layout = frame.layout
    if layout.score_top == layout.marks_top:
        return
    ground = QRectF(0, layout.marks_top, layout.width, layout.score_top - layout.marks_top)
    painter.fillRect(ground, theme.color(frame.theme.panel))
    seen = flags(frame, marks)
    for flag in seen:
        _paint_band(painter, frame, flag)
    for flag in seen:
        _paint_flag(painter, frame, flag, frame.theme.marker)
        _paint_name(painter, frame, flag, marks.names[flag.index])
    line = frame.horizontal(layout.score_top - frame.hairline, 0, layout.width)
    painter.fillRect(line, theme.color(frame.theme.line))


def _paint_band(painter: QPainter, frame: Frame, flag: Flag) -> None:
    if flag.is_region:
        layout, edge = frame.layout, theme.px(2)
        left, right = max(flag.left, 0.0), min(flag.right, float(layout.width))
        band = QRectF(
            left, layout.marks_top + edge, right - left, layout.score_top - layout.marks_top - 2 * edge
        )
        painter.fillRect(band, theme.color(frame.theme.marker, BAND))


def _paint_flag(painter: QPainter, frame: Frame, flag: Flag, token: str) -> None:
    """Draw the staff or staffs of a mark, a pennant for a marker, and the lines down the lanes."""
    layout, ink = frame.layout, theme.color(token)
    staff = max(round(theme.px(STAFF_PX) * frame.dpr), 1)
    for x in {flag.left, flag.right}:
        if not -theme.px(STAFF_PX) <= x <= layout.width:
            continue
        weak = theme.color(token, LINE)
        painter.fillRect(frame.vertical(x, layout.score_top, layout.lanes_bottom), weak)
        painter.fillRect(frame.vertical(x, layout.marks_top, layout.score_top, staff), ink)
    if not flag.is_region:
        left, top = frame.snapped(flag.left), layout.marks_top + theme.px(3)
        high = theme.px(FLAG_PX)
        tip = QPointF(left + theme.px(FLAG_PX), top + high / 2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawPolygon(QPolygonF([QPointF(left, top), tip, QPointF(left, top + high)]))
        painter.restore()


def _paint_name(painter: QPainter, frame: Frame, flag: Flag, name: str) -> None:
    if flag.name_room < theme.px(NARROWEST_NAME_PX):
        return
    layout, font = frame.layout, theme.ui_font(theme.TEXT_SMALL)
    painter.setFont(font)
    painter.setPen(theme.color(frame.theme.text))
    area = QRectF(flag.name_left, layout.marks_top, flag.name_room, layout.score_top - layout.marks_top)
    words = QFontMetricsF(font).elidedText(name, Qt.TextElideMode.ElideRight, flag.name_room)
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, words)


def mark_at(canvas: Surface, at: QPointF) -> tuple[str, Part] | None:
    """Return the mark under the mouse, the smallest where several are, and what of it."""
    frame, marks = canvas.frame, canvas.marks
    if not frame.layout.marks_top <= at.y() < frame.layout.score_top:
        return None
    grip, metrics = theme.px(GRIP_PX), QFontMetricsF(theme.ui_font(theme.TEXT_SMALL))
    found: list[tuple[float, Flag, Part]] = []
    for flag in flags(frame, marks):
        width = min(metrics.horizontalAdvance(marks.names[flag.index]), max(flag.name_room, 0.0))
        end = max(flag.right, flag.name_left + width)
        for edge, part in ((flag.left, Part.START), (flag.right, Part.STOP)):
            if flag.is_region and abs(at.x() - edge) <= grip:
                found.append((abs(at.x() - edge) / grip, flag, part))
        if flag.left - grip <= at.x() <= end:
            found.append((grip + end - flag.left, flag, Part.WHOLE))
    if not found:
        return None
    _, flag, part = min(found, key=lambda one: one[0])
    return marks.ids[flag.index], part


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
            self._canvas.seek_requested.emit(self._held)
        elif self._span != (self._marker.start_samples, self._marker.stop_samples):
            self._canvas.marker_moved.emit(self._marker.id, *self._span)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        if self._moved:
            left, right = (self._canvas.x_of(edge) for edge in self._span)
            _paint_flag(painter, frame, Flag(0, left, right, 0.0, 0.0), frame.theme.undecided)
            at = self._span[1] if self._part is Part.STOP else self._span[0]
            paint_readout(painter, frame, self._canvas.x_of(at), format_time(at / frame.viewport.rate_hz))


def paint_readout(painter: QPainter, frame: Frame, x: float, text: str) -> None:
    """Write what a drag has come to beside a pixel, at the top of the lanes."""
    painter.setFont(theme.mono_font(theme.TEXT_SMALL))
    width = painter.fontMetrics().horizontalAdvance(text) + theme.px(12)
    left = min(max(x + theme.px(6), 0.0), frame.layout.width - width)
    box = QRectF(left, frame.layout.score_top + theme.px(4), width, theme.px(20))
    painter.fillRect(box, theme.color(frame.theme.panel2))
    painter.setPen(theme.color(frame.theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def editor_area(frame: Frame, flag: Flag) -> QRect:
    """Return where the name of a flag is written anew, all of it in view."""
    layout, width = frame.layout, theme.px(EDITOR_PX)
    left = min(max(flag.name_left - theme.px(PAD_PX), 0.0), layout.width - width)
    return QRect(round(left), layout.marks_top, width, layout.score_top - layout.marks_top)
