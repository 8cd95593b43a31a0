"""The playhead, which moves over everything and repaints only its own strip."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from widgets import theme
from widgets.timeline.frame import Frame

HANDLE_WIDTH, HANDLE_HEIGHT, THICKNESS = 12, 8, 1.5
RIM = 0.75


def playhead_strip(frame: Frame, samples: int) -> QRect:
    """Return the area to repaint when the playhead enters or leaves a position."""
    x = frame.viewport.x_at(samples)
    if not -HANDLE_WIDTH <= x <= frame.layout.width + HANDLE_WIDTH:
        return QRect()
    reach = theme.px(HANDLE_WIDTH)
    return QRect(int(x) - reach, frame.layout.ruler_top, 2 * reach, frame.layout.height)


def overview_strip(frame: Frame, samples: int) -> QRect:
    """Return the same on the overview bar."""
    return QRect(int(_overview_x(frame, samples)) - 2, 0, 5, frame.layout.marks_top)


def paint_playhead(painter: QPainter, frame: Frame, samples: int) -> None:
    """Draw the playhead from its handle in the ruler to the bottom, and its mark on the overview bar."""
    layout, view = frame.layout, frame.viewport
    ink = theme.color(frame.theme.playhead)
    if view.length_samples:
        mark = frame.vertical(_overview_x(frame, samples), 0, layout.marks_top)
        painter.fillRect(mark, theme.color(frame.theme.playhead, 0.7))
    strip = playhead_strip(frame, samples)
    if strip.isNull() or not view.length_samples:
        return
    thickness = max(round(theme.px(2) * THICKNESS / 2 * frame.dpr), 1)
    left = frame.snapped(view.x_at(samples) - thickness / frame.dpr / 2)
    line = QRectF(left, layout.ruler_top, thickness / frame.dpr, layout.height - layout.ruler_top)
    # A rim of the ground's colour: the black line of the light look would be lost on a spectrogram.
    rim = thickness / frame.dpr / 2
    painter.fillRect(line.adjusted(-rim, 0, rim, 0), theme.color(frame.theme.bg, RIM))
    painter.fillRect(line, ink)
    half, middle, top = theme.px(HANDLE_WIDTH) / 2, line.center().x(), layout.ruler_top
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    tip = QPointF(middle, top + theme.px(HANDLE_HEIGHT))
    painter.drawPolygon(QPolygonF([QPointF(middle - half, top), QPointF(middle + half, top), tip]))
    painter.restore()


def _overview_x(frame: Frame, samples: int) -> float:
    length = max(frame.viewport.length_samples, 1)
    return min(samples / length, 1.0) * frame.layout.width  # until it follows into a shorter document
