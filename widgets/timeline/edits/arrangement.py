"""Arrangement lane: the whole result as blocks, or the whole recording with the play count of each part.

It is as wide as the overview above it and shows all of it at once, so that a block can be brought anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from engine.core.timebase import format_time
from engine.document.state import Marker
from engine.sound.edl.arrangement import NO_BLOCKS, Arrangement
from engine.sound.edl.edit_list import INSERTED_FROM
from widgets import theme
from widgets.controls.text_and_icons import paint_words
from widgets.timeline.frame import Frame, paint_row

ARC, BLOCK = 20, 24
NARROWEST, NARROWEST_TEXT, LEAST_ARC = 4, 26, 6
MOST_ARCS = 400
FILL, HOLLOW = 0.34, 0.08


Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Slab:
    """A block as it is drawn, in view positions.

    Attributes
    ----------
    region : region at its start; "" without one
    hue : index of the accent colour; the same for the same source, and for regions of one name
    block : number of the block; -1 for parts that do not play
    span : of the source, [start, stop)
    arc_from : start of an arc to it; None without one
    arc_text : label of the arc
    played_at : positions in the result, if the lane shows the order of the recording
    """

    start: int
    stop: int
    region: str
    hue: int
    block: int
    span: tuple[int, int]
    arc_from: int | None = None
    arc_text: str = ""
    played_at: tuple[int, ...] | None = None

    def name(self, rate_hz: int) -> str:
        """Return its label: region, else start time, and play count."""
        if self.span[0] >= INSERTED_FROM:
            return "inserted"
        often = len(self.played_at or ())
        times = f" ×{often}" if often > 1 else ""
        return f"{self.region or format_time(self.span[0] / rate_hz, 0)}{times}"

    def tip(self, rate_hz: int) -> str:
        """Return its tooltip."""
        if self.span[0] >= INSERTED_FROM:
            return f"inserted, {format_time((self.span[1] - self.span[0]) / rate_hz, 1)}"
        first, last = (format_time(edge / rate_hz, 1) for edge in self.span)
        lines = [self.name(rate_hz), f"{first} – {last} of the recording"]
        if self.played_at is not None:
            places = ", ".join(format_time(at / rate_hz, 1) for at in self.played_at)
            lines.append(f"played at {places}" if places else "not played")
        return "\n".join(filter(None, (*lines, self.arc_text)))


_NOWHERE = -1


@dataclass(frozen=True, eq=False)
class Slabs:
    """Slabs of the lane in drawing order, without overlap, as arrays of shape (n,).

    Attributes
    ----------
    starts, stops : in view positions
    made : the blocks themselves
    is_result : whether slabs are in result order, one for each block; else in source order
    regions : regions at the start of the slabs
    arcs_from : start of an arc to each; -1 without one
    is_played : whether each part plays at all
    """

    starts: Positions
    stops: Positions
    made: Arrangement
    is_result: bool
    regions: Regions
    arcs_from: Positions
    is_played: NDArray[np.bool_]
    rate_hz: int = 0

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def slabs(self) -> tuple[Slab, ...]:
        """All slabs as objects; painting and hit tests use only a few."""
        return tuple(map(self.slab, range(len(self))))

    def slab(self, number: int) -> Slab:
        """Return one of them."""
        start, stop = int(self.starts[number]), int(self.stops[number])
        hue = int(self.regions.hues[number])
        made, arc_from = self.made, int(self.arcs_from[number])
        span = (int(made.starts[number]), int(made.stops[number])) if self.is_result else (start, stop)
        region = self.regions.name(number, span)
        if self.is_result:
            text = ""
            if arc_from != _NOWHERE:
                is_copy = made.orders.stays[made.order_of[number]]
                text = "again" if is_copy else f"moved from {format_time(span[0] / self.rate_hz, 0)}"
            arc = None if arc_from == _NOWHERE else arc_from
            return Slab(start, stop, region, hue, number, span, arc, text)
        found = np.flatnonzero((made.starts <= start) & (made.stops >= stop))
        block = int(found[0]) if len(found) else -1
        where = tuple(made.result_starts[found].tolist())
        return Slab(start, stop, region, hue, block, span, played_at=where)

    def at(self, view_samples: float) -> Slab | None:
        """Return the slab at a view position."""
        number = int(np.searchsorted(self.starts, view_samples, side="right")) - 1
        return self.slab(number) if number >= 0 and view_samples < self.stops[number] else None


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """The regions that places of the source are in, and their colours.

    Attributes
    ----------
    names : of the regions
    middles : of the regions, shape (m,)
    of_place : region of each place, the latest to start; -1 for none, shape (n,)
    hues : accent colour of each place, the same for the same source and for regions
        whose names differ in a number at most, shape (n,)
    """

    names: tuple[str, ...]
    middles: Positions
    of_place: Positions
    hues: Positions

    @classmethod
    def of(cls, places: Positions, markers: Iterable[Marker], begins: Positions) -> Regions:
        """Return them for places of the source, shape (n,), with block starts at some, shape (m,)."""
        regions = sorted(
            (one for one in markers if one.is_region), key=lambda one: (one.start_samples, -one.stop_samples)
        )
        distinct, back = np.unique(places, return_inverse=True)
        inside = np.full(len(distinct), -1, np.int64)
        edges = [(one.start_samples, one.stop_samples) for one in regions]
        reach = np.searchsorted(distinct, np.array(edges, np.int64).reshape(-1, 2))
        for number, (first, stop) in enumerate(reach.tolist()):
            inside[first:stop] = number
        stems: dict[str, int] = {}
        stem_of = [stems.setdefault(_stem(one.name), len(stems)) for one in regions]
        own = len(stems) + np.arange(len(distinct))
        family = np.where(inside < 0, own, np.array([*stem_of, 0], np.int64)[inside])
        # numbered as blocks come in the recording, so that both views show a block in one colour
        order = np.argsort(~np.isin(distinct, begins), kind="stable")
        _, first_at, of_family = np.unique(family[order], return_index=True, return_inverse=True)
        hues = np.empty(len(distinct), np.int64)
        hues[order] = np.argsort(np.argsort(first_at))[of_family]
        middles = np.array([one.start_samples + one.stop_samples for one in regions], np.int64) // 2
        return cls(tuple(one.name for one in regions), middles, inside[back], hues[back])

    def name(self, place: int, span: tuple[int, int]) -> str:
        """Return the names of the regions that begin a place, by its number, or are mostly in its span."""
        first = int(self.of_place[place])
        inside = np.flatnonzero((self.middles >= span[0]) & (self.middles < span[1])).tolist()
        found = [first, *inside] if first >= 0 and first not in inside else inside
        return ", ".join(self.names[region] for region in found)


def _stem(name: str) -> str:
    return re.sub(r"[\s\d]+$", "", name) or name


_NONE: Positions = np.zeros(0, np.int64)
NO_SLABS = Slabs(_NONE, _NONE, NO_BLOCKS, False, Regions.of(_NONE, (), _NONE), _NONE, np.zeros(0, bool))


def slabs_of_result(made: Arrangement, markers: Iterable[Marker], rate_hz: int) -> Slabs:
    """Return the blocks in playing order, with arcs to the moved and repeated ones."""
    middles = (made.result_starts + made.result_stops) // 2
    unmoved = _unmoved_at(made, middles)
    last = _played_last(made, middles)
    is_laid = made.order_of >= 0
    is_copy = is_laid & np.append(made.orders.stays, False)[made.order_of]
    is_laid = is_laid & (made.starts < INSERTED_FROM)
    arcs = np.where(is_laid, np.where(is_copy & (last != _NOWHERE), last, unmoved), _NOWHERE)
    regions = Regions.of(made.starts, markers, made.starts)
    is_played = np.ones(len(made), bool)
    return Slabs(made.result_starts, made.result_stops, made, True, regions, arcs, is_played, rate_hz)


def slabs_of_source(made: Arrangement, markers: Iterable[Marker], length_samples: int) -> Slabs:
    """Return the recording in its order, each part with play count and positions."""
    edges = np.unique(np.concatenate([[0, length_samples], made.starts, made.stops]))
    times = np.zeros(len(edges), np.int64)
    np.add.at(times, np.searchsorted(edges, made.starts), 1)
    np.add.at(times, np.searchsorted(edges, made.stops), -1)
    starts = edges[:-1]
    none = np.full(len(starts), _NOWHERE)
    regions = Regions.of(starts, markers, made.starts)
    return Slabs(starts, edges[1:], made, False, regions, none, np.cumsum(times)[:-1] > 0)


def _played_last(made: Arrangement, middles: Positions) -> Positions:
    """Return the previous occurrence of the span of each block; -1 without one."""
    order = np.lexsort((np.arange(len(made)), made.stops, made.starts))
    same = (np.diff(made.starts[order]) == 0) & (np.diff(made.stops[order]) == 0)
    before = np.full(len(made), _NOWHERE)
    before[order[1:][same]] = middles[order[:-1][same]]
    return before


def _unmoved_at(made: Arrangement, middles: Positions) -> Positions:
    """Return the position of each block in the result if it had not been moved."""
    standing = np.flatnonzero(made.order_of < 0)
    if not len(standing):
        return np.zeros(len(made), np.int64)
    number = np.searchsorted(made.starts[standing], made.starts, side="right") - 1
    before = standing[np.maximum(number, 0)]
    inside = made.starts < made.stops[before]
    found: Positions = np.where(inside, middles[before], made.result_stops[before])
    return np.where(number < 0, 0, found)


def lane_view(frame: Frame, length_samples: int) -> float:
    """Return the samples per logical pixel of the lane."""
    return max(length_samples, 1) / max(frame.layout.width, 1)


def block_area(frame: Frame, slab: Slab, length_samples: int) -> QRectF:
    """Return the drawn span of a slab, in logical pixels."""
    per_px, top = lane_view(frame, length_samples), frame.layout.arrangement_top + theme.px(ARC)
    left, right = frame.snapped(slab.start / per_px), frame.snapped(slab.stop / per_px)
    return QRectF(left, top, max(right - left, frame.hairline), theme.px(BLOCK))


def arrangement_image(frame: Frame, shown: Slabs, length_samples: int) -> QImage:
    """Return the area of the lane, independent of the zoom."""
    layout, tokens = frame.layout, frame.theme
    height = layout.marks_top - layout.arrangement_top
    image = QImage(frame.columns, max(round(height * frame.dpr), 1), QImage.Format.Format_RGB32)
    image.fill(theme.color(tokens.bg))
    image.setDevicePixelRatio(frame.dpr)
    painter = QPainter(image)
    painter.translate(0, -layout.arrangement_top)
    painter.setFont(theme.ui_font(theme.TEXT_SMALL))
    _paint_ground(painter, frame, shown, length_samples)
    narrowest = lane_view(frame, length_samples) * theme.px(NARROWEST)
    for number in np.flatnonzero(shown.stops - shown.starts >= narrowest).tolist():
        slab = shown.slab(number)
        paint_slab(painter, frame, slab, block_area(frame, slab, length_samples))
    _paint_arcs(painter, frame, shown, length_samples)
    line = frame.horizontal(layout.marks_top - frame.hairline, 0, layout.width)
    painter.fillRect(line, theme.color(tokens.line))
    painter.end()
    return image


def _paint_ground(painter: QPainter, frame: Frame, shown: Slabs, length_samples: int) -> None:
    """Draw all blocks at once, by columns: most of a thousand are too narrow for more."""
    if not len(shown):
        return
    tokens, per_px = frame.theme, lane_view(frame, length_samples)
    accents = len(tokens.accents)
    pairs = ((share, tokens.accent(hue)) for share in (HOLLOW, FILL) for hue in range(accents))
    inks = np.array([theme.mix(tokens.bg, accent, share).rgba() for share, accent in pairs], np.uint32)
    colors = inks[shown.regions.hues % accents + accents * shown.is_played]
    middles = (np.arange(frame.columns) + 0.5) / frame.dpr * per_px
    owner = np.clip(np.searchsorted(shown.starts, middles, side="right") - 1, 0, None)
    row = colors[owner]
    top = frame.layout.arrangement_top + theme.px(ARC)
    paint_row(painter, row, QRectF(0, top, frame.layout.width, theme.px(BLOCK)))


def paint_slab(painter: QPainter, frame: Frame, slab: Slab, area: QRectF) -> None:
    """Draw one block, with its name if it fits."""
    tokens = frame.theme
    hue = tokens.accent(slab.hue)
    painter.fillRect(area, theme.mix(tokens.bg, hue, FILL if slab.block >= 0 else HOLLOW))
    if area.width() >= 3 * frame.hairline:
        painter.setPen(QPen(theme.color(hue if slab.block >= 0 else tokens.line), frame.hairline))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = frame.hairline / 2
        painter.drawRect(area.adjusted(half, half, -half, -half))
    if area.width() < theme.px(NARROWEST_TEXT):
        return
    room = area.adjusted(theme.px(7), 0, -theme.px(4), 0)
    ink = tokens.text if slab.block >= 0 else tokens.dim
    paint_words(painter, room, slab.name(frame.viewport.rate_hz), painter.font(), ink)


def _arcs(shown: Slabs, least: float) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and label of arcs wide enough to be drawn, by their middles; few or none."""
    here = np.flatnonzero(shown.arcs_from != _NOWHERE)
    if len(here) > MOST_ARCS:
        return
    ends = np.sort([shown.arcs_from[here], (shown.starts[here] + shown.stops[here]) // 2], axis=0)
    for number in np.argsort(ends.sum(axis=0), kind="stable").tolist():
        start, stop = ends[:, number].tolist()
        if stop - start >= least:
            yield start, stop, shown.slab(int(here[number])).arc_text


def _paint_arcs(painter: QPainter, frame: Frame, shown: Slabs, length_samples: int) -> None:
    """Draw an arc from the original or previous position of each block to its new one; labels if they fit."""
    tokens, top = frame.theme, frame.layout.arrangement_top
    per_px, base = lane_view(frame, length_samples), top + theme.px(ARC)
    ink = theme.color(tokens.undecided)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    metrics, free_from = QFontMetricsF(painter.font()), 0.0
    words: list[tuple[QRectF, str]] = []
    for start, stop, text in _arcs(shown, theme.px(LEAST_ARC) * per_px):
        left, right = start / per_px, stop / per_px
        peak = base - min(theme.px(ARC) * 1.5, (right - left) / 3)
        path = QPainterPath(QPointF(left, base))
        path.quadTo(QPointF((left + right) / 2, peak), QPointF(right, base))
        painter.setPen(QPen(ink, max(1.5 * frame.hairline, 1.0)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        width = metrics.horizontalAdvance(text)
        middle = (left + right) / 2 - width / 2
        if width + theme.px(8) < right - left and middle > free_from:
            ground = QRectF(middle - theme.px(2), top + frame.hairline, width + theme.px(4), metrics.height())
            words.append((ground, text))
            free_from = ground.right() + theme.px(4)
    painter.setPen(theme.color(tokens.dim))
    for ground, text in words:  # after all arcs: the next one would strike them through
        painter.fillRect(ground, QColor(theme.color(tokens.bg)))
        painter.drawText(ground, Qt.AlignmentFlag.AlignCenter, text)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
