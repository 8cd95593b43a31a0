"""Signs and words on the flags of proposals, painted once each: a frame may show more than a hundred.

A state is never colour alone: undecided has a dot, accepted a tick, rejected a cross.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter, QPen

from engine.document.decisions import Verdict
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.frame import FLAG, Frame

LABEL_FROM_PX, SIGN_FROM_PX, PAD_PX, SIGN_PX, GAP_PX, END_PX = 34, 11, 7, 7, 4, 3
ROUND_PX = 1
"""Room around a sign, whose line ends are round."""


@dataclass(frozen=True, slots=True)
class Span:
    """One span to draw: edges in logical pixels, its words, whether it is the current one, and what it does.

    Attributes
    ----------
    drops : whether it takes its span out of the result
    """

    left: float
    right: float
    verdict: Verdict
    label: str
    short: str
    current: bool = False
    drops: bool = True


def paint_label(painter: QPainter, frame: Frame, span: Span) -> None:
    """Put sign and words on a flag, as far as they fit into what is seen of it."""
    left, right = max(span.left, 0.0), min(span.right, frame.layout.width)
    if right - left < theme.px(SIGN_FROM_PX) or frame.layout.lanes_bottom <= frame.layout.lanes_top:
        return
    size, text = theme.px(SIGN_PX), ""
    if right - left >= theme.px(LABEL_FROM_PX):
        left += theme.px(PAD_PX)
        room = right - left - size - theme.px(GAP_PX) - theme.px(END_PX)
        texts = (span.label, span.short)
        text = next((text for text in texts if _width(text, theme.text_scale()) <= room), "")
    else:
        left += (right - left - size) / 2
    made = _label(frame.theme, frame.dpr, span.verdict, text, theme.text_scale())
    painter.drawImage(QPointF(frame.snapped(left) - ROUND_PX, frame.layout.lanes_top), made)


def _font() -> QFont:
    return theme.ui_font(theme.TEXT_SMALL, QFont.Weight.DemiBold)


@lru_cache(maxsize=2048)
def _width(text: str, scale: float) -> float:  # noqa: ARG001 - the font follows the scale
    return QFontMetricsF(_font()).horizontalAdvance(text)


@lru_cache(maxsize=512)
def _label(tokens: Theme, dpr: float, verdict: Verdict, text: str, scale: float) -> QImage:
    """Return a sign with a word behind it on clear ground, as high as a flag."""
    size, height, gap = theme.px(SIGN_PX), theme.px(FLAG), theme.px(GAP_PX)
    width = size + 2 * ROUND_PX + (gap + _width(text, scale) if text else 0)
    made = QImage(int(width * dpr) + 1, round(height * dpr), QImage.Format.Format_ARGB32_Premultiplied)
    made.setDevicePixelRatio(dpr)
    made.fill(Qt.GlobalColor.transparent)
    ink = theme.color(tokens.on_verdict(verdict))
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, theme.px(15) / 10, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    paint_sign(painter, verdict, QRectF(ROUND_PX, (height - size) / 2, size, size))
    painter.setPen(ink)
    painter.setFont(_font())
    area = QRectF(ROUND_PX + size + gap, 0, width, height)
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
    painter.end()
    return made


def paint_sign(painter: QPainter, verdict: Verdict, box: QRectF) -> None:
    """Draw the sign of a verdict with the painter's pen: a dot, a tick or a cross."""
    if verdict is Verdict.ACCEPTED:
        corner = QPointF(box.left() + box.width() * 0.4, box.bottom() - box.height() * 0.1)
        painter.drawPolyline([QPointF(box.left(), box.center().y()), corner, box.topRight()])
    elif verdict is Verdict.REJECTED:
        painter.drawLine(QLineF(box.topLeft(), box.bottomRight()))
        painter.drawLine(QLineF(box.bottomLeft(), box.topRight()))
    else:
        radius = box.width() * 0.36
        painter.setBrush(painter.pen().color())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(box.center(), radius, radius)
