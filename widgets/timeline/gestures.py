"""What the mouse does on the timeline: each drag is one small object, so that none knows of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QWheelEvent

from engine.timebase import format_time
from widgets import theme
from widgets.timeline.frame import FLAG, Frame
from widgets.timeline.overview import whole, window_rect
from widgets.timeline.proposals import Span, paint_span, span_at
from widgets.timeline.score import paint_threshold, score_at, score_y

if TYPE_CHECKING:
    from widgets.timeline.canvas import Canvas

GRIP_PX = 6
WHEEL_STEP = 120
ZOOM_PER_STEP = 1.25
SCROLL_PX_PER_STEP = 96


class Drag(Protocol):
    """What a pressed mouse is doing."""

    def move(self, at: QPointF) -> None: ...

    def release(self, at: QPointF) -> None: ...

    def paint(self, painter: QPainter, frame: Frame) -> None: ...


class Seek:
    """Moves the playhead to where the mouse is."""

    def __init__(self, canvas: Canvas, at: QPointF) -> None:
        self._canvas = canvas
        self._scrubs = at.y() < canvas.frame.layout.score_top
        canvas.seek_requested.emit(canvas.viewport.sample_at(at.x()))

    def move(self, at: QPointF) -> None:
        if self._scrubs:
            self._canvas.seek_requested.emit(self._canvas.viewport.sample_at(at.x()))

    def release(self, at: QPointF) -> None:
        pass

    def paint(self, painter: QPainter, frame: Frame) -> None:
        pass


class MoveWindow:
    """Moves the visible window by its rectangle on the overview bar; outside of it, brings it there first."""

    def __init__(self, canvas: Canvas, at: QPointF) -> None:
        self._canvas = canvas
        area = window_rect(canvas.frame)
        if not area.left() <= at.x() <= area.right():
            canvas.go_to(canvas.viewport.centred(self._position(at)))
        self._grip = self._position(at) - canvas.viewport.start_samples

    def _position(self, at: QPointF) -> float:
        overview = whole(self._canvas.viewport, self._canvas.width())
        return at.x() * overview.samples_per_px

    def move(self, at: QPointF) -> None:
        self._canvas.go_to(self._canvas.viewport.moved(self._position(at) - self._grip))

    def release(self, at: QPointF) -> None:
        pass

    def paint(self, painter: QPainter, frame: Frame) -> None:
        pass


class MoveThreshold:
    """Moves the threshold line; the new value is told on release."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._value = canvas.threshold or 0.0

    def move(self, at: QPointF) -> None:
        self._value = score_at(self._canvas.frame, at.y())

    def release(self, at: QPointF) -> None:
        self.move(at)
        if self._value != self._canvas.threshold:
            self._canvas.threshold_dragged.emit(self._value)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        paint_threshold(painter, frame, self._value, dragged=True)


