"""Drags of marks over the lanes: crossfades, blocks of the arrangement, beats, markers and regions.

For each, a function returns the part under the mouse. A click on a block goes there, and a drag moves it.
With Shift or Ctrl, a grid line in the ruler follows the mouse and its bar stretches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, floor

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.core.timebase import format_time
from engine.document.edits.by_hand import fade_ms_of
from engine.document.grid_edits import with_beat_at
from engine.document.kinds import KINDS
from engine.document.state import Marker
from widgets import theme
from widgets.timeline.edits.arrangement import BLOCK, Slab, Slabs, block_area, lane_view, paint_slab
from widgets.timeline.frame import Frame, Layout, paint_readout
from widgets.timeline.marks.grid import division_near
from widgets.timeline.marks.markers import Flag, edges_of, flags, paint_flag
from widgets.timeline.mouse.surface import Drag, Surface

HANDLE_PX, APART_PX, RAMP_PX = 8, 11, 22
COARSEST_MS_PER_PX = 1.0
"""At low zoom, with the handles next to the fade and not at its ends, a drag still reaches every length."""


@dataclass(frozen=True, slots=True)
class Fade:
    """The crossfade of the current edit as it is drawn.

    Attributes
    ----------
    edges : positions of the edges in logical pixels; equal at a seam
    foot : height of its handles
    px_per_ms : pixels per millisecond on one side of an edge: half of the crossfade
    longest_ms : that its kind and its span allow
    """

    proposal_id: str
    edges: tuple[float, float]
    foot: float
    fade_ms: float
    px_per_ms: float
    longest_ms: float

    @property
    def reach_px(self) -> float:
        """Half width of the crossfade at an edge."""
        return self.fade_ms * self.px_per_ms

    @property
    def handles(self) -> tuple[QPointF, QPointF]:
        """Positions of the handles: at start and end of the fade, next to the grips of the edges."""
        apart = max(self.reach_px, theme.px(APART_PX))
        return QPointF(self.edges[0] - apart, self.foot), QPointF(self.edges[1] + apart, self.foot)

    @property
    def area_px(self) -> tuple[int, int]:
        """Drawn span in logical pixels."""
        left, right = (handle.x() for handle in self.handles)
        beside = theme.px(2 * HANDLE_PX) + max(self.edges[0] - self.edges[1], 0.0)
        return floor(left - beside), ceil(right + beside)


def fade_of(canvas: Surface) -> Fade | None:
    """Return the crossfade of the current edit; None without one, or if its lanes are out of view."""
    state, view, here = canvas.state, canvas.viewport, canvas.shown.current
    proposal = None if here is None else state.proposals.get(here)
    if here is None or proposal is None or not view.rate_hz:
        return None
    kind, fade_ms = KINDS.get(proposal.kind), fade_ms_of(state, here)
    foot = _foot(canvas.frame.layout, [track.id for track in state.tracks], proposal.tracks)
    if kind is None or kind.fade is None or fade_ms is None or foot is None:
        return None
    start, stop = state.span(here)
    ms_samples = view.rate_hz / 1000
    longest_ms = min(kind.fade.highest, (stop - start) / ms_samples)
    edges = canvas.x_of(start, proposal.tracks), canvas.x_of(stop, proposal.tracks)
    return Fade(here, edges, foot, fade_ms, ms_samples / view.samples_per_px / 2, longest_ms)


def _foot(layout: Layout, lanes: list[str], tracks: tuple[str, ...]) -> float | None:
    """Return the height of the handles: inside of the lowest lane in view that the edit is about."""
    above = theme.px(HANDLE_PX)
    for number in range(len(lanes) - 1, -1, -1):
        top, bottom = layout.lane_tops[number], min(layout.sound_bottom(number), layout.height)
        if (not tracks or lanes[number] in tracks) and bottom - max(top, layout.lanes_top) > 3 * above:
            return bottom - above
    return None


def handle_at(canvas: Surface, at: QPointF) -> int | None:
    """Return which handle is under the mouse: 0 the left, 1 the right, or None."""
    found = fade_of(canvas)
    for side, handle in enumerate(() if found is None else found.handles):
        near = theme.px(HANDLE_PX) * 0.75
        if abs(at.x() - handle.x()) <= near and abs(at.y() - handle.y()) <= near:
            return side
    return None


def fade_tip(fade: Fade) -> str:
    """Return the tooltip of a handle."""
    return f"Crossfade {fade.fade_ms:g} ms; drag to change it"


def paint_fade(painter: QPainter, frame: Frame, fade: Fade) -> None:
    """Draw the handles, and the ramps if they are wide enough."""
    layout = frame.layout
    if fade.edges[1] < -layout.width or fade.edges[0] > 2 * layout.width:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink, ground = theme.color(frame.theme.text), theme.color(frame.theme.bg)
    size, reach = theme.px(HANDLE_PX), fade.reach_px
    for side, handle in enumerate(fade.handles):
        edge = fade.edges[side]
        for pen in (QPen(ground, theme.px(3)), QPen(ink, theme.px(13) / 10)):  # told from waves of any colour
            painter.setPen(pen)
            painter.drawLine(QLineF(handle.x(), fade.foot, edge, fade.foot))
            if reach >= 2:
                outer, inner = (edge - reach, edge + reach) if side == 0 else (edge + reach, edge - reach)
                painter.drawLine(QLineF(outer, fade.foot - theme.px(RAMP_PX), inner, fade.foot))
    painter.setPen(QPen(ground, theme.px(13) / 10))
    painter.setBrush(ink)
    for handle in fade.handles:
        box = QRectF(handle.x() - size / 2, handle.y() - size / 2, size, size)
        painter.drawRect(box)
    painter.restore()


class MoveFade(Drag):
    """Lengthens the crossfade of the current edit outwards, shortens it inwards; emitted on release."""

    def __init__(self, canvas: Surface, fade: Fade, side: int, at: QPointF) -> None:
        self._canvas = canvas
        self._before = self._fade = fade
        self._way = -1 if side == 0 else 1
        self._pressed_px = at.x()
        self._ms_per_px = 1 / fade.px_per_ms
        if fade.reach_px < theme.px(APART_PX):
            self._ms_per_px = min(self._ms_per_px, COARSEST_MS_PER_PX)

    def move(self, at: QPointF) -> None:
        outwards_px = (at.x() - self._pressed_px) * self._way
        wished_ms = self._before.fade_ms + outwards_px * self._ms_per_px
        decimals = 1 if self._ms_per_px < 0.2 else 0
        fade_ms = self._before.fade_ms if not outwards_px else round(wished_ms, decimals)
        self._fade = replace(self._before, fade_ms=min(max(fade_ms, 0.0), self._before.longest_ms))

    def release(self, at: QPointF) -> None:
        self.move(at)
        if self._fade.fade_ms != self._before.fade_ms:
            self._canvas.fade_dragged.emit(self._before.proposal_id, self._fade.fade_ms)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        paint_fade(painter, frame, self._fade)
        x = self._fade.handles[(self._way + 1) // 2].x()
        text = f"Crossfade {self._fade.fade_ms:g} ms"
        paint_readout(painter, frame, x, frame.layout.lanes_top, text)


LEAST_PX, LINE_PX = 4, 3


def slab_at(canvas: Surface, at: QPointF) -> Slab | None:
    """Return the block under the mouse."""
    layout = canvas.frame.layout
    if not layout.arrangement_top <= at.y() < layout.marks_top:
        return None
    return canvas.shown.slabs.at(at.x() * lane_view(canvas.frame, canvas.viewport.length_samples))


def gap_at(shown: Slabs, view_samples: float) -> int:
    """Return the number of the block before which a drop at a view position is inserted."""
    return int(np.count_nonzero((shown.starts + shown.stops) / 2 < view_samples))


class MoveBlock(Drag):
    """Goes to the pressed position, or moves the block to the release position; modifier keys copy it."""

    def __init__(self, canvas: Surface, slab: Slab, at: QPointF) -> None:
        self._canvas, self._slab, self._pressed, self._at = canvas, slab, at, at
        self._moved = False

    @property
    def is_copy(self) -> bool:
        """Whether the original block stays."""
        return self._canvas.snapping.is_inverted

    def move(self, at: QPointF) -> None:
        self._at = at
        self._moved |= abs(at.x() - self._pressed.x()) >= theme.px(LEAST_PX)

    def release(self, at: QPointF) -> None:
        self.move(at)
        canvas = self._canvas
        if not self._moved:
            view = self._view(self._pressed)
            canvas.seek(canvas.times.to_source(view), view)
            if self._slab.block >= 0:
                canvas.block_chosen.emit(self._slab.block)
        elif canvas.shown.slabs.is_result:
            gap = gap_at(canvas.shown.slabs, self._view(at))
            canvas.block_moved.emit(self._slab.block, gap, self.is_copy)

    def _view(self, at: QPointF) -> int:
        canvas = self._canvas
        per_px = lane_view(canvas.frame, canvas.viewport.length_samples)
        return min(max(round(at.x() * per_px), 0), canvas.viewport.length_samples)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        canvas, length = self._canvas, self._canvas.viewport.length_samples
        if not self._moved or not canvas.shown.slabs.is_result:
            return
        area = block_area(frame, self._slab, length)
        painter.save()
        painter.setOpacity(0.75)
        painter.setFont(theme.ui_font(theme.TEXT_SMALL))
        paint_slab(painter, frame, self._slab, area.translated(self._at.x() - self._pressed.x(), 0))
        painter.restore()
        starts, before = canvas.shown.slabs.starts, gap_at(canvas.shown.slabs, self._view(self._at))
        place = int(starts[before]) if before < len(starts) else length
        left = place / lane_view(frame, length) - theme.px(LINE_PX) / 2
        line = QRectF(left, area.top() - theme.px(3), theme.px(LINE_PX), theme.px(BLOCK) + theme.px(6))
        painter.fillRect(line, theme.color(frame.theme.undecided))


BEAT_GRIP_PX = 6


def beat_at(canvas: Surface, at: QPointF) -> int | None:
    """Return the index of the beat line in the ruler under the mouse, or None."""
    layout, beats, grid = canvas.frame.layout, canvas.shown.beats, canvas.grid
    if beats is None or grid is None or not layout.ruler_top <= at.y() < layout.sections_top:
        return None
    line = division_near(at.x(), beats, canvas.viewport, theme.px(BEAT_GRIP_PX))
    if line is None:
        return None
    source = int(canvas.times.to_source(line))
    return int(np.argmin(np.abs(grid.beats_samples - source)))


class MoveBeat(Drag):
    """Moves one beat; the grid is previewed, and emitted on release."""

    def __init__(self, canvas: Surface, beat: int, at: QPointF) -> None:
        assert canvas.grid is not None, "a draggable beat needs a grid"
        self._canvas = canvas
        self._grid = canvas.grid
        self._beat = beat
        self._from = self._to = int(canvas.grid.beats_samples[beat])
        self._pressed_px = at.x()
        self._grip_px = canvas.x_of(self._from) - at.x()

    def move(self, at: QPointF) -> None:
        is_still = at.x() == self._pressed_px
        self._to = self._from if is_still else self._canvas.source_at(at.x() + self._grip_px)
        moved = with_beat_at(self._grid, self._beat, self._to, self._canvas.viewport.rate_hz)
        self._to = int(moved.beats_samples[self._beat])  # it stops where its neighbours would meet
        self._canvas.preview_grid(moved)

    def release(self, at: QPointF) -> None:
        self.move(at)
        if self._to != self._from:
            self._canvas.beat_dragged.emit(self._beat, self._to)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        rate_hz = frame.viewport.rate_hz
        moved_ms = (self._to - self._from) * 1000 / rate_hz
        text = f"{format_time(self._to / rate_hz)}  {moved_ms:+.0f} ms".replace("-", "−")
        x = self._canvas.x_of(self._to)
        layout = frame.layout
        line = frame.vertical(x, layout.ruler_top, layout.lanes_bottom, max(round(2 * frame.dpr), 1))
        painter.fillRect(line, theme.color(frame.theme.undecided))
        paint_readout(painter, frame, x, layout.score_top, text)


GRIP_PX = 5


class Part(StrEnum):
    """The handle of a mark under the mouse."""

    WHOLE = "whole"
    START = "start"
    STOP = "stop"


def mark_at(canvas: Surface, at: QPointF) -> tuple[str, Part] | None:
    """Hit test: the mark under the mouse, the smallest of several, and its handle."""
    found = place_at(canvas, at)
    return None if found is None else (canvas.shown.marks.ids[found[0]], found[1])


def place_at(canvas: Surface, at: QPointF) -> tuple[int, Part] | None:
    """Hit test: the index of the mark, and its handle; a marker may have several positions."""
    frame, marks = canvas.frame, canvas.shown.marks
    if not frame.layout.marks_top <= at.y() < frame.layout.ruler_top:
        return None
    x, grip, metrics = at.x(), theme.px(GRIP_PX), QFontMetricsF(theme.ui_font(theme.TEXT_SMALL))
    lefts, rights = edges_of(frame, marks)
    near = np.flatnonzero((lefts - grip <= x) & (rights + grip >= x)).tolist()
    ends = {index: float(rights[index]) for index in near}
    for flag in flags(frame, marks):
        width = min(metrics.horizontalAdvance(marks.names[flag.index]), max(flag.name_room, 0.0))
        if flag.left <= x <= (end := max(flag.right, flag.name_left + width)):
            ends[flag.index] = end
    found: list[tuple[float, int, Part]] = []
    for index, end in ends.items():
        left, right = float(lefts[index]), float(rights[index])
        for edge, part in ((left, Part.START), (right, Part.STOP)):
            if left < right and abs(x - edge) <= grip:
                found.append((abs(x - edge) / grip, index, part))
        found.append((grip + end - left, index, Part.WHOLE))
    if not found:
        return None
    _, index, part = min(found, key=lambda one: one[0])
    return index, part


def mark_tip(marker: Marker, rate_hz: int) -> str:
    """Return the tooltip of a marker."""
    start, stop = (format_time(at / rate_hz) for at in (marker.start_samples, marker.stop_samples))
    return f"{marker.name}\n{start} – {stop}" if marker.is_region else f"{marker.name}\n{start}"


class MoveMark(Drag):
    """Moves a marker or an edge of a region; emits the new position on release.

    A press that moves nothing puts the playhead there.
    """

    def __init__(self, canvas: Surface, marker_id: str, part: Part, at: QPointF) -> None:
        self._canvas = canvas
        self._part = part
        self._marker = marker = canvas.state.markers[marker_id]
        self._span = (marker.start_samples, marker.stop_samples)
        self._held = marker.stop_samples if part is Part.STOP else marker.start_samples
        self._grip_px, self._ahead = self._grip(at)
        self._pressed = self._at = at
        self._moved = False

    def _grip(self, at: QPointF) -> tuple[float, int]:
        """Return the offsets of the dragged item from the mouse, in drawn and in played positions.

        A marker in a repeated span is dragged at one of its positions; a region may play in part.
        """
        marks, place = self._canvas.shown.marks, place_at(self._canvas, at)
        if place is None:
            return self._canvas.x_of(self._held) - at.x(), 0
        index, times = place[0], self._canvas.times
        edge = int((marks.stops if self._part is Part.STOP else marks.starts)[index])
        is_part = self._part is Part.WHOLE and self._marker.is_region and not times.is_rising
        ahead = self._held - times.to_source(edge) if is_part else 0
        return self._canvas.viewport.x_at(edge) - at.x(), ahead

    def _x_of(self, edge: int) -> float:
        """Return the drawn position of an edge, nearest to the mouse if it plays several times."""
        canvas = self._canvas
        near = canvas.viewport.sample_at(self._at.x() + self._grip_px)
        return canvas.viewport.x_at(canvas.times.to_view_near(edge, near))

    def move(self, at: QPointF) -> None:
        self._at = at
        self._moved |= abs(at.x() - self._pressed.x()) >= theme.px(GRIP_PX) / 2
        if not self._moved:
            return
        before, to = self._marker, self._canvas.snapped_at(at.x() + self._grip_px)
        to = max(to + self._ahead, 0)
        start, stop = before.start_samples, before.stop_samples
        if not before.is_region:
            self._span = (to, to)
        elif self._part is Part.START:
            self._span = (min(to, stop - 1), stop)
        elif self._part is Part.STOP:
            self._span = (start, max(to, start + 1))
        else:
            to = min(to, max(self._canvas.state.length_samples - (stop - start), 0))
            self._span = (to, to + stop - start)

    def release(self, at: QPointF) -> None:
        self.move(at)
        if not self._moved:
            self._canvas.seek(self._held, self._canvas.viewport.sample_at(at.x()))
        elif self._span != (self._marker.start_samples, self._marker.stop_samples):
            self._canvas.marker_moved.emit(self._marker.id, *self._span)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        if self._moved:
            left, right = (self._x_of(edge) for edge in self._span)
            paint_flag(painter, frame, Flag(0, left, right, 0.0, 0.0), frame.theme.undecided)
            at = self._span[1] if self._part is Part.STOP else self._span[0]
            text = format_time(at / frame.viewport.rate_hz)
            paint_readout(painter, frame, self._x_of(at), frame.layout.score_top, text)
