"""The selected span: how it is drawn, and the drag that selects it."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from engine.timebase import format_time
from widgets import theme
from widgets.timeline.frame import Frame
from widgets.timeline.markers import paint_readout
from widgets.timeline.surface import Surface

TINT = 0.14
LEAST_PX = 4


def paint_selection(painter: QPainter, frame: Frame, left: float, right: float) -> None:
    """Draw a selected span between two logical pixels, over ruler and lanes."""
    layout = frame.layout
    begin, end = frame.snapped(max(left, -4.0)), frame.snapped(min(right, layout.width + 4.0))
    if end < 0 or begin > layout.width:
        return
    top, bottom = layout.ruler_top, layout.lanes_bottom
    painter.fillRect(
        QRectF(begin, top, max(end - begin, frame.hairline), bottom - top),
        theme.color(frame.theme.text, TINT),
    )
    painter.setPen(QPen(theme.color(frame.theme.text), frame.hairline))
    for x in (begin, end):
        painter.drawLine(QLineF(x, top, x, bottom))


class SelectSpan:
    """Puts the playhead where the mouse was pressed, and selects from there to where it is let go.

    A press that moves nothing lets go of what was selected.
    """

    def __init__(self, canvas: Surface, at: QPointF) -> None:
        self._canvas, self._pressed = canvas, at
        self._from = canvas.snapped_at(at.x())
        self._to = self._from
        self._moved = False
        self._at = canvas.source_at(at.x())
        canvas.seek_requested.emit(self._at)

    def move(self, at: QPointF) -> None:
        self._moved |= abs(at.x() - self._pressed.x()) >= theme.px(LEAST_PX)
        if self._moved:
            self._to = self._canvas.snapped_at(at.x())

    def release(self, at: QPointF) -> None:
        self.move(at)
        start, stop = sorted((self._from, self._to))
        if self._moved and start < stop:
            if start != self._at:
                self._canvas.seek_requested.emit(start)
            self._canvas.span_selected.emit(start, stop)
        else:
            self._canvas.selection_dropped.emit()

    def paint(self, painter: QPainter, frame: Frame) -> None:
        if self._moved:
            left, right = sorted(self._canvas.x_of(edge) for edge in (self._from, self._to))
            paint_selection(painter, frame, left, right)
            length_s = abs(self._to - self._from) / frame.viewport.rate_hz
            paint_readout(painter, frame, self._canvas.x_of(self._to), format_time(length_s))
