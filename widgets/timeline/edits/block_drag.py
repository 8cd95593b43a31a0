"""Presses on blocks of the arrangement: a click goes there, a drag moves the block."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from widgets import theme
from widgets.timeline.edits.arrangement import BLOCK, Slab, Slabs, block_area, lane_view, paint_slab
from widgets.timeline.frame import Frame
from widgets.timeline.mouse.surface import Surface

LEAST_PX, LINE_PX = 4, 3


def slab_at(canvas: Surface, at: QPointF) -> Slab | None:
    """Return the block under the mouse."""
    layout = canvas.frame.layout
    if not layout.arrangement_top <= at.y() < layout.marks_top:
        return None
    return canvas.shown.slabs.at(at.x() * lane_view(canvas.frame, canvas.viewport.length_samples))


def gap_at(shown: Slabs, view_samples: float) -> int:
    """Return the number of the block before which a drop at a view position is inserted."""
    return int(np.count_nonzero((shown.starts + shown.stops) / 2 < view_samples))


class MoveBlock:
    """Goes to the pressed position, or moves the block to the release position; modifier keys copy it."""

    def __init__(self, canvas: Surface, slab: Slab, at: QPointF) -> None:
        self._canvas, self._slab, self._pressed, self._at = canvas, slab, at, at
        self._moved = False

    @property
    def is_copy(self) -> bool:
        """Whether the original block stays."""
        return self._canvas.snapping.is_inverted

    def move(self, at: QPointF) -> None:
        self._at = at
        self._moved |= abs(at.x() - self._pressed.x()) >= theme.px(LEAST_PX)

    def release(self, at: QPointF) -> None:
        self.move(at)
        canvas = self._canvas
        if not self._moved:
            view = self._view(self._pressed)
            canvas.seek(canvas.times.to_source(view), view)
            if self._slab.block >= 0:
                canvas.block_chosen.emit(self._slab.block)
        elif canvas.shown.slabs.is_result:
            canvas.block_moved.emit(
                self._slab.block, gap_at(canvas.shown.slabs, self._view(at)), self.is_copy
            )

    def _view(self, at: QPointF) -> int:
        canvas = self._canvas
        per_px = lane_view(canvas.frame, canvas.viewport.length_samples)
        return min(max(round(at.x() * per_px), 0), canvas.viewport.length_samples)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        canvas, length = self._canvas, self._canvas.viewport.length_samples
        if not self._moved or not canvas.shown.slabs.is_result:
            return
        area = block_area(frame, self._slab, length)
        painter.save()
        painter.setOpacity(0.75)
        painter.setFont(theme.ui_font(theme.TEXT_SMALL))
        paint_slab(painter, frame, self._slab, area.translated(self._at.x() - self._pressed.x(), 0))
        painter.restore()
        starts, before = canvas.shown.slabs.starts, gap_at(canvas.shown.slabs, self._view(self._at))
        place = int(starts[before]) if before < len(starts) else length
        left = place / lane_view(frame, length) - theme.px(LINE_PX) / 2
        line = QRectF(left, area.top() - theme.px(3), theme.px(LINE_PX), theme.px(BLOCK) + theme.px(6))
        painter.fillRect(line, theme.color(frame.theme.undecided))
