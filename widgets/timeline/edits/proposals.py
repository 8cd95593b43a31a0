"""All proposals as one item: a span across its lanes with a flag on top that shows effect and state.

Those too narrow for that are aggregated: as bars in the flag strip, see `coverage`, and in the lanes
as a tint whose strength is their coverage.

Most apply to all tracks. One of some tracks covers their lanes only; its flag is in the common strip.
One in conflict with another has edges and a line under its flag in the error colour.

A cut that the result closed is a seam: a thin line with a pair of scissors on top.

A state is never colour alone: undecided has a dot, accepted a tick and a hatch, rejected a cross and dashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap

from engine.document.kinds import KINDS
from engine.document.proposals import Verdict
from engine.document.table import VERDICTS
from widgets import theme
from widgets.timeline.edits.coverage import (
    WEAK_TO_STRONG,
    Shares,
    areas_of,
    bar_columns,
    bar_edges,
    fill_bars,
    shares_of,
)
from widgets.timeline.edits.signs import (
    FLAG_WIDTH,
    SIGN_FROM_PX,
    Span,
    fill_seams,
    paint_flags,
    paint_label,
    paint_plus,
    paint_scissors,
    paint_seam,
    rooms,
)
from widgets.timeline.edits.spans import Spans
from widgets.timeline.frame import Frame, image_of

LABELS = 150
"""With more spans in view words would take a frame's time."""
FLAG_FROM_PX, EDGES_FROM_PX = 11, 40
"""Narrower spans are bars of the ribbon; those in between have a flag, whose edges are sufficient."""
CURRENT_TINT, HATCH_TINT, SLICE_EDGE = 0.20, 0.45, 0.30
HATCH_PX, DASH_PX, DASH_GAP_PX, CLASH_PX, CURRENT_LEAST_PX = 11, 4, 3, 3, 5


