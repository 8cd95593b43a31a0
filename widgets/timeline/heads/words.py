"""Lines of text in the heads."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from widgets.controls.elided_label import paint_words


def write(
    painter: QPainter, left: float, middle: float, room: float, text: str, font: QFont, token: str
) -> float:
    """Draw an elided line of text, vertically centred; return its width."""
    height = QFontMetricsF(font).height()
    area = QRectF(left, middle - height / 2, room, height)
    return paint_words(painter, area, text, font, token)
