"""Beat drag: with Shift or Ctrl, a grid line in the ruler follows the mouse and its bar stretches."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from engine.core.timebase import format_time
from engine.document.grid.edits import with_beat_at
from widgets import theme
from widgets.timeline.frame import Frame
from widgets.timeline.marks.markers import paint_readout
from widgets.timeline.marks.snapping import division_near
from widgets.timeline.mouse.surface import Surface

BEAT_GRIP_PX = 6


def beat_at(canvas: Surface, at: QPointF) -> int | None:
    """Return the index of the beat line in the ruler under the mouse, or None."""
    layout, beats, grid = canvas.frame.layout, canvas.shown.beats, canvas.grid
    if beats is None or grid is None or not layout.ruler_top <= at.y() < layout.sections_top:
        return None
    line = division_near(at.x(), beats, canvas.viewport, theme.px(BEAT_GRIP_PX))
    if line is None:
        return None
    source = int(canvas.times.to_source(line))
    return int(np.argmin(np.abs(grid.beats_samples - source)))


class MoveBeat:
    """Moves one beat; the grid is previewed, and emitted on release."""

    def __init__(self, canvas: Surface, beat: int, at: QPointF) -> None:
        assert canvas.grid is not None, "a draggable beat needs a grid"
        self._canvas = canvas
        self._grid = canvas.grid
        self._beat = beat
        self._from = self._to = int(canvas.grid.beats_samples[beat])
        self._pressed_px = at.x()
        self._grip_px = canvas.x_of(self._from) - at.x()

    def move(self, at: QPointF) -> None:
        if at.x() == self._pressed_px:
            self._to = self._from
        else:
            self._to = self._canvas.source_at(at.x() + self._grip_px)
        moved = with_beat_at(self._grid, self._beat, self._to, self._canvas.viewport.rate_hz)
        self._to = int(moved.beats_samples[self._beat])  # it stops where its neighbours would meet
        self._canvas.preview_grid(moved)

    def release(self, at: QPointF) -> None:
        self.move(at)
        if self._to != self._from:
            self._canvas.beat_dragged.emit(self._beat, self._to)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        rate_hz = frame.viewport.rate_hz
        moved_ms = (self._to - self._from) * 1000 / rate_hz
        text = f"{format_time(self._to / rate_hz)}  {moved_ms:+.0f} ms".replace("-", "−")
        x = self._canvas.x_of(self._to)
        layout = frame.layout
        line = frame.vertical(x, layout.ruler_top, layout.lanes_bottom, max(round(2 * frame.dpr), 1))
        painter.fillRect(line, theme.color(frame.theme.undecided))
        paint_readout(painter, frame, x, text)