@dataclass(frozen=True, slots=True, eq=False)
class Proposals:
    """All spans but the current one as columns of one frame, so that their number costs nothing.

    Attributes
    ----------
    shares : see `shares_of`
    found : indices of the spans in view that are wide enough for a flag, ascending
    covered : bool, shape (3, columns), columns with spans of each of `VERDICTS`
    gone : tracks, or None for all, and which columns accepted spans remove there, bool, shape (columns,)
    clashing : indices of the visible spans in conflict with another
    bars, bar_columns : coverage of each ribbon bar by narrow spans, and the width of a bar
    seams, points : view positions of the seams and of the edits at one position in view, ascending
    lanes : ids of the tracks, in the order of their lanes
    """

    frame: Frame
    spans: Spans
    current: str | None
    lanes: tuple[str, ...]
    shares: Shares
    found: NDArray[np.int64]
    covered: NDArray[np.bool_]
    gone: tuple[tuple[frozenset[str] | None, NDArray[np.bool_]], ...]
    clashing: NDArray[np.int64]
    bars: NDArray[np.float64]
    bar_columns: int
    seams: NDArray[np.int64]
    points: NDArray[np.int64]

    @classmethod
    def of(cls, frame: Frame, spans: Spans, current: str | None, lanes: tuple[str, ...] = ()) -> Proposals:
        """Find the visible spans of a frame."""
        view, grid = frame.viewport, frame.grid
        edges, wide = grid.edges(), bar_columns(frame)
        flag_samples = theme.px(FLAG_FROM_PX) * view.samples_per_px
        found = spans.within(view.start_samples, view.stop_samples)
        found = found[~spans.closed(found) & (found != spans.place(current))]
        shares, clashing = shares_of(spans, found, edges, lanes, current), found[spans.conflicts[found]]
        found = found[spans.stops[found] - spans.starts[found] >= flag_samples]
        verdicts = spans.verdicts[found].astype(np.int64)
        gone = found[spans.drops[found] & (verdicts == VERDICTS.index(Verdict.ACCEPTED))]
        bar_borders = bar_edges(grid.first, grid.n_columns, grid.samples_per_column, wide)
        return cls(
            frame=frame,
            spans=spans,
            current=current,
            lanes=lanes,
            shares=shares,
            found=found,
            covered=spans.touched(edges, found, verdicts, len(VERDICTS)),
            gone=tuple((tracks, _touched(spans, edges, gone, tracks)) for tracks, *_ in shares),
            clashing=clashing,
            bars=spans.shares(bar_borders, current, below_samples=flag_samples),
            bar_columns=wide,
            seams=spans.seams(view.start_samples, view.stop_samples),
            points=spans.seams(view.start_samples, view.stop_samples, of_points=True),
        )

    def fill(self, edits: NDArray[np.uint32], lanes: NDArray[np.uint32]) -> None:
        """Draw ribbon and flags into their strip, edges into the lanes, shape (rows, columns) each."""
        tokens, frame = self.frame.theme, self.frame
        self._fill_edges(lanes)
        for seams, of_points in ((self.seams, False), (self.points, True)):
            if len(seams):
                view = frame.viewport
                apart = self.spans.seams_by_tracks(view.start_samples, view.stop_samples, of_points=of_points)
                by_rows = ((self._rows_of(tracks, len(lanes)), own) for tracks, own in apart)
                fill_seams(edits, lanes, frame, seams, by_rows)
        fill_bars(edits, frame, self.bars, frame.grid.first, self.bar_columns)
        for verdict in WEAK_TO_STRONG:
            where = self.covered[VERDICTS.index(verdict)]
            np.copyto(edits, np.uint32(theme.color(tokens.verdict(verdict)).rgba()), where=where)
        if len(self.clashing):
            row = np.zeros(len(self.clashing), np.int64)
            (where,) = self.spans.touched(frame.grid.edges(), self.clashing, row, 1)
            thick = max(round(theme.px(CLASH_PX) * frame.dpr), 1)
            np.copyto(edits[-thick:], np.uint32(theme.color(tokens.error).rgba()), where=where)
            np.copyto(edits[-thick - 1 : -thick], np.uint32(theme.color(tokens.bg).rgba()), where=where)
        # where one flag runs into another it is seen where the other begins
        begins = np.searchsorted(frame.grid.edges(), self.spans.starts[self.found], "right") - 1
        # not the first column, which has none before it, nor what begins where the view ends
        begins = begins[(begins > 0) & (begins < self.covered.shape[1])]
        meets = self.covered[:, begins].any(axis=0) & self.covered[:, begins - 1].any(axis=0)
        edits[:, begins[meets]] = theme.color(tokens.bg).rgba()

    def _fill_edges(self, pixels: NDArray[np.uint32]) -> None:
        """Draw the edges of the widest spans, each over its lanes, into the rows of the lanes."""
        tokens, dpr, spans = self.frame.theme, self.frame.dpr, self.spans
        dashes = np.arange(len(pixels)) / dpr % (DASH_PX + DASH_GAP_PX) < DASH_PX
        lengths_px = (spans.stops[self.found] - spans.starts[self.found]) / self.frame.viewport.samples_per_px
        wide = lengths_px >= theme.px(EDGES_FROM_PX)
        verdicts, clashes, tracks = (
            column[self.found] for column in (spans.verdicts, spans.conflicts, spans.tracks)
        )
        slices = spans.slices[self.found]
        for place in np.unique(tracks).tolist():
            rows = self._rows_of(spans.track_sets[place], len(pixels))
            for verdict in WEAK_TO_STRONG if slices.any() else ():
                quiet = slices & wide & (tracks == place) & (verdicts == VERDICTS.index(verdict))
                ink = theme.mix(tokens.bg, tokens.verdict(verdict), SLICE_EDGE).rgba()
                pixels[np.ix_(rows, self._edge_columns(quiet))] = ink
            here = (tracks == place) & wide & ~slices
            for verdict in WEAK_TO_STRONG:
                columns = self._edge_columns(here & ~clashes & (verdicts == VERDICTS.index(verdict)))
                dashed = rows & dashes if verdict is Verdict.REJECTED else rows
                pixels[np.ix_(dashed, columns)] = theme.color(tokens.verdict(verdict)).rgba()
            columns = self._edge_columns(here & clashes)
            beside = np.concatenate([columns - 1, columns + 1])  # red on orange is lost without a ground
            beside = beside[(beside >= 0) & (beside < self.frame.columns)]
            pixels[np.ix_(rows, beside)] = theme.color(tokens.bg).rgba()
            pixels[np.ix_(rows, columns)] = theme.color(tokens.error).rgba()

    def _rows_of(self, tracks: tuple[str, ...], n_rows: int) -> NDArray[np.bool_]:
        """Return which rows of the lanes, shape (n_rows,), are those of some tracks."""
        frame, top = self.frame, self.frame.layout.lanes_top
        rows = np.zeros(n_rows, bool)
        for first, last in areas_of(frame.layout, self.lanes, tracks):
            rows[round((first - top) * frame.dpr) : round((last - top) * frame.dpr)] = True
        return rows

    def _edge_columns(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        frame, index = self.frame, self.found[chosen]
        lefts = np.rint(frame.viewport.xs_at(self.spans.starts[index]) * frame.dpr)
        rights = np.rint(frame.viewport.xs_at(self.spans.stops[index]) * frame.dpr) - 1
        columns = np.concatenate([lefts, np.maximum(rights, lefts)]).astype(np.int64)
        return columns[(columns >= 0) & (columns < frame.columns)]

    def paint(self, painter: QPainter) -> None:
        """Draw hatches, words and seams, and the current proposal over all others."""
        frame, spans = self.frame, self.spans
        self._paint_hatch(painter)
        paint_flags(painter, frame, self.seams)
        paint_flags(painter, frame, self.points, paint_plus)
        place = spans.place(self.current)
        current = span_at(frame, spans, place, current=True) if place >= 0 else None
        if self.has_words:
            for index, left, right in zip(*(each.tolist() for each in self._labelled()), strict=True):
                paint_label(painter, frame, span_at(frame, spans, index, current=False), (left, right))
        if current is not None:
            if current.left == current.right:
                sign = paint_plus if spans.lengths[place] == 0 else paint_scissors
                areas = areas_of(frame.layout, self.lanes, current.lanes)
                paint_seam(painter, frame, current.left, current.verdict, areas, sign)
            else:
                paint_span(painter, frame, current, self.lanes)
                self._part_flags(painter, current)

    def _part_flags(self, painter: QPainter, current: Span) -> None:
        """Separate the current flag from those below it."""
        frame = self.frame
        for x, beside in ((current.left, -1), (current.right - frame.hairline, 1)):
            column = round(x * frame.dpr)
            is_seen = 0 <= column < frame.columns and 0 <= column + beside < frame.columns
            if is_seen and self.covered[:, column + beside].any():
                line = frame.vertical(x, frame.layout.edits_top, frame.layout.lanes_top)
                painter.fillRect(line, theme.color(frame.theme.bg))

    @property
    def has_words(self) -> bool:
        """Whether flags have text: above a number of flags, none does."""
        return len(self._labelled()[0]) <= LABELS

    def _labelled(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return which of `found` have room for a sign, and that room, shape (n,) each."""
        frame, view, spans = self.frame, self.frame.viewport, self.spans
        lefts, rights = view.xs_at(spans.starts[self.found]), view.xs_at(spans.stops[self.found])
        place = spans.place(self.current)
        over = None
        if place >= 0:
            over = view.x_at(int(spans.starts[place])), view.x_at(int(spans.stops[place]))
        seams = view.xs_at(self.seams)
        lefts, rights = rooms(lefts, rights, frame.layout.width, over, seams, theme.px(FLAG_WIDTH) / 2 + 1)
        roomy = np.flatnonzero(rights - lefts >= theme.px(SIGN_FROM_PX))
        return self.found[roomy], lefts[roomy], rights[roomy]

    def _paint_hatch(self, painter: QPainter) -> None:
        frame, layout = self.frame, self.frame.layout
        for tracks, gone in self.gone:
            columns = np.flatnonzero(gone)
            if not len(columns):
                continue
            first, last = int(columns[0]), int(columns[-1]) + 1
            pattern = hatch(frame, frame.grid.first + first, last - first)
            pattern[:, ~gone[first:last]] = 0
            tile, left, width = _pixmap(pattern, frame.dpr), first / frame.dpr, (last - first) / frame.dpr
            for top, bottom in areas_of(layout, self.lanes, tuple(tracks or ())):
                _tile(painter, frame, QRectF(left, top, width, bottom - top), tile)


def _touched(
    spans: Spans, edges: NDArray[np.float64], found: NDArray[np.int64], tracks: frozenset[str] | None
) -> NDArray[np.bool_]:
    """Return the columns that spans touch on lanes that are covered alike, shape (columns,)."""
    if tracks is not None:
        found = found[spans.of_track(next(iter(tracks)))[spans.tracks[found]]]
    touched: NDArray[np.bool_] = spans.touched(edges, found, np.zeros(len(found), np.int64), 1)[0]
    return touched


def _tile(painter: QPainter, frame: Frame, area: QRectF, tile: QPixmap) -> None:
    """Draw a hatch so that it goes on from lane to lane."""
    down = (area.top() - frame.layout.lanes_top) % tile.deviceIndependentSize().height()
    painter.drawTiledPixmap(area, tile, QPointF(0, down))


def span_at(frame: Frame, spans: Spans, index: int, current: bool) -> Span:
    """Return the drawing data of one span."""
    start, stop = int(spans.starts[index]), int(spans.stops[index])
    kind = KINDS.get(spans.kind(index))
    return Span(
        frame.viewport.x_at(start),
        frame.viewport.x_at(stop),
        VERDICTS[spans.verdicts[index]],
        spans.words(index, frame.viewport.rate_hz),
        "" if kind is None or kind.drops_span else kind.icon,  # what most of them are needs no picture
        current,
        bool(spans.drops[index]),
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
        tile = _pixmap(hatch(frame, 0, round(body.width() * frame.dpr)), frame.dpr)
        for first, last in areas:
            _tile(painter, frame, QRectF(left, first, body.width(), last - first), tile)
    width = max(round(2.0 * frame.dpr), 1) / frame.dpr
    edge = frame.theme.error if span.clashes else token
    pen = QPen(theme.color(edge), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
    if span.verdict is Verdict.REJECTED:
        pen.setDashPattern([theme.px(DASH_PX) / width, theme.px(DASH_GAP_PX) / width])
    painter.setPen(pen)
    edges = (left + width / 2, right - width / 2)
    for first, last in areas:
        for x in edges if right - left > 2 * width else edges[:1]:
            painter.drawLine(QLineF(x, first, x, last))
    flag = QRectF(left, layout.edits_top, body.width(), layout.lanes_top - layout.edits_top)
    if flag.width() < theme.px(CURRENT_LEAST_PX):  # it is found among the bars by its size and its outline
        more = (theme.px(CURRENT_LEAST_PX) - flag.width()) / 2
        flag.adjust(-more, 0, more, 0)
        painter.fillRect(flag.adjusted(-frame.hairline, 0, frame.hairline, 0), theme.color(frame.theme.text))
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
    made = QPixmap.fromImage(image_of(pixels))
    made.setDevicePixelRatio(dpr)
    return made
