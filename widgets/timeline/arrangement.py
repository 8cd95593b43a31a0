"""The arrangement lane: the whole result as blocks, or the whole recording as what is heard of it how often.

It is as wide as the overview above it and shows all of it at once, so that a block can be brought anywhere.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from engine.document.markers import Marker
from engine.edl.arrangement import Arrangement, Block
from engine.timebase import format_time
from widgets import theme
from widgets.timeline.frame import Frame
from widgets.timeline.proposals import paint_row

ARC, BLOCK = 20, 24
NARROWEST, NARROWEST_TEXT, LEAST_ARC = 4, 26, 6
MOST_ARCS = 400
FILL, HOLLOW = 0.34, 0.08


@dataclass(frozen=True, slots=True)
class Slab:
    """A block as it is drawn, in view positions.

    Attributes
    ----------
    region : the name of the region that it begins in; "" in none
    hue : which of the accents; the same for what comes from the same place, and for regions of one name
    block : the number of the block; -1 for what is not heard
    span : of the source, [start, stop)
    arc_from : from where an arc leads here; None for none
    arc_text : what the arc says
    heard_at : where in the result it is heard, for what is shown in the order of the recording
    """

    start: int
    stop: int
    region: str
    hue: int
    block: int
    span: tuple[int, int]
    arc_from: int | None = None
    arc_text: str = ""
    heard_at: tuple[int, ...] | None = None

    def name(self, rate_hz: int) -> str:
        """Return what is written on it: its region, else when it begins, and how often it is heard."""
        often = len(self.heard_at or ())
        times = f" ×{often}" if often > 1 else ""
        return f"{self.region or format_time(self.span[0] / rate_hz, 0)}{times}"

    def tip(self, rate_hz: int) -> str:
        """Return what a tooltip says of it."""
        first, last = (format_time(edge / rate_hz, 1) for edge in self.span)
        said = [self.name(rate_hz), f"{first} – {last} of the recording"]
        if self.heard_at is not None:
            places = ", ".join(format_time(at / rate_hz, 1) for at in self.heard_at)
            said.append(f"heard at {places}" if places else "not heard")
        return "\n".join(filter(None, (*said, self.arc_text)))


@dataclass(frozen=True, slots=True)
class Slabs:
    """What the lane shows.

    Attributes
    ----------
    slabs : in the order they are drawn, apart
    made : the blocks themselves
    is_result : whether they stand as they are heard; else as they were recorded
    """

    slabs: tuple[Slab, ...] = ()
    made: Arrangement = field(default_factory=Arrangement)
    is_result: bool = False

    def at(self, view_samples: float) -> Slab | None:
        """Return the slab at a view position."""
        number = bisect_right(self.slabs, view_samples, key=lambda slab: slab.start) - 1
        found = self.slabs[number] if number >= 0 else None
        return found if found is not None and view_samples < found.stop else None


NO_SLABS = Slabs()


def slabs_of_result(made: Arrangement, markers: Iterable[Marker], rate_hz: int) -> Slabs:
    """Return the blocks in the order they are heard, with arcs to those that are laid there."""
    regions = _Regions(made, markers)
    standing = [block for block in made.blocks if not block.laid_by]
    starts = [block.start_samples for block in standing]
    last_of: dict[tuple[int, int], int] = {}
    slabs = []
    for number, block in enumerate(made.blocks):
        middle = (block.result_start_samples + block.result_stop_samples) // 2
        arc_from, arc_text = None, ""
        if block.laid_by and block.is_copy:
            before = last_of.get(block.span)
            arc_from, arc_text = before if before is not None else _stood_at(block, standing, starts), "again"
        elif block.laid_by:
            arc_from = _stood_at(block, standing, starts)
            arc_text = f"moved from {format_time(block.start_samples / rate_hz, 0)}"
        last_of[block.span] = middle
        start, stop = block.result_start_samples, block.result_stop_samples
        region, hue = regions.of(block.start_samples)
        slabs.append(Slab(start, stop, region, hue, number, block.span, arc_from, arc_text))
    return Slabs(tuple(slabs), made, True)


def slabs_of_source(made: Arrangement, markers: Iterable[Marker], length_samples: int) -> Slabs:
    """Return what was recorded, in its order, each part with how often and where it is heard."""
    regions = _Regions(made, markers)
    edges = np.unique([0, length_samples, *(edge for block in made.blocks for edge in block.span)])
    spans = np.array([block.span for block in made.blocks], np.int64).reshape(-1, 2)
    heard: list[list[int]] = [[] for _ in edges[1:]]
    for number, (first, last) in enumerate(np.searchsorted(edges, spans).tolist()):
        for place in range(first, last):
            heard[place].append(number)
    slabs: list[Slab] = []
    starts = edges.tolist()
    for place, numbers in enumerate(heard):
        start, stop = starts[place : place + 2]
        if slabs and numbers and numbers == heard[place - 1]:  # a block that another one begins or ends in
            slabs[-1] = replace(slabs[-1], stop=stop, span=(slabs[-1].start, stop))
            continue
        region, hue = regions.of(start)
        where = tuple(made.blocks[number].result_start_samples for number in numbers)
        block = numbers[0] if numbers else -1
        slabs.append(Slab(start, stop, region, hue, block, (start, stop), heard_at=where))
    return Slabs(tuple(slabs), made, False)


def _stood_at(block: Block, standing: Sequence[Block], starts: Sequence[int]) -> int:
    """Return where in the result a block would be heard where it was recorded."""
    number = bisect_right(starts, block.start_samples) - 1
    if number < 0:
        return 0
    before = standing[number]
    if before.start_samples <= block.start_samples < before.stop_samples:
        return (before.result_start_samples + before.result_stop_samples) // 2
    return before.result_stop_samples


class _Regions:
    """The regions that what begins somewhere in the source is in, and its colour."""

    def __init__(self, made: Arrangement, markers: Iterable[Marker]) -> None:
        self._regions = sorted(
            (one for one in markers if one.is_region), key=lambda one: (one.start_samples, -one.stop_samples)
        )
        self._starts = [one.start_samples for one in self._regions]
        self._hues: dict[str | int, int] = {}
        self._known: dict[int, tuple[str, int]] = {}
        for start in sorted({block.start_samples for block in made.blocks}):
            self.of(start)

    def of(self, start: int) -> tuple[str, int]:
        """Return the name of the region that a position is in, "" for none, and a hue."""
        if start not in self._known:
            reach = bisect_right(self._starts, start)
            inside = [one for one in self._regions[max(0, reach - 16) : reach] if start < one.stop_samples]
            name = inside[-1].name if inside else ""
            stem = re.sub(r"[\s\d]+$", "", name) or name
            self._known[start] = name, self._hues.setdefault(stem or start, len(self._hues))
        return self._known[start]


def lane_view(frame: Frame, length_samples: int) -> float:
    """Return how many samples a logical pixel of the lane is."""
    return max(length_samples, 1) / max(frame.layout.width, 1)


def block_area(frame: Frame, slab: Slab, length_samples: int) -> QRectF:
    """Return where a slab is drawn, in logical pixels."""
    per_px, top = lane_view(frame, length_samples), frame.layout.arrangement_top + theme.px(ARC)
    left, right = frame.snapped(slab.start / per_px), frame.snapped(slab.stop / per_px)
    return QRectF(left, top, max(right - left, frame.hairline), theme.px(BLOCK))


def arrangement_image(frame: Frame, shown: Slabs, length_samples: int) -> QImage:
    """Return the lane, which stays the same however the view is zoomed."""
    layout, tokens = frame.layout, frame.theme
    height = layout.ruler_top - layout.arrangement_top
    image = QImage(frame.columns, max(round(height * frame.dpr), 1), QImage.Format.Format_RGB32)
    image.fill(theme.color(tokens.bg))
    image.setDevicePixelRatio(frame.dpr)
    painter = QPainter(image)
    painter.translate(0, -layout.arrangement_top)
    painter.setFont(theme.ui_font(theme.TEXT_SMALL))
    _paint_ground(painter, frame, shown, length_samples)
    narrowest = lane_view(frame, length_samples) * theme.px(NARROWEST)
    for slab in shown.slabs:
        if slab.stop - slab.start >= narrowest:
            paint_slab(painter, frame, slab, block_area(frame, slab, length_samples))
    arcs = [slab for slab in shown.slabs if slab.arc_from is not None]
    if len(arcs) <= MOST_ARCS:
        _paint_arcs(painter, frame, arcs, length_samples)
    line = frame.horizontal(layout.ruler_top - frame.hairline, 0, layout.width)
    painter.fillRect(line, theme.color(tokens.line))
    painter.end()
    return image


def _paint_ground(painter: QPainter, frame: Frame, shown: Slabs, length_samples: int) -> None:
    """Draw all blocks at once, by columns: most of a thousand are too narrow for more."""
    if not shown.slabs:
        return
    tokens, per_px = frame.theme, lane_view(frame, length_samples)
    inks: dict[tuple[int, bool], int] = {}
    colors = []
    for slab in shown.slabs:
        key = slab.hue % len(tokens.accents), slab.block >= 0
        if key not in inks:
            share = FILL if key[1] else HOLLOW
            inks[key] = theme.mix(tokens.bg, tokens.accent(slab.hue), share).rgba()
        colors.append(inks[key])
    starts = np.array([slab.start for slab in shown.slabs])
    middles = (np.arange(frame.columns) + 0.5) / frame.dpr * per_px
    owner = np.clip(np.searchsorted(starts, middles, side="right") - 1, 0, None)
    row = np.array(colors, np.uint32)[owner]
    top = frame.layout.arrangement_top + theme.px(ARC)
    paint_row(painter, row, QRectF(0, top, frame.layout.width, theme.px(BLOCK)))


def paint_slab(painter: QPainter, frame: Frame, slab: Slab, area: QRectF) -> None:
    """Draw one block, with its name where that has room."""
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
    text = QFontMetricsF(painter.font()).elidedText(
        slab.name(frame.viewport.rate_hz), Qt.TextElideMode.ElideRight, room.width()
    )
    painter.setPen(theme.color(tokens.text if slab.block >= 0 else tokens.dim))
    painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)


def _paint_arcs(painter: QPainter, frame: Frame, arcs: Sequence[Slab], length_samples: int) -> None:
    """Draw from where each block stood, or was heard last, to where it is laid; words where there is room."""
    tokens, top = frame.theme, frame.layout.arrangement_top
    per_px, base = lane_view(frame, length_samples), top + theme.px(ARC)
    ink = theme.color(tokens.undecided)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    metrics, free_from = QFontMetricsF(painter.font()), 0.0
    ends = [sorted((slab.arc_from or 0, (slab.start + slab.stop) // 2)) for slab in arcs]
    for (start, stop), slab in sorted(zip(ends, arcs, strict=True), key=lambda one: sum(one[0])):
        left, right = start / per_px, stop / per_px
        if right - left < theme.px(LEAST_ARC):
            continue
        peak = base - min(theme.px(ARC) * 1.5, (right - left) / 3)
        path = QPainterPath(QPointF(left, base))
        path.quadTo(QPointF((left + right) / 2, peak), QPointF(right, base))
        painter.setPen(QPen(ink, max(1.5 * frame.hairline, 1.0)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        width = metrics.horizontalAdvance(slab.arc_text)
        middle = (left + right) / 2 - width / 2
        if width + theme.px(8) < right - left and middle > free_from:
            ground = QRectF(middle - theme.px(2), top + frame.hairline, width + theme.px(4), metrics.height())
            painter.fillRect(ground, QColor(theme.color(tokens.bg)))
            painter.setPen(theme.color(tokens.dim))
            painter.drawText(ground, Qt.AlignmentFlag.AlignCenter, slab.arc_text)
            free_from = ground.right() + theme.px(4)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
