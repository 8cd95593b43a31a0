"""Signs, pictures and words on flags of proposals, painted once each: a frame may show more than a hundred.

A state is never colour alone: undecided has a dot, accepted a tick, rejected a cross. One in conflict
with another has an exclamation mark as well. A seam of the result is a thin line over the lanes with a small
pair of scissors on top, or another sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter, QPen

from engine.document.proposals import Verdict
from widgets import theme
from widgets.controls.text_and_icons import paint_icon
from widgets.theme import Theme
from widgets.timeline.edits.spans import each_once
from widgets.timeline.frame import EDITS, Frame

Sign = Callable[[QPainter, QRectF], None]
"""Draws in a box, with the painter's pen."""
FLAG_WIDTH, CURRENT_WIDTH, SCISSORS = 17, 21, 11
CROWD, CROWD_PX = 4, 48
"""At this density, a seam is a mark on top without line and scissors."""


def fill_seams(
    edits: NDArray[np.uint32],
    lanes: NDArray[np.uint32],
    frame: Frame,
    positions: NDArray[np.int64],
    by_rows: Iterable[tuple[NDArray[np.bool_], NDArray[np.int64]]],
) -> None:
    """Draw the lines of seams at ascending view positions, uint32, shape (rows, columns) each.

    Parameters
    ----------
    edits, lanes : the flag strip, and the area below it
    by_rows : rows of the lanes, shape (rows,), and the positions of the seams that cross them
    """
    ink = theme.color(frame.theme.accepted).rgba()
    edits[len(edits) // 2 :, _columns(frame, positions)] = ink
    for rows, own in by_rows:  # seams side by side on other lanes, as of a J cut, hide nothing there
        columns = _columns(frame, own)
        lanes[np.ix_(rows, _not_crowded(frame, columns))] = ink


def paint_flags(
    painter: QPainter, frame: Frame, positions: NDArray[np.int64], sign: Sign | None = None
) -> None:
    """Draw the flags of seams; of overlapping ones only the first, of dense ones none.

    Parameters
    ----------
    sign : draws their sign; scissors by default
    """
    columns = _columns(frame, positions)
    if not len(columns) or frame.layout.lanes_top <= frame.layout.edits_top:
        return
    columns = _not_crowded(frame, columns)
    flag, index = _flag_of(frame, Verdict.ACCEPTED, sign=sign), 0
    apart = round((theme.px(FLAG_WIDTH) + 1) * frame.dpr)
    while index < len(columns):
        _place(painter, frame, columns[index] / frame.dpr, flag)
        index = int(np.searchsorted(columns, columns[index] + apart))


def _not_crowded(frame: Frame, columns: NDArray[np.int64]) -> NDArray[np.int64]:
    reach = theme.px(CROWD_PX) * frame.dpr / 2
    near = np.searchsorted(columns, columns + reach, "right") - np.searchsorted(columns, columns - reach)
    return columns[near < CROWD]


def _columns(frame: Frame, positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the device columns of positions, each once; the very end of the result shows in the last one."""
    columns = np.rint(frame.viewport.xs_at(positions) * frame.dpr).astype(np.int64)
    return each_once(np.clip(columns, 0, frame.columns - 1))


def paint_seam(
    painter: QPainter,
    frame: Frame,
    x: float,
    verdict: Verdict,
    areas: Iterable[tuple[int, int]],
    sign: Sign | None = None,
) -> None:
    """Draw the current proposal at a seam, stronger than other seams.

    Parameters
    ----------
    areas : vertical spans of the lanes that it crosses
    """
    layout = frame.layout
    if not -theme.px(CURRENT_WIDTH) <= x <= layout.width + theme.px(CURRENT_WIDTH):
        return
    ink = theme.color(frame.theme.verdict(verdict))
    width = round(2 * frame.dpr)
    inside = min(x, layout.width - width * frame.hairline)
    for top, bottom in ((layout.edits_top, layout.lanes_top), *areas):
        painter.fillRect(frame.vertical(inside, top, bottom, width), ink)
    _place(painter, frame, x, _flag_of(frame, verdict, current=True, sign=sign))


def _place(painter: QPainter, frame: Frame, x: float, flag: QImage) -> None:
    """Draw a flag around a position, clipped to the lanes."""
    width = flag.width() / frame.dpr
    left = frame.snapped(min(max(x - width / 2, 0.0), frame.layout.width - width))
    painter.drawImage(QPointF(left, frame.layout.edits_top), flag)


def _flag_of(frame: Frame, verdict: Verdict, current: bool = False, sign: Sign | None = None) -> QImage:
    width = theme.px(CURRENT_WIDTH if current else FLAG_WIDTH)
    return _flag(frame.theme, frame.dpr, verdict, width, theme.px(EDITS), current, sign or paint_scissors)


@lru_cache(maxsize=16)
def _flag(
    tokens: Theme, dpr: float, verdict: Verdict, width: float, height: float, outlined: bool, sign: Sign
) -> QImage:
    made = QImage(round(width * dpr), round(height * dpr), QImage.Format.Format_RGB32)
    made.setDevicePixelRatio(dpr)
    made.fill(theme.color(tokens.verdict(verdict)))
    box, half = QRectF(0, 0, width, height), 0.5 / dpr
    painter = QPainter(made)
    if outlined:
        painter.setPen(QPen(theme.color(tokens.text), 1 / dpr))
        painter.drawRect(box.adjusted(half, half, -half, -half))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink = theme.color(tokens.on_verdict(verdict))
    painter.setPen(QPen(ink, theme.px(13) / 10, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    size = theme.px(SCISSORS)
    sign(painter, QRectF((width - size) / 2, (height - size) / 2, size, size))
    painter.end()
    return made


def paint_plus(painter: QPainter, box: QRectF) -> None:
    """Draw a plus with the painter's pen."""
    middle, reach = box.center(), box.width() * 0.35
    for x, y in ((reach, 0.0), (0.0, reach)):
        painter.drawLine(QLineF(middle - QPointF(x, y), middle + QPointF(x, y)))


def paint_scissors(painter: QPainter, box: QRectF) -> None:
    """Draw open scissors, blades up, with the painter's pen."""
    radius = box.width() * 0.17
    left = QPointF(box.left() + radius, box.bottom() - radius)
    right = QPointF(box.right() - radius, box.bottom() - radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ring, tip in ((left, box.right() - radius), (right, box.left() + radius)):
        painter.drawEllipse(ring, radius, radius)
        towards = QPointF(tip, box.top()) - ring
        length = float(np.hypot(towards.x(), towards.y()))
        painter.drawLine(QLineF(ring + towards * (radius / length), QPointF(tip, box.top())))


SIGN_FROM_PX, PAD_PX, SIGN_PX, ICON_PX, GAP_PX, END_PX = 11, 7, 7, 12, 4, 3
MARK_PX, MARK_HIGH_PX = 9, 13
ROUND_PX = 1
"""Margin of a sign with round line ends."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Span:
    """One span to draw: edges in logical pixels, texts of its flag, and its effect.

    Attributes
    ----------
    texts : texts for its flag, longest first
    icon : the picture of its kind; empty for none
    drops : whether it takes its span out of the result
    clashes : whether it is in conflict with another
    lanes : ids of the tracks it is about; none for all
    """

    left: float
    right: float
    verdict: Verdict
    texts: tuple[str, ...]
    icon: str = ""
    current: bool = False
    drops: bool = True
    clashes: bool = False
    lanes: tuple[str, ...] = ()


def rooms(
    lefts: Numbers,
    rights: Numbers,
    width: float,
    over: tuple[float, float] | None,
    seams: Numbers,
    seam: float,
) -> tuple[Numbers, Numbers]:
    """Return the room for the text of each flag, without overlaps.

    Parameters
    ----------
    lefts, rights : edges of the spans in logical pixels, shape (n,), in the order of `lefts`
    width : visible width
    over : the topmost flag
    seams, seam : positions of seam flags, ascending, and their half width
    """
    lefts, rights = np.maximum(lefts, 0.0), np.minimum(rights, width)
    if over is not None:
        covered = (lefts >= over[0]) & (lefts < over[1])
        rights = np.where((lefts < over[0]) & (rights > over[0]), over[0], rights)
        lefts = np.where(covered, over[1], lefts)
    rights = np.minimum(rights, np.append(lefts[1:], width))
    if len(seams):
        at = np.searchsorted(seams, lefts - seam, "right")
        nearest = seams[np.minimum(at, len(seams) - 1)]
        beside = (at < len(seams)) & (nearest - seam <= lefts)
        lefts = np.where(beside, nearest + seam, lefts)
        following = np.append(seams, np.inf)[np.searchsorted(seams, lefts, "right")]
        rights = np.minimum(rights, following - seam)
    return lefts, rights


def paint_label(painter: QPainter, frame: Frame, span: Span, room: tuple[float, float] | None = None) -> None:
    """Draw sign, icon and text on a flag, as far as they fit into its visible part, or into its room."""
    left, right = room or (max(span.left, 0.0), min(span.right, frame.layout.width))
    if right - left < theme.px(SIGN_FROM_PX) or frame.layout.lanes_top <= frame.layout.edits_top:
        return
    scale, sides = theme.text_scale(), theme.px(PAD_PX) + theme.px(END_PX)
    marked = span.clashes and _length(True, "", "", scale) + sides <= right - left
    text = ""
    for text in (*span.texts, ""):
        icon = span.icon
        if _length(marked, icon, text, scale) + sides <= right - left:
            break
    else:
        icon = ""
    if icon or text or marked:
        left += theme.px(PAD_PX)
    else:
        left += (right - left - theme.px(SIGN_PX)) / 2
    made = _label(frame.theme, frame.dpr, span.verdict, marked, icon, text, scale)
    painter.drawImage(QPointF(frame.snapped(left) - ROUND_PX, frame.layout.edits_top), made)


def _font() -> QFont:
    return theme.ui_font(theme.TEXT_SMALL, QFont.Weight.DemiBold)


@lru_cache(maxsize=4096)
def _length(marked: bool, icon: str, text: str, scale: float) -> float:  # noqa: ARG001 - the font follows the scale
    """Return the length of a label, from the left of its sign."""
    gap, length = theme.px(GAP_PX), float(theme.px(SIGN_PX))
    length += gap + theme.px(MARK_PX) if marked else 0
    length += gap + theme.px(ICON_PX) if icon else 0
    return length + (gap + QFontMetricsF(_font()).horizontalAdvance(text) if text else 0)


@lru_cache(maxsize=512)
def _label(
    tokens: Theme, dpr: float, verdict: Verdict, marked: bool, icon: str, text: str, scale: float
) -> QImage:
    """Return a sign with icon and text on a transparent background, as high as a flag."""
    size, height, gap = theme.px(SIGN_PX), theme.px(EDITS), theme.px(GAP_PX)
    width = _length(marked, icon, text, scale) + 2 * ROUND_PX
    made = QImage(int(width * dpr) + 1, round(height * dpr), QImage.Format.Format_ARGB32_Premultiplied)
    made.setDevicePixelRatio(dpr)
    made.fill(Qt.GlobalColor.transparent)
    token = tokens.on_verdict(verdict)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(
        QPen(theme.color(token), theme.px(15) / 10, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    )
    paint_sign(painter, verdict, QRectF(ROUND_PX, (height - size) / 2, size, size))
    left = ROUND_PX + size + gap
    if marked:
        high = theme.px(MARK_HIGH_PX)
        _paint_mark(painter, tokens, QRectF(left, (height - high) / 2, theme.px(MARK_PX), high))
        left += theme.px(MARK_PX) + gap
    if icon:
        side = theme.px(ICON_PX)
        top = round((height - side) / 2 * dpr) / dpr
        paint_icon(painter, icon, QRectF(round(left * dpr) / dpr, top, side, side), token)
        left += side + gap
    painter.setPen(theme.color(token))
    painter.setFont(_font())
    area = QRectF(left, 0, width, height)
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
    painter.end()
    return made


def _paint_mark(painter: QPainter, tokens: Theme, box: QRectF) -> None:
    """Draw an exclamation mark on a background with contrast to any flag."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(tokens.bg))
    painter.drawRoundedRect(box, theme.px(2), theme.px(2))
    width = box.width() * 0.2
    painter.setPen(QPen(theme.color(tokens.error), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    middle, high = box.center().x(), box.height()
    painter.drawLine(QLineF(middle, box.top() + high * 0.24, middle, box.top() + high * 0.54))
    painter.drawLine(QLineF(middle, box.top() + high * 0.77, middle, box.top() + high * 0.78))
    painter.restore()


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