class MoveEdge:
    """Moves one edge of the current proposal; the new span is told on release."""

    def __init__(self, canvas: Canvas, proposal_id: str, edge: int, at: QPointF) -> None:
        self._canvas = canvas
        self._id = proposal_id
        self._edge = edge
        self._before = canvas.state.span(proposal_id)
        self._span = self._before
        self._grip_px = canvas.viewport.x_at(self._before[edge]) - at.x()

    def move(self, at: QPointF) -> None:
        position = self._canvas.viewport.sample_at(at.x() + self._grip_px)
        start, stop = self._before
        self._span = (min(position, stop - 1), stop) if self._edge == 0 else (start, max(position, start + 1))

    def release(self, at: QPointF) -> None:
        self.move(at)
        moved = self._span
        if moved != self._before:
            self._canvas.edge_dragged.emit(self._id, *moved)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        spans = self._canvas.spans
        drawn = span_at(frame, spans, spans.ids.index(self._id), current=True)
        left, right = (frame.viewport.x_at(edge) for edge in self._span)
        paint_span(painter, frame, Span(left, right, drawn.verdict, drawn.label, drawn.short, current=True))
        self._paint_position(painter, frame, left if self._edge == 0 else right)

    def _paint_position(self, painter: QPainter, frame: Frame, x: float) -> None:
        rate_hz = frame.viewport.rate_hz
        moved_ms = (self._span[self._edge] - self._before[self._edge]) * 1000 / rate_hz
        text = f"{format_time(self._span[self._edge] / rate_hz)}  {moved_ms:+.0f} ms".replace("-", "−")
        painter.setFont(theme.mono_font(theme.TEXT_SMALL))
        width = painter.fontMetrics().horizontalAdvance(text) + theme.px(12)
        top = frame.layout.lanes_top + theme.px(FLAG) + theme.px(4)
        left = min(max(x + theme.px(6), 0.0), frame.layout.width - width)
        box = QRectF(left, top, width, theme.px(20))
        painter.fillRect(box, theme.color(frame.theme.panel2))
        painter.setPen(theme.color(frame.theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def edge_at(canvas: Canvas, x: float, y: float) -> int | None:
    """Return which edge of the current proposal is under the mouse: 0 the left, 1 the right, or None."""
    layout = canvas.frame.layout
    if canvas.current is None or canvas.current not in canvas.state.proposals:
        return None
    if not layout.lanes_top <= y < layout.lanes_bottom:
        return None
    left, right = (canvas.viewport.x_at(edge) for edge in canvas.state.span(canvas.current))
    grip = theme.px(GRIP_PX)
    # of a span narrower than the grips each edge keeps its outer side
    nearest = 0 if abs(x - left) < abs(x - right) or (left == right and x < left) else 1
    return nearest if abs(x - (left, right)[nearest]) <= grip else None


def proposal_at(canvas: Canvas, x: float, y: float) -> str | None:
    """Return the proposal under the mouse on the lanes."""
    layout = canvas.frame.layout
    if not layout.lanes_top <= y < layout.lanes_bottom:
        return None
    view = canvas.viewport
    position = view.start_samples + x * view.samples_per_px
    return canvas.spans.hit(position, 1.5 * view.samples_per_px, canvas.current)


def flag_at(canvas: Canvas, x: float, y: float) -> str | None:
    """Return the proposal whose flag is under the mouse."""
    top = canvas.frame.layout.lanes_top
    return proposal_at(canvas, x, y) if top <= y < top + theme.px(FLAG) else None


def on_threshold(canvas: Canvas, y: float) -> bool:
    """Tell whether the mouse is on the threshold line."""
    frame = canvas.frame
    inside = frame.layout.score_top <= y < frame.layout.lanes_top
    return (
        inside
        and canvas.threshold is not None
        and abs(y - score_y(frame, canvas.threshold)) <= theme.px(GRIP_PX)
    )


def press(canvas: Canvas, at: QPointF) -> Drag | None:
    """Answer a press of the left button."""
    if not canvas.viewport.length_samples:
        return None
    x, y = at.x(), at.y()
    if y < canvas.frame.layout.ruler_top:
        return MoveWindow(canvas, at)
    if on_threshold(canvas, y):
        return MoveThreshold(canvas)
    edge = edge_at(canvas, x, y)
    if edge is not None and canvas.current is not None:
        return MoveEdge(canvas, canvas.current, edge, at)
    flag = flag_at(canvas, x, y)
    if flag is not None:
        canvas.proposal_clicked.emit(flag)
        return None
    return Seek(canvas, at)


def cursor_at(canvas: Canvas, at: QPointF) -> Qt.CursorShape:
    """Return the cursor that tells what a press would do."""
    if on_threshold(canvas, at.y()):
        return Qt.CursorShape.SplitVCursor
    if edge_at(canvas, at.x(), at.y()) is not None:
        return Qt.CursorShape.SplitHCursor
    if flag_at(canvas, at.x(), at.y()) is not None:
        return Qt.CursorShape.PointingHandCursor
    return Qt.CursorShape.ArrowCursor


def wheel(canvas: Canvas, event: QWheelEvent) -> None:
    """Answer the wheel: Ctrl zooms about the mouse, sideways and Shift scroll in time, else through lanes.

    Where all lanes are in view a plain wheel scrolls in time too.
    """
    turn = event.angleDelta()
    exact = event.pixelDelta()
    if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        steps = (turn.y() or turn.x()) / WHEEL_STEP
        canvas.go_to(canvas.viewport.zoomed(ZOOM_PER_STEP**steps, event.position().x()))
        return
    per_step = theme.px(SCROLL_PX_PER_STEP) / WHEEL_STEP
    sideways = exact.x() if exact.x() else turn.x() * per_step
    down = exact.y() if exact.y() else turn.y() * per_step
    layout = canvas.frame.layout
    shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
    if layout.scroll_limit and not shifted and abs(down) >= abs(sideways):
        canvas.set_scroll(round(layout.scroll - down))
        return
    canvas.go_to(canvas.viewport.scrolled(-(sideways or down)))
