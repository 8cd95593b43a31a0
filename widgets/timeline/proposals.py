"""Every proposal as one item: a span across its lanes with a flag on top: what it does, its state.

Most are about all tracks. One of some tracks covers their lanes alone; its flag stands where all flags do.
One that cannot hold beside another has edges and a line under its flag in the colour of what went wrong.

A cut that the result closed is a seam: a thin line with a pair of scissors on top.

A state is never colour alone: undecided has a dot, accepted a tick and a hatch, rejected a cross and dashes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen, QPixmap

from engine.document.decisions import Verdict
from engine.document.kinds import KINDS
from engine.document.table import VERDICTS
from widgets import theme
from widgets.timeline.frame import FLAG, Frame
from widgets.timeline.lane_rows import Shares, areas_of, shares_of
from widgets.timeline.proposal_labels import SIGN_FROM_PX, Span, paint_label, rooms
from widgets.timeline.seams import FLAG_WIDTH, fill_seams, paint_flags, paint_seam
from widgets.timeline.spans import Spans

LABELS, EDGES = 150, 300
"""With more spans in view neither words nor edges can be told apart; what they cover still can."""
TINT, CURRENT_TINT, HATCH_TINT = 0.12, 0.20, 0.45
HATCH_PX, DASH_PX, DASH_GAP_PX, CLASH_PX = 11, 4, 3, 2
WEAK_TO_STRONG = (Verdict.REJECTED, Verdict.ACCEPTED, Verdict.UNDECIDED)


@dataclass(frozen=True, slots=True, eq=False)
class Proposals:
    """All spans but the current one as columns of one frame, so that their number costs nothing.

    Attributes
    ----------
    covered : bool, shape (3, columns), where each of `VERDICTS` is
    gone : bool, shape (columns,), where accepted ones take their span out
    found : indices of the spans in view, ascending
    seams : view positions of the seams in view, ascending
    lanes : ids of the tracks, in the order of their lanes
    shares : lanes that are covered alike, with what covers them
    """

    frame: Frame
    spans: Spans
    current: str | None
    lanes: tuple[str, ...]
    covered: NDArray[np.bool_]
    shares: Shares
    gone: NDArray[np.bool_]
    found: NDArray[np.int64]
    seams: NDArray[np.int64]

    @classmethod
    def of(cls, frame: Frame, spans: Spans, current: str | None, lanes: tuple[str, ...] = ()) -> Proposals:
        """Find what of the spans is in a frame."""
        view = frame.viewport
        edges, accepted = frame.grid.edges(), VERDICTS.index(Verdict.ACCEPTED)
        covered = spans.coverage(edges, without=current, seams=False)
        gone = covered[accepted]
        if not spans.drops.all():
            gone = spans.coverage(edges, without=current, seams=False, drops=True)[accepted]
        found = spans.within(view.start_samples, view.stop_samples)
        found = found[~spans.closed(found) & (found != spans.place(current))]
        seams = spans.seams(view.start_samples, view.stop_samples)
        shares = shares_of(spans, found, edges, lanes, covered)
        return cls(frame, spans, current, lanes, covered, shares, gone, found, seams)

    def tinted(
        self, rows: NDArray[np.uint32], covered: NDArray[np.bool_] | None = None
    ) -> NDArray[np.uint32]:
        """Return colours of columns, shape (n, columns), seen through the tint of what covers them."""
        result = rows.copy()
        for verdict, where in _by_strength(self.covered if covered is None else covered):
            if where.any():
                result[:, where] = _blend(rows[:, where], self.frame.theme.verdict(verdict), TINT)
        return result

    def fill(self, pixels: NDArray[np.uint32]) -> None:
        """Draw edges and flags into the rows of the lanes, shape (rows, columns)."""
        tokens, dpr = self.frame.theme, self.frame.dpr
        if len(self.found) <= EDGES:
            self._fill_edges(pixels)
        fill_seams(pixels, self.frame, self.seams)
        flags = pixels[: round(theme.px(FLAG) * dpr)]
        for verdict, where in _by_strength(self.covered):
            np.copyto(flags, np.uint32(theme.color(tokens.verdict(verdict)).rgba()), where=where)
        clashing = self.spans.conflicts[self.found]
        if clashing.any():
            found = self.found[clashing]
            row = np.zeros(len(found), np.int64)
            (where,) = self.spans.touched(self.frame.grid.edges(), found, row, 1)
            line = flags[-max(round(theme.px(CLASH_PX) * dpr), 1) :]
            np.copyto(line, np.uint32(theme.color(tokens.error).rgba()), where=where)
        if len(self.found) <= EDGES:  # where one flag runs into another it is seen where the other begins
            begins = self._edge_columns(np.ones(len(self.found), bool), starts_only=True)
            begins = begins[begins > 0]
            meets = self.covered[:, begins].any(axis=0) & self.covered[:, begins - 1].any(axis=0)
            flags[:, begins[meets]] = theme.color(tokens.bg).rgba()

    def _fill_edges(self, pixels: NDArray[np.uint32]) -> None:
        """Draw the edges of spans, each over its lanes, into the rows of the lanes."""
        tokens, dpr, spans = self.frame.theme, self.frame.dpr, self.spans
        dashes = np.arange(len(pixels)) / dpr % (DASH_PX + DASH_GAP_PX) < DASH_PX
        verdicts, clashes, tracks = (
            column[self.found] for column in (spans.verdicts, spans.conflicts, spans.tracks)
        )
        for place in np.unique(tracks).tolist():
            rows = self._rows_of(spans.track_sets[place], len(pixels))
            here = tracks == place
            for verdict in WEAK_TO_STRONG:
                columns = self._edge_columns(here & ~clashes & (verdicts == VERDICTS.index(verdict)))
                dashed = rows & dashes if verdict is Verdict.REJECTED else rows
                pixels[np.ix_(dashed, columns)] = theme.color(tokens.verdict(verdict)).rgba()
            pixels[np.ix_(rows, self._edge_columns(here & clashes))] = theme.color(tokens.error).rgba()

    def _rows_of(self, tracks: tuple[str, ...], n_rows: int) -> NDArray[np.bool_]:
        """Return which rows of the lanes, shape (n_rows,), are those of some tracks."""
        frame, top = self.frame, self.frame.layout.lanes_top
        rows = np.zeros(n_rows, bool)
        for first, last in areas_of(frame.layout, self.lanes, tracks):
            rows[round((first - top) * frame.dpr) : round((last - top) * frame.dpr)] = True
        return rows

    def _edge_columns(self, chosen: NDArray[np.bool_], *, starts_only: bool = False) -> NDArray[np.int64]:
        frame, index = self.frame, self.found[chosen]
        lefts = np.rint(frame.viewport.xs_at(self.spans.starts[index]) * frame.dpr)
        rights = np.rint(frame.viewport.xs_at(self.spans.stops[index]) * frame.dpr) - 1
        edges = [lefts] if starts_only else [lefts, np.maximum(rights, lefts)]
        columns = np.concatenate(edges).astype(np.int64)
        return columns[(columns >= 0) & (columns < frame.columns)]

    def paint(self, painter: QPainter) -> None:
        """Draw hatches, words and seams, and the current proposal over all others."""
        frame, spans = self.frame, self.spans
        self._paint_hatch(painter)
        paint_flags(painter, frame, self.seams)
        place = spans.place(self.current)
        current = span_at(frame, spans, place, current=True) if place >= 0 else None
        self._paint_labels(painter, current)
        if current is not None:
            if current.left == current.right:
                paint_seam(painter, frame, current.left, current.verdict)
            else:
                paint_span(painter, frame, current, self.lanes)
                self._part_flags(painter, current)

    def _part_flags(self, painter: QPainter, current: Span) -> None:
        """Keep the current flag apart from those that it lies over."""
        frame = self.frame
        for x, beside in ((current.left, -1), (current.right - frame.hairline, 1)):
            column = round(x * frame.dpr)
            is_seen = 0 <= column < frame.columns and 0 <= column + beside < frame.columns
            if is_seen and self.covered[:, column + beside].any():
                top = frame.layout.lanes_top
                line = frame.vertical(x, top, top + theme.px(FLAG))
                painter.fillRect(line, theme.color(frame.theme.bg))

    def _paint_labels(self, painter: QPainter, current: Span | None) -> None:
        frame, view, spans = self.frame, self.frame.viewport, self.spans
        lefts, rights = view.xs_at(spans.starts[self.found]), view.xs_at(spans.stops[self.found])
        over = None if current is None else (current.left, current.right)
        seams = view.xs_at(self.seams)
        lefts, rights = rooms(lefts, rights, frame.layout.width, over, seams, theme.px(FLAG_WIDTH) / 2 + 1)
        roomy = np.flatnonzero(rights - lefts >= theme.px(SIGN_FROM_PX))
        if len(roomy) <= LABELS:
            for place in roomy.tolist():
                span = span_at(frame, spans, int(self.found[place]), current=False)
                paint_label(painter, frame, span, (float(lefts[place]), float(rights[place])))

    def _paint_hatch(self, painter: QPainter) -> None:
        frame, layout = self.frame, self.frame.layout
        columns = np.flatnonzero(self.gone)
        if not len(columns):
            return
        first, last = int(columns[0]), int(columns[-1]) + 1
        pattern = hatch(frame, frame.grid.first + first, last - first)
        pattern[:, ~self.gone[first:last]] = 0
        top = layout.lanes_top + theme.px(FLAG)
        area = QRectF(first / frame.dpr, top, (last - first) / frame.dpr, layout.lanes_bottom - top)
        painter.drawTiledPixmap(area, _pixmap(pattern, frame.dpr))


def _by_strength(covered: NDArray[np.bool_]) -> Iterator[tuple[Verdict, NDArray[np.bool_]]]:
    for verdict in WEAK_TO_STRONG:
        yield verdict, covered[VERDICTS.index(verdict)]


def span_at(frame: Frame, spans: Spans, index: int, current: bool) -> Span:
    """Return what to draw for one of the spans."""
    start, stop = int(spans.starts[index]), int(spans.stops[index])
    drops, kind = bool(spans.drops[index]), KINDS.get(spans.kind(index))
    return Span(
        frame.viewport.x_at(start),
        frame.viewport.x_at(stop),
        VERDICTS[spans.verdicts[index]],
        spans.words(index, frame.viewport.rate_hz),
        "" if drops or kind is None else kind.icon,  # what most of them are needs no picture
        current,
        drops,
        bool(spans.conflicts[index]),
        spans.track_sets[spans.tracks[index]],
    )


def paint_span(painter: QPainter, frame: Frame, span: Span, lanes: Sequence[str] = ()) -> None:
    """Draw the current span: its tint, its edges and its flag, stronger than all others.

    Parameters
    ----------
    lanes : ids of the tracks, in the order of their lanes
    """
    layout = frame.layout
    token = frame.theme.verdict(span.verdict)
    top, bottom = layout.lanes_top, layout.lanes_bottom
    left, right = frame.snapped(max(span.left, -4.0)), frame.snapped(min(span.right, layout.width + 4.0))
    if right < 0 or left > layout.width or bottom <= top:
        return
    body = QRectF(left, top, max(right - left, frame.hairline), bottom - top)
    areas = areas_of(layout, lanes, span.lanes)
    for first, last in areas:
        painter.fillRect(QRectF(left, first, body.width(), last - first), theme.color(token, CURRENT_TINT))
    if span.verdict is Verdict.ACCEPTED and span.drops and body.width() > 1:
        columns = round(body.width() * frame.dpr)
        painter.drawTiledPixmap(body, _pixmap(hatch(frame, 0, columns), frame.dpr))
    width = max(round(2.0 * frame.dpr), 1) / frame.dpr
    edge = frame.theme.error if span.clashes else token
    pen = QPen(theme.color(edge), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
    if span.verdict is Verdict.REJECTED:
        pen.setDashPattern([theme.px(DASH_PX) / width, theme.px(DASH_GAP_PX) / width])
    painter.setPen(pen)
    for first, last in areas:
        for x in (left + width / 2, right - width / 2):
            painter.drawLine(QLineF(x, first, x, last))
    flag = QRectF(left, top, body.width(), theme.px(FLAG))
    painter.fillRect(flag, theme.color(token))
    if span.clashes:
        flag.setTop(flag.bottom() - theme.px(CLASH_PX))
        painter.fillRect(flag, theme.color(frame.theme.error))
    paint_label(painter, frame, span)


def hatch(frame: Frame, first_column: int, n_columns: int) -> NDArray[np.uint32]:
    """Return one period of the accepted hatch, premultiplied, shape (period, n_columns)."""
    period = max(round(theme.px(HATCH_PX) * frame.dpr), 4)
    rows, columns = np.arange(period)[:, None], np.arange(first_column, first_column + n_columns)
    # a slope of one device pixel a row, softened by its neighbours; strength grows with the resolution
    distance = np.abs((columns + rows + period // 2) % period - period // 2)
    weights = np.clip(0.5 + frame.dpr / 2 - distance, 0.0, 1.0) * HATCH_TINT
    shades = theme.premultiplied(frame.theme.accepted, np.arange(65) / 64)
    result: NDArray[np.uint32] = shades[np.rint(weights * 64).astype(np.int64)]
    return result


def _pixmap(pixels: NDArray[np.uint32], dpr: float) -> QPixmap:
    rows, columns = pixels.shape
    held = np.ascontiguousarray(pixels)
    image = QImage(held.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32_Premultiplied)
    made = QPixmap.fromImage(image.copy())
    made.setDevicePixelRatio(dpr)
    return made


def _blend(rows: NDArray[np.uint32], token: str, alpha: float) -> NDArray[np.uint32]:
    """Return opaque colours, of any shape, under a colour of an opacity."""
    over = np.uint32(theme.color(token).rgba())
    mixed = np.full_like(rows, 0xFF000000)
    for shift in (0, 8, 16):
        under = (rows >> shift & 0xFF).astype(np.float32)
        part = under + (np.float32(over >> shift & 0xFF) - under) * np.float32(alpha)
        mixed |= np.rint(part).astype(np.uint32) << shift
    return mixed


def paint_row(painter: QPainter, row: NDArray[np.uint32], area: QRectF) -> None:
    """Stretch one row of premultiplied colours, shape (columns,), over an area."""
    image = QImage(row.data, len(row), 1, QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(area, image)
