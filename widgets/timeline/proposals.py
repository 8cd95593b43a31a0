"""Every proposal as one item: a span across all lanes with a flag on top that says kind and state.

A state is never colour alone: undecided has a dot, accepted a tick and a hatch, rejected a cross and dashes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter, QPen, QPixmap

from engine.document.decisions import Verdict
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.frame import FLAG, Frame
from widgets.timeline.spans import VERDICTS, Spans

MANY = 80
"""With more spans than this in view single rectangles cost more than the frame has, and say nothing."""
TINT, CURRENT_TINT, HATCH_TINT = 0.12, 0.20, 0.45
HATCH_PX = 11
LABEL_FROM_PX, SIGN_FROM_PX, PAD_PX, SIGN_PX = 34, 11, 7, 7


@dataclass(frozen=True, slots=True)
class Span:
    """One span to draw: edges in logical pixels, its words, and whether it is the current one."""

    left: float
    right: float
    verdict: Verdict
    label: str
    short: str
    current: bool = False


def paint_proposals(painter: QPainter, frame: Frame, spans: Spans, current: str | None) -> None:
    """Draw all proposals in view, the current one last and strongest."""
    if frame.layout.lane_tops[-1] <= frame.layout.lanes_top:
        return
    view = frame.viewport
    found = spans.within(view.start_samples, view.stop_samples)
    here = spans.ids.index(current) if current in spans.ids else -1
    if len(found) > MANY:
        _paint_coverage(painter, frame, spans)
        found = found[found == here]
    for index in [*found[found != here], *found[found == here]]:
        paint_span(painter, frame, span_at(frame, spans, int(index), int(index) == here))


def span_at(frame: Frame, spans: Spans, index: int, current: bool) -> Span:
    """Return what to draw for one of the spans."""
    start, stop = int(spans.starts[index]), int(spans.stops[index])
    length_s = (stop - start) / frame.viewport.rate_hz
    label = f"{spans.kinds[index]} {length_s:.1f} s"
    left, right = frame.viewport.x_at(start), frame.viewport.x_at(stop)
    return Span(left, right, VERDICTS[spans.verdicts[index]], label, spans.kinds[index], current)


def paint_span(painter: QPainter, frame: Frame, span: Span) -> None:
    """Draw one span: its tint, its edges and its flag."""
    layout, tokens = frame.layout, frame.theme
    token = tokens.verdict(span.verdict)
    top, bottom = layout.lanes_top, layout.lanes_bottom
    left, right = frame.snapped(max(span.left, -4.0)), frame.snapped(min(span.right, layout.width + 4.0))
    body = QRectF(left, top, max(right - left, frame.hairline), bottom - top)
    painter.fillRect(body, theme.color(token, CURRENT_TINT if span.current else TINT))
    if span.verdict is Verdict.ACCEPTED:
        painter.drawTiledPixmap(body, hatch(tokens, frame.dpr), QPointF(-frame.snapped(span.left), 0.0))
    if span.verdict is Verdict.REJECTED and not span.current:
        pen = QPen(theme.color(token), 0)
        pen.setDashPattern([4.0 * frame.dpr, 3.0 * frame.dpr])
        painter.setPen(pen)
        half = frame.hairline / 2
        for x in (left + half, right - half):
            painter.drawLine(QLineF(x, top, x, bottom))
    else:
        width = max(round((2.0 if span.current else 1.0) * frame.dpr), 1)
        for x in (left, right - width / frame.dpr):
            painter.fillRect(frame.vertical(x, top, bottom, width), theme.color(token))
    _paint_flag(painter, frame, span, body)


def _paint_flag(painter: QPainter, frame: Frame, span: Span, body: QRectF) -> None:
    tokens = frame.theme
    flag = QRectF(body.left(), body.top(), body.width(), theme.px(FLAG))
    painter.fillRect(flag, theme.color(tokens.verdict(span.verdict)))
    seen = flag.intersected(QRectF(0, flag.top(), frame.layout.width, flag.height()))
    if seen.width() < theme.px(SIGN_FROM_PX):
        return
    ink = theme.color(tokens.on_verdict(span.verdict))
    pad, size = theme.px(PAD_PX), theme.px(SIGN_PX)
    left = seen.left() + (pad if seen.width() >= theme.px(LABEL_FROM_PX) else (seen.width() - size) / 2)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, theme.px(15) / 10, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    paint_sign(painter, span.verdict, QRectF(left, flag.center().y() - size / 2, size, size))
    font = theme.ui_font(theme.TEXT_SMALL, QFont.Weight.DemiBold)
    room = seen.right() - left - size - pad - theme.px(2)
    metrics = QFontMetricsF(font)
    text = next((text for text in (span.label, span.short) if metrics.horizontalAdvance(text) <= room), "")
    if text:
        painter.setFont(font)
        area = QRectF(left + size + theme.px(4), flag.top(), room + pad, flag.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
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
        radius = box.width() * 0.28
        painter.setBrush(painter.pen().color())
        painter.drawEllipse(box.center(), radius, radius)


_hatches: dict[tuple[str, float, int], QPixmap] = {}


def hatch(tokens: Theme, dpr: float) -> QPixmap:
    """Return a tile of the accepted hatch, one device pixel strong."""
    side = max(round(theme.px(HATCH_PX) * dpr), 4)
    key = (tokens.accepted, dpr, side)
    if key not in _hatches:
        tile = QPixmap(side, side)
        tile.fill(theme.color(tokens.accepted, 0.0))
        painter = QPainter(tile)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color(tokens.accepted, HATCH_TINT), max(1.0, dpr)))
        for shift in (-side, 0, side):
            painter.drawLine(QLineF(shift, side, shift + side, 0))
        painter.end()
        tile.setDevicePixelRatio(dpr)
        _hatches[key] = tile
    return _hatches[key]


def _paint_coverage(painter: QPainter, frame: Frame, spans: Spans) -> None:
    """Draw many spans as one tile as wide as the lanes, repeated down, and one row of flags."""
    layout, tokens = frame.layout, frame.theme
    covered = spans.coverage(frame.grid.edges())
    side = max(round(theme.px(HATCH_PX) * frame.dpr), 4)
    rows, columns = np.arange(side)[:, None], np.arange(frame.columns)
    hatched = ((frame.grid.first + columns + rows) % side == 0).astype(np.float64)
    dashed = (rows < side // 2) + np.zeros(frame.columns)
    patterns = {
        Verdict.ACCEPTED: np.maximum(hatched * HATCH_TINT, TINT),
        Verdict.REJECTED: dashed * CURRENT_TINT,
    }
    tile = np.zeros((side, frame.columns), np.uint32)
    flags = np.zeros(frame.columns, np.uint32)
    for verdict in (Verdict.REJECTED, Verdict.ACCEPTED, Verdict.UNDECIDED):
        where = covered[VERDICTS.index(verdict)]
        pattern = patterns.get(verdict, np.full(tile.shape, CURRENT_TINT))
        tile[:, where] = theme.premultiplied(tokens.verdict(verdict), pattern[:, where])
        flags[where] = theme.premultiplied(tokens.verdict(verdict), 1.0)
    image = QImage(
        tile.data, frame.columns, side, 4 * frame.columns, QImage.Format.Format_ARGB32_Premultiplied
    )
    image.setDevicePixelRatio(frame.dpr)
    lanes = QRectF(0, layout.lanes_top, layout.width, layout.lanes_bottom - layout.lanes_top)
    painter.drawTiledPixmap(lanes, QPixmap.fromImage(image))
    paint_row(painter, flags, QRectF(0, layout.lanes_top, layout.width, theme.px(FLAG)))


def paint_row(painter: QPainter, row: NDArray[np.uint32], area: QRectF) -> None:
    """Stretch one row of premultiplied colours, shape (columns,), over an area."""
    image = QImage(row.data, len(row), 1, QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(area, image)
