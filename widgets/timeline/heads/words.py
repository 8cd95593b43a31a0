"""Lines of text in the heads."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from widgets import theme


def write(
    painter: QPainter, left: float, middle: float, room: float, text: str, font: QFont, token: str
) -> float:
    """Write a line of text around a height, shortened to the room it has; return its width."""
    metrics = QFontMetricsF(font)
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    painter.setFont(font)
    painter.setPen(theme.color(token))
    width = metrics.horizontalAdvance(text)
    area = QRectF(left, middle - metrics.height() / 2, width + 2, metrics.height())
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)
    return width
