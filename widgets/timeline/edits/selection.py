"""The selected span: how it is drawn, and the drags that select it, extend it, slip it and move it."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from engine.core.timebase import format_time
from widgets import theme
from widgets.timeline.edits.selected import Lanes
from widgets.timeline.frame import Frame, paint_readout
from widgets.timeline.mouse.surface import Drag, Surface

TINT = 0.14
LEAST_PX = 4
GRIP_PX = 5


def paint_selection(
    painter: QPainter, frame: Frame, edges: tuple[float, float], lanes: Lanes = None, tint: float = TINT
) -> None:
    """Draw a selected span between two logical pixels, over the ruler and the lanes it is of."""
    layout = frame.layout
    begin, end = frame.snapped(max(edges[0], -4.0)), frame.snapped(min(edges[1], layout.width + 4.0))
    if end < 0 or begin > layout.width:
        return
    ground = theme.color(frame.theme.text, tint)
    painter.setPen(QPen(theme.color(frame.theme.text), frame.hairline))
    for top, bottom in _bands(frame, lanes):
        painter.fillRect(QRectF(begin, top, max(end - begin, frame.hairline), bottom - top), ground)
        for x in (begin, end):
            painter.drawLine(QLineF(x, top, x, bottom))


def _bands(frame: Frame, lanes: Lanes) -> Iterator[tuple[float, float]]:
    """Yield top and bottom of the selected areas."""
    layout = frame.layout
    if lanes is None:
        yield layout.ruler_top, layout.lanes_bottom
        return
    yield layout.ruler_top, layout.lanes_top
    for lane in lanes:
        top = max(layout.lane_tops[lane], layout.lanes_top)
        bottom = min(layout.lane_tops[lane + 1], layout.lanes_bottom)
        if top < bottom:
            yield top, bottom


def edges_of(canvas: Surface, span: tuple[int, int]) -> tuple[float, float]:
    """Return the pixels between which a span of the source is drawn."""
    start, stop = canvas.times.view_span(*span)
    return canvas.viewport.x_at(start), canvas.viewport.x_at(stop)


def covers(canvas: Surface, y: float) -> bool:
    """Return whether a height is in the ruler or in a selected lane."""
    layout, lanes = canvas.frame.layout, canvas.selected_lanes
    if layout.lanes_top <= y < layout.lanes_bottom:
        return lanes is None or layout.lane_at(y) in lanes
    return layout.ruler_top <= y < layout.sections_top


def selection_edge_at(canvas: Surface, at: QPointF) -> int | None:
    """Return which edge of the selection is under the mouse: 0 the left, 1 the right, or None."""
    span = canvas.selection.span
    if span is None or not covers(canvas, at.y()):
        return None
    left, right = edges_of(canvas, span)
    edge = 0 if abs(at.x() - left) < abs(at.x() - right) or (left == right and at.x() < left) else 1
    return edge if abs(at.x() - (left, right)[edge]) <= theme.px(GRIP_PX) else None


def inside_selection(canvas: Surface, at: QPointF) -> bool:
    """Return whether the mouse is in a lane over the selection."""
    span = canvas.selection.span
    in_lanes = at.y() >= canvas.frame.layout.lanes_top
    if span is None or not in_lanes or not covers(canvas, at.y()):
        return False
    left, right = edges_of(canvas, span)
    return left <= at.x() <= right


class SelectSpan(Drag):
    """Moves the playhead to the pressed position, and selects from there to the release.

    A click without movement selects the track and the clip there instead; in the ruler it only moves the
    playhead.

    Parameters
    ----------
    adds : whether a click adds them to those that are selected, or removes them; the playhead stays
    """

    def __init__(self, canvas: Surface, at: QPointF, *, adds: bool = False) -> None:
        self._canvas, self._pressed, self._adds = canvas, at, adds
        self._from = canvas.snapped_at(at.x())
        self._to = self._from
        self._moved = False
        self._in_ruler = at.y() < canvas.frame.layout.edits_top
        self._at = self._from if self._in_ruler else canvas.source_at(at.x())
        if not adds:
            canvas.seek(self._at, canvas.viewport.sample_at(at.x()))

    def move(self, at: QPointF) -> None:
        self._moved |= abs(at.x() - self._pressed.x()) >= theme.px(LEAST_PX)
        if self._moved:
            self._to = self._canvas.snapped_at(at.x())

    def release(self, at: QPointF) -> None:
        self.move(at)
        start, stop = sorted((self._from, self._to))
        if self._moved and start < stop:
            if start != self._at or self._adds:
                canvas = self._canvas
                canvas.seek(start, canvas.viewport.sample_at(min(at.x(), self._pressed.x())))
            self._canvas.span_selected.emit(start, stop)
            self._choose_place(None)
        elif not self._in_ruler and not self._choose_place(self._at):
            self._canvas.selection_dropped.emit()

    def _choose_place(self, source_samples: int | None) -> bool:
        """Choose the pressed track, and the clip at a position or None; return False outside of lanes."""
        lane = self._canvas.frame.layout.lane_at(self._pressed.y())
        if lane is None or self._in_ruler:
            return False
        track = self._canvas.state.tracks[lane]
        self._canvas.place_chosen.emit(track.id, source_samples, self._adds)
        return True

    def paint(self, painter: QPainter, frame: Frame) -> None:
        if self._moved:
            edges = edges_of(self._canvas, (min(self._from, self._to), max(self._from, self._to)))
            lanes, own = self._canvas.selected_lanes, self._canvas.frame.layout.lane_at(self._pressed.y())
            if lanes is not None and own is not None and own not in lanes:
                lanes = None  # outside of those selected, a drag is of all
            paint_selection(painter, frame, edges, lanes)
            length_s = abs(self._to - self._from) / frame.viewport.rate_hz
            x = self._canvas.x_of(self._to)
            paint_readout(painter, frame, x, frame.layout.score_top, format_time(length_s))
        elif (span := self._canvas.selection.span) is not None:
            paint_selection(painter, frame, edges_of(self._canvas, span), self._canvas.selected_lanes)


class StretchSpan(SelectSpan):
    """Moves one edge of the selection, or extends it to the mouse; the playhead does not move.

    If both edges meet, the selection is cleared.

    Parameters
    ----------
    fixed : the fixed edge as a source position
    held, held_px : the dragged edge and its drawn position; None if the selection starts at the mouse
    """

    def __init__(
        self, canvas: Surface, at: QPointF, fixed: int, held: int | None = None, held_px: float = 0.0
    ) -> None:
        self._canvas, self._pressed = canvas, at
        self._from = fixed
        self._moved = held is None
        self._grip_px = 0.0 if held is None else held_px - at.x()
        self._to = canvas.snapped_at(at.x()) if held is None else held

    def move(self, at: QPointF) -> None:
        self._moved |= at.x() != self._pressed.x()
        if self._moved:
            self._to = self._canvas.snapped_at(at.x() + self._grip_px)

    def release(self, at: QPointF) -> None:
        self.move(at)
        start, stop = sorted((self._from, self._to))
        left, right = edges_of(self._canvas, (start, stop))
        if self._moved and right - left >= 1:
            self._canvas.span_selected.emit(start, stop)
        elif self._moved:
            self._canvas.selection_dropped.emit()


def stretched_to(canvas: Surface, at: QPointF) -> StretchSpan:
    """Extend the selection to the mouse by its nearer edge; without a selection, from the playhead."""
    span = canvas.selection.span
    if span is None:
        return StretchSpan(canvas, at, canvas.playhead)
    left, right = edges_of(canvas, span)
    return StretchSpan(canvas, at, span[1] if abs(at.x() - left) < abs(at.x() - right) else span[0])


GHOST = 0.22


class _Dragged(Drag):
    """Common state of both drags: start, selection, and whether the mouse has moved."""

    def __init__(self, canvas: Surface, at: QPointF) -> None:
        span = canvas.selection.span
        assert span is not None
        self._canvas, self._pressed, self._now, self._span = canvas, at, at, span
        self._moved = False

    def move(self, at: QPointF) -> None:
        self._moved |= abs(at.x() - self._pressed.x()) >= theme.px(LEAST_PX)
        self._now = at

    def _paint_ghost(self, painter: QPainter, frame: Frame) -> None:
        """Draw the span at the dragged offset."""
        by_px = self._now.x() - self._pressed.x()
        left, right = edges_of(self._canvas, self._span)
        edges = (left + by_px, right + by_px)
        paint_selection(painter, frame, edges, self._canvas.selected_lanes, GHOST)


class SlipSpan(_Dragged):
    """Slips the selection by the mouse movement; emits the distance in samples on release."""

    @property
    def _by_samples(self) -> int:
        return round((self._now.x() - self._pressed.x()) * self._canvas.viewport.samples_per_px)

    def release(self, at: QPointF) -> None:
        self.move(at)
        if self._moved and self._by_samples:
            self._canvas.selection_slipped.emit(self._by_samples)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        if self._moved:
            self._paint_ghost(painter, frame)
            by_ms = 1000 * self._by_samples / frame.viewport.rate_hz
            text = f"{by_ms:+.1f} ms".replace("-", "−")
            paint_readout(painter, frame, self._now.x(), frame.layout.score_top, text)


class MoveSpan(_Dragged):
    """Moves the selection before the mouse position; emits the source position on release."""

    @property
    def _to_samples(self) -> int:
        return self._canvas.snapped_at(self._now.x())

    def release(self, at: QPointF) -> None:
        self.move(at)
        start, stop = self._span
        if self._moved and not start <= self._to_samples <= stop:
            self._canvas.selection_moved.emit(self._to_samples)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        if not self._moved:
            return
        self._paint_ghost(painter, frame)
        to = self._to_samples
        x = frame.snapped(self._canvas.x_of(to))
        painter.setPen(QPen(theme.color(frame.theme.undecided), theme.px(2)))
        painter.drawLine(QLineF(x, frame.layout.ruler_top, x, frame.layout.lanes_bottom))
        start, stop = self._span
        text = "no move" if start <= to <= stop else f"before {format_time(to / frame.viewport.rate_hz)}"
        paint_readout(painter, frame, self._now.x(), frame.layout.score_top, text)
