"""Drags of the selection: slip within its position, or move to another."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF
from PySide6.QtGui import QPainter, QPen

from engine.core.timebase import format_time
from widgets import theme
from widgets.timeline.edits.selection import LEAST_PX, edges_of, paint_selection
from widgets.timeline.frame import Frame
from widgets.timeline.marks.markers import paint_readout
from widgets.timeline.mouse.surface import Surface

GHOST = 0.22


class _Held:
    """Common state of both drags: start, selection, and whether the mouse has moved."""

    def __init__(self, canvas: Surface, at: QPointF) -> None:
        span = canvas.selection.span
        assert span is not None
        self._canvas, self._pressed, self._now, self._span = canvas, at, at, span
        self._moved = False

    def move(self, at: QPointF) -> None:
        self._moved |= abs(at.x() - self._pressed.x()) >= theme.px(LEAST_PX)
        self._now = at

    def _paint_ghost(self, painter: QPainter, frame: Frame) -> None:
        """Draw the span at the dragged offset."""
        by_px = self._now.x() - self._pressed.x()
        left, right = edges_of(self._canvas, self._span)
        edges = (left + by_px, right + by_px)
        paint_selection(painter, frame, edges, self._canvas.selected_lanes, GHOST)


class SlipSpan(_Held):
    """Slips the selection by the mouse movement; emits the distance in samples on release."""

    @property
    def _by_samples(self) -> int:
        return round((self._now.x() - self._pressed.x()) * self._canvas.viewport.samples_per_px)

    def release(self, at: QPointF) -> None:
        self.move(at)
        if self._moved and self._by_samples:
            self._canvas.selection_slipped.emit(self._by_samples)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        if self._moved:
            self._paint_ghost(painter, frame)
            by_ms = 1000 * self._by_samples / frame.viewport.rate_hz
            said = f"{by_ms:+.1f} ms".replace("-", "−")
            paint_readout(painter, frame, self._now.x(), said)


class MoveSpan(_Held):
    """Moves the selection before the mouse position; emits the source position on release."""

    @property
    def _to_samples(self) -> int:
        return self._canvas.snapped_at(self._now.x())

    def release(self, at: QPointF) -> None:
        self.move(at)
        start, stop = self._span
        if self._moved and not start <= self._to_samples <= stop:
            self._canvas.selection_moved.emit(self._to_samples)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        if not self._moved:
            return
        self._paint_ghost(painter, frame)
        to = self._to_samples
        x = frame.snapped(self._canvas.x_of(to))
        painter.setPen(QPen(theme.color(frame.theme.undecided), theme.px(2)))
        painter.drawLine(QLineF(x, frame.layout.ruler_top, x, frame.layout.lanes_bottom))
        start, stop = self._span
        said = "no move" if start <= to <= stop else f"before {format_time(to / frame.viewport.rate_hz)}"
        paint_readout(painter, frame, self._now.x(), said)
