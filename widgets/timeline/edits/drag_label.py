"""Label next to a dragged item."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from widgets import theme
from widgets.timeline.frame import Frame


def paint_drag_label(painter: QPainter, frame: Frame, x: float, text: str) -> None:
    """Draw a text at the top of the lanes, right of a position if there is room."""
    painter.setFont(theme.mono_font(theme.TEXT_SMALL))
    width = painter.fontMetrics().horizontalAdvance(text) + theme.px(12)
    top = frame.layout.lanes_top + theme.px(4)
    left = min(max(x + theme.px(6), 0.0), frame.layout.width - width)
    box = QRectF(left, top, width, theme.px(20))
    painter.fillRect(box, theme.color(frame.theme.panel2))
    painter.setPen(theme.color(frame.theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
