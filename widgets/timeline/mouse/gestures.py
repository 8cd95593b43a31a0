"""Mouse gestures on the timeline: the drag of a press, cursors, menus, tooltips and double clicks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QCursor, QPainter, QSinglePointEvent

from engine.core.timebase import format_time
from widgets import theme
from widgets.timeline.edits.proposals import paint_span, span_at
from widgets.timeline.edits.selected import choice_of
from widgets.timeline.edits.selection import (
    MoveSpan,
    SelectSpan,
    SlipSpan,
    StretchSpan,
    edges_of,
    inside_selection,
    selection_edge_at,
    stretched_to,
)
from widgets.timeline.edits.sentences import proposal_tip
from widgets.timeline.edits.signs import FLAG_WIDTH
from widgets.timeline.frame import Frame, paint_readout
from widgets.timeline.marks.curve_lanes import paint_threshold, score_at, score_y
from widgets.timeline.mouse.clip_drag import (
    MoveClips,
    SelectTake,
    TrimClip,
    clip_at,
    clip_edge_at,
    clip_tip,
    press_on_clip,
    take_at,
)
from widgets.timeline.mouse.drags import (
    MoveBeat,
    MoveBlock,
    MoveFade,
    MoveMark,
    Part,
    beat_at,
    fade_of,
    fade_tip,
    handle_at,
    mark_at,
    mark_tip,
    slab_at,
)
from widgets.timeline.mouse.surface import Drag, Surface
from widgets.timeline.overlays import HANDLE_HEIGHT, HANDLE_WIDTH
from widgets.timeline.overview import whole, window_rect
from widgets.timeline.sound.brush import Paintable, brush_cursor, stroke_at

GRIP_PX = 6
_NONE = Qt.KeyboardModifier.NoModifier


class Seek(Drag):
    """Moves the playhead to the mouse; over the ruler it follows the drag, and snaps to the grid."""

    def __init__(self, canvas: Surface, at: QPointF) -> None:
        self._canvas = canvas
        self._scrubs = at.y() < canvas.frame.layout.sections_top
        find = canvas.snapped_at if self._scrubs else canvas.source_at
        canvas.seek(find(at.x()), canvas.viewport.sample_at(at.x()))

    def move(self, at: QPointF) -> None:
        if self._scrubs:
            canvas = self._canvas
            canvas.seek(canvas.snapped_at(at.x()), canvas.viewport.sample_at(at.x()))


class MoveWindow(Drag):
    """Moves the visible window by its rectangle on the overview bar; outside of it, brings it there first."""

    def __init__(self, canvas: Surface, at: QPointF) -> None:
        self._canvas = canvas
        area = window_rect(canvas.frame)
        if not area.left() <= at.x() <= area.right():
            canvas.go_to(canvas.viewport.centred(self._position(at)))
        self._grip = self._position(at) - canvas.viewport.start_samples

    def _position(self, at: QPointF) -> float:
        overview = whole(self._canvas.viewport, self._canvas.frame.layout.width)
        return at.x() * overview.samples_per_px

    def move(self, at: QPointF) -> None:
        self._canvas.go_to(self._canvas.viewport.moved(self._position(at) - self._grip))


class MoveThreshold(Drag):
    """Moves the threshold line and emits its position while moving; emits the final value on release."""

    def __init__(self, canvas: Surface) -> None:
        self._canvas = canvas
        self._value = canvas.shown.threshold or 0.0

    def move(self, at: QPointF) -> None:
        before, self._value = self._value, score_at(self._canvas.frame, at.y())
        if self._value != before:
            self._canvas.threshold_moved.emit(self._value)

    def release(self, at: QPointF) -> None:
        self.move(at)
        if self._value != self._canvas.shown.threshold:
            self._canvas.threshold_dragged.emit(self._value)
        else:
            self.give_up()

    def give_up(self) -> None:
        """Reset the threshold."""
        self._canvas.threshold_moved.emit(None)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        paint_threshold(painter, frame, self._value, dragged=True, outlook=self._canvas.outlook)


class MoveEdge(Drag):
    """Moves one edge of the current proposal; emits the new span on release.

    An edge goes with the mouse through the gaps that the result closed. Where all of the span is such a gap,
    both its edges are at one seam: there a pixel is as much of the source as it is elsewhere.
    """

    def __init__(self, canvas: Surface, proposal_id: str, edge: int, at: QPointF) -> None:
        self._canvas = canvas
        self._id = proposal_id
        self._edge = edge
        self._before = canvas.state.span(proposal_id)
        self._tracks = canvas.state.proposals[proposal_id].tracks
        self._span = self._before
        self._pressed_px = at.x()
        left, right = (canvas.x_of(each, self._tracks) for each in self._before)
        self._grip_px = (left, right)[edge] - at.x()
        self._is_seam = left == right

    def move(self, at: QPointF) -> None:
        position, (start, stop) = self._position(at.x()), self._before
        self._span = (min(position, stop - 1), stop) if self._edge == 0 else (start, max(position, start + 1))

    def _position(self, x_px: float) -> int:
        before, canvas = self._before[self._edge], self._canvas
        if x_px == self._pressed_px:
            return before
        if self._is_seam:
            moved = before + round((x_px - self._pressed_px) * canvas.viewport.samples_per_px)
            return min(max(moved, 0), canvas.state.length_samples)
        return canvas.snapped_at(x_px + self._grip_px, self._tracks)

    def release(self, at: QPointF) -> None:
        self.move(at)
        if self._span != self._before:
            self._canvas.edge_dragged.emit(self._id, *self._span)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        spans = self._canvas.shown.spans
        drawn = span_at(frame, spans, spans.place(self._id), current=True)
        left, right = (self._x(number) for number in (0, 1))
        lanes = [track.id for track in self._canvas.state.tracks]
        paint_span(painter, frame, replace(drawn, left=left, right=right), lanes)
        rate_hz, edge = frame.viewport.rate_hz, self._span[self._edge]
        moved_ms = (edge - self._before[self._edge]) * 1000 / rate_hz
        text = f"{format_time(edge / rate_hz)}  {moved_ms:+.0f} ms".replace("-", "−")
        x = left if self._edge == 0 else right
        paint_readout(painter, frame, x, frame.layout.lanes_top, text)

    def _x(self, edge: int) -> float:
        if not self._is_seam:
            return self._canvas.x_of(self._span[edge], self._tracks)
        moved_px = (self._span[edge] - self._before[edge]) / self._canvas.viewport.samples_per_px
        return self._canvas.x_of(self._before[edge], self._tracks) + moved_px


def edge_at(canvas: Surface, x: float, y: float) -> int | None:
    """Return which edge of the current proposal is under the mouse: 0 the left, 1 the right, or None."""
    layout = canvas.frame.layout
    if canvas.shown.current is None or canvas.shown.current not in canvas.state.proposals:
        return None
    if not layout.edits_top <= y < layout.lanes_bottom:
        return None
    lane, tracks = layout.lane_at(y), canvas.state.proposals[canvas.shown.current].tracks
    on_flag = y < layout.lanes_top or lane is None
    if tracks and not on_flag and canvas.state.tracks[lane or 0].id not in tracks:
        return None
    left, right = (canvas.x_of(edge, tracks) for edge in canvas.state.span(canvas.shown.current))
    grip = theme.px(GRIP_PX)
    # of a span narrower than the grips each edge keeps its outer side
    nearest = 0 if abs(x - left) < abs(x - right) or (left == right and x < left) else 1
    return nearest if abs(x - (left, right)[nearest]) <= grip else None


def proposal_at(canvas: Surface, x: float, y: float) -> str | None:
    """Return the proposal under the mouse; below the flags, one about the track of that lane."""
    layout = canvas.frame.layout
    if not layout.edits_top <= y < layout.lanes_bottom:
        return None
    view, lane = canvas.viewport, layout.lane_at(y)
    position = view.start_samples + x * view.samples_per_px
    on_flag = y < layout.lanes_top
    track = None if on_flag or lane is None else canvas.state.tracks[lane].id
    return canvas.shown.spans.hit(position, 1.5 * view.samples_per_px, canvas.shown.current, track)


def flag_at(canvas: Surface, x: float, y: float) -> str | None:
    """Return the proposal whose flag is under the mouse."""
    layout = canvas.frame.layout
    if not layout.edits_top <= y < layout.lanes_top:
        return None
    return proposal_at(canvas, x, y) or seam_at(canvas, x)


def seam_at(canvas: Surface, x: float) -> str | None:
    """Return the proposal whose pair of scissors is under the mouse, the current one first."""
    view, spans = canvas.viewport, canvas.shown.spans
    slack = theme.px(FLAG_WIDTH) / 2 * view.samples_per_px
    position = view.start_samples + x * view.samples_per_px
    found = spans.within(position - slack, position + slack)
    found = found[spans.closed(found)]
    if canvas.shown.current in (names := [spans.id(index) for index in found.tolist()]):
        return canvas.shown.current
    nearest = np.argsort(np.abs(spans.starts[found] - position), kind="stable")
    return names[int(nearest[0])] if names else None


def on_threshold(canvas: Surface, y: float) -> bool:
    """Return whether the mouse is on the threshold line."""
    frame, threshold = canvas.frame, canvas.shown.threshold
    if threshold is None or not frame.layout.score_top <= y < frame.layout.sounds_top:
        return False
    return abs(y - score_y(frame, threshold)) <= theme.px(GRIP_PX)


_ALT = Qt.KeyboardModifier.AltModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CTRL = Qt.KeyboardModifier.ControlModifier


def press(canvas: Paintable, at: QPointF, held: Qt.KeyboardModifier = _NONE) -> Drag | None:
    """Handle a press of the left button with these modifier keys."""
    if not canvas.viewport.length_samples:
        return None
    x, y = at.x(), at.y()
    if (stroke := stroke_at(canvas, at, held)) is not None:
        return stroke
    if y < canvas.frame.layout.arrangement_top:
        return MoveWindow(canvas, at)
    if y < canvas.frame.layout.marks_top:
        slab = slab_at(canvas, at)
        return None if slab is None else MoveBlock(canvas, slab, at)
    mark = mark_at(canvas, at)
    if mark is not None:
        return MoveMark(canvas, *mark, at)
    beat = beat_at(canvas, at) if _moves_beats(canvas, held) else None
    if beat is not None:
        return MoveBeat(canvas, beat, at)
    if on_threshold(canvas, y):
        return MoveThreshold(canvas)
    clip = press_on_clip(canvas, at, choice_of(held))
    if clip is not None:
        return clip
    selected = _selection_edge(canvas, at)
    if selected is not None:
        return StretchSpan(canvas, at, *selected)
    handle, fade = handle_at(canvas, at), fade_of(canvas)
    if handle is not None and fade is not None:
        return MoveFade(canvas, fade, handle, at)
    edge = edge_at(canvas, x, y)
    if edge is not None and canvas.shown.current is not None:
        return MoveEdge(canvas, canvas.shown.current, edge, at)
    flag = flag_at(canvas, x, y)
    if flag is not None:
        canvas.proposal_clicked.emit(flag)
        return None
    return _press_on_time(canvas, at, held)


def _press_on_time(canvas: Surface, at: QPointF, held: Qt.KeyboardModifier) -> Drag:
    """Answer a press that meets nothing but ruler, scores or lanes."""
    layout = canvas.frame.layout
    in_ruler, in_lanes = at.y() < layout.sections_top, layout.edits_top <= at.y() < layout.lanes_bottom
    if held & (_ALT | _CTRL) and inside_selection(canvas, at) and take_at(canvas, at) is None:
        return SlipSpan(canvas, at) if _slips(held) else MoveSpan(canvas, at)
    if not (in_ruler or in_lanes) or (in_ruler and (held & _ALT or _on_playhead(canvas, at))):
        return Seek(canvas, at)
    if held & _SHIFT and (in_lanes or canvas.selection.span is not None):
        canvas.snapping.is_inverted = bool(held & _CTRL)
        return stretched_to(canvas, at)
    if (take := take_at(canvas, at)) is not None:
        return SelectTake(canvas, take, at, plays=bool(held & (_ALT | _CTRL)))
    return SelectSpan(canvas, at, adds=bool(held & _CTRL) and in_lanes)


def _slips(held: Qt.KeyboardModifier) -> bool:
    """Return whether a drag of the selection slips it; some window managers keep Alt for themselves."""
    return held & (_CTRL | _SHIFT) == _CTRL | _SHIFT or not held & _CTRL


def _on_playhead(canvas: Surface, at: QPointF) -> bool:
    """Return whether the mouse is on the handle of the playhead at the top of the ruler."""
    below = at.y() - canvas.frame.layout.ruler_top
    near_px = abs(at.x() - canvas.x_of(canvas.playhead))
    return 0 <= below < theme.px(HANDLE_HEIGHT) and near_px <= theme.px(HANDLE_WIDTH) / 2


def _moves_beats(canvas: Surface, held: Qt.KeyboardModifier) -> bool:
    """Return whether modifier keys drag grid lines; Shift extends the selection if there is one."""
    return bool(held & _CTRL or (held & _SHIFT and canvas.selection.span is None))


def _selection_edge(canvas: Surface, at: QPointF) -> tuple[int, int, float] | None:
    """Return the fixed and the moving edge of a selection under the mouse, and its drawn position.

    Flags come first.
    """
    edge, span = selection_edge_at(canvas, at), canvas.selection.span
    if edge is None or span is None or flag_at(canvas, at.x(), at.y()) is not None:
        return None
    return span[1 - edge], span[edge], edges_of(canvas, span)[edge]


def section_at(canvas: Surface, at: QPointF) -> tuple[int, int] | None:
    """Return the span of the section under the mouse, in source positions."""
    lane = canvas.shown.sections
    number = lane.at(canvas.frame, at)
    return None if number is None or lane.sections is None else lane.sections.span(number)


def cursor_at(canvas: Paintable, at: QPointF, held: Qt.KeyboardModifier = _NONE) -> Qt.CursorShape | QCursor:
    """Return the cursor for the gesture that a press with these keys would start."""
    frame = canvas.frame
    if not canvas.viewport.length_samples:
        return Qt.CursorShape.ArrowCursor
    if (brush := brush_cursor(canvas, at, held)) is not None:
        return brush
    if frame.layout.arrangement_top <= at.y() < frame.layout.marks_top:
        return Qt.CursorShape.PointingHandCursor
    if at.y() < frame.layout.arrangement_top:
        area = window_rect(frame)
        inside = area.left() <= at.x() <= area.right()
        return Qt.CursorShape.OpenHandCursor if inside else Qt.CursorShape.PointingHandCursor
    mark = mark_at(canvas, at)
    if mark is not None:
        is_edge = mark[1] is not Part.WHOLE
        return Qt.CursorShape.SplitHCursor if is_edge else Qt.CursorShape.PointingHandCursor
    if _moves_beats(canvas, held) and beat_at(canvas, at) is not None:
        return Qt.CursorShape.SplitHCursor
    if clip_at(canvas, at) is not None:
        on_edge = clip_edge_at(canvas, at) is not None
        return Qt.CursorShape.SplitHCursor if on_edge else Qt.CursorShape.PointingHandCursor
    if _selection_edge(canvas, at) is not None:
        return Qt.CursorShape.SplitHCursor
    if at.y() < frame.layout.sections_top:
        return Qt.CursorShape.IBeamCursor
    if canvas.shown.sections.at(frame, at) is not None:
        return Qt.CursorShape.PointingHandCursor
    if on_threshold(canvas, at.y()):
        return Qt.CursorShape.SplitVCursor
    if handle_at(canvas, at) is not None:
        return Qt.CursorShape.SizeHorCursor
    if edge_at(canvas, at.x(), at.y()) is not None:
        return Qt.CursorShape.SplitHCursor
    if flag_at(canvas, at.x(), at.y()) is not None:
        return Qt.CursorShape.PointingHandCursor
    if take_at(canvas, at) is not None:
        return Qt.CursorShape.IBeamCursor if held & (_ALT | _CTRL) else Qt.CursorShape.ArrowCursor
    if held & (_ALT | _CTRL) and inside_selection(canvas, at):
        return Qt.CursorShape.SizeHorCursor if _slips(held) else Qt.CursorShape.DragMoveCursor
    return Qt.CursorShape.ArrowCursor


def open_at(canvas: Surface, at: QPointF) -> None:
    """Open the item under a double click, if there is one."""
    frame, viewport = canvas.frame, canvas.viewport
    if at.y() < frame.layout.arrangement_top:
        canvas.go_to(viewport.fitted())
    elif (bar := clip_at(canvas, at)) is not None:
        canvas.span_selected.emit(bar.clip.start_samples, bar.clip.stop_samples)
    elif (slab := slab_at(canvas, at)) is not None:
        canvas.span_selected.emit(*canvas.shown.slabs.made.block(slab.block).span)
    elif (mark := mark_at(canvas, at)) is not None:
        canvas.rename_marker(mark[0])
    elif (flag := flag_at(canvas, at.x(), at.y())) is not None:
        canvas.proposal_opened.emit(flag)
    elif (section := section_at(canvas, at)) is not None:
        canvas.span_selected.emit(*section)
    elif (span := canvas.shown.sounds.span_at(frame, at)) is not None:
        canvas.span_selected.emit(*span)
    elif (take := take_at(canvas, at)) is not None:
        canvas.take_played.emit(take.clip.id, None)
    elif frame.layout.lanes_top <= at.y() < frame.layout.lanes_bottom:
        canvas.piece_requested.emit(round(viewport.sample_at(at.x())))


def open_menu(canvas: Surface, at: QPointF, on_screen: QPoint) -> bool:
    """Ask for the menu of the item or the row under the mouse; return False without one."""
    layout = canvas.frame.layout
    mark, slab = mark_at(canvas, at), slab_at(canvas, at)
    if mark is not None:
        canvas.marker_menu_requested.emit(mark[0], on_screen)
    elif slab is not None and slab.block >= 0:
        canvas.block_menu_requested.emit(slab.block, on_screen)
    elif (section := canvas.shown.sections.at(canvas.frame, at)) is not None:
        canvas.section_menu_requested.emit(section, on_screen)
    elif (bar := clip_at(canvas, at) or take_at(canvas, at)) is not None:
        canvas.clip_menu_requested.emit(bar.clip.id, on_screen)
    elif canvas.shown.lanes and (
        at.y() < layout.arrangement_top
        or layout.marks_top <= at.y() < layout.sections_top
        or layout.edits_top <= at.y() < layout.lanes_bottom
    ):
        canvas.menu_requested.emit(at, on_screen)
    else:
        return False
    return True


def tip_at(canvas: Surface, at: QPointF) -> str:
    """Return the tooltip of the item under the mouse."""
    for lane in (canvas.shown.sounds, canvas.shown.curves, canvas.shown.sections):
        if tip := lane.tip_at(canvas.frame, at):
            return tip
    mark = mark_at(canvas, at)
    if mark is not None:
        return mark_tip(canvas.state.markers[mark[0]], canvas.viewport.rate_hz)
    slab = slab_at(canvas, at)
    if slab is not None:
        return slab.tip(canvas.viewport.rate_hz)
    if (bar := clip_at(canvas, at) or take_at(canvas, at)) is not None:
        return clip_tip(canvas, bar)
    fade = fade_of(canvas)
    if fade is not None and handle_at(canvas, at) is not None:
        return fade_tip(fade)
    proposal = proposal_at(canvas, at.x(), at.y())
    return "" if proposal is None else proposal_tip(canvas.state, proposal)


def inverts(event: QSinglePointEvent, drag: Drag | None = None) -> bool:
    """Return whether a key inverts snapping; keys that started a drag of a selection do not."""
    held = event.modifiers()
    if isinstance(drag, StretchSpan):
        return bool(held & _CTRL)
    if isinstance(drag, MoveSpan | SlipSpan):
        return bool(held & _SHIFT)
    if isinstance(drag, MoveClips | TrimClip):
        return bool(held & (_ALT | _SHIFT))
    return bool(held & (_SHIFT | _CTRL))
