"""Seams of the result: a thin line over the lanes with a small pair of scissors on top, or another sign."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from engine.document.decisions import Verdict
from widgets import theme
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
    flag, apart, index = (
        _flag_of(frame, Verdict.ACCEPTED, sign=sign),
        round((theme.px(FLAG_WIDTH) + 1) * frame.dpr),
        0,
    )
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
