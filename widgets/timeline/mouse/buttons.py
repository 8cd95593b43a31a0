"""Buttons, wheel and touchpad on the timeline: drags, scrolling and zooming.

A plain wheel goes down through the lanes where they overflow, else through time; Shift or sideways goes
through time; Ctrl or a pinch zooms about the pointer. Alt, or Ctrl and Shift, draws the waveform under the
pointer higher; Alt and Shift all of them.
"""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor, QMouseEvent, QNativeGestureEvent, QPixmap, QWheelEvent

from widgets import theme
from widgets.timeline.edits.selection import LEAST_PX, SelectSpan
from widgets.timeline.mouse import gestures
from widgets.timeline.mouse.clip_drag import MoveClips
from widgets.timeline.mouse.surface import Drag, Surface
from widgets.timeline.sound.brush import Paintable, PaintStroke

WHEEL_STEP = 120
ZOOM_PER_STEP = 1.25
WAVE_PER_STEP = 2.0**0.5
SCROLL_PX_PER_STEP = 96
_STRAIGHT = 3
"""Ratio of movement above which a touchpad scrolls in one direction only."""


class Pan(Drag):
    """Drags the lanes and their window of time along."""

    def __init__(self, canvas: Surface, at: QPointF) -> None:
        self._canvas = canvas
        self._pressed = at
        self._viewport = canvas.viewport
        self._scroll_px = canvas.frame.layout.scroll

    def move(self, at: QPointF) -> None:
        across, down = (at - self._pressed).toTuple()
        self._canvas.go_to(self._viewport.scrolled(-across))
        if self._canvas.frame.layout.scroll_limit:
            self._canvas.set_scroll(round(self._scroll_px - down))

    def release(self, at: QPointF) -> None:
        self.move(at)


def wheel(canvas: Surface, event: QWheelEvent) -> None:
    """Answer the wheel or two fingers on a touchpad."""
    held = event.modifiers()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    if held & Qt.KeyboardModifier.AltModifier or held & both == both:
        _turn_waves(canvas, event)
        return
    if held & Qt.KeyboardModifier.ControlModifier:
        # What a touchpad still rolls after the fingers left it was no wish to zoom.
        if event.phase() != Qt.ScrollPhase.ScrollMomentum:
            turn = event.angleDelta()
            zoom(canvas, ZOOM_PER_STEP ** ((turn.y() or turn.x()) / WHEEL_STEP), event.position().x())
        return
    sideways, down = distances_px(event)
    layout = canvas.frame.layout
    shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
    if not layout.scroll_limit or shifted:
        sideways, down = sideways or down, 0.0
    if down:
        canvas.set_scroll(round(layout.scroll - down))
    if sideways:
        canvas.go_to(canvas.viewport.scrolled(-sideways))


def _turn_waves(canvas: Surface, event: QWheelEvent) -> None:
    """Change the vertical zoom; many systems scroll sideways while Alt is held."""
    lane = canvas.frame.layout.lane_at(event.position().y())
    turn = event.angleDelta().y() or event.angleDelta().x()
    if lane is not None and turn and event.phase() != Qt.ScrollPhase.ScrollMomentum:
        both = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
        is_of_all = event.modifiers() & both == both
        canvas.wave_turned.emit(-1 if is_of_all else lane, WAVE_PER_STEP ** (turn / WHEEL_STEP))


def distances_px(event: QWheelEvent) -> tuple[float, float]:
    """Return the scroll distance (horizontal, vertical): by pixels for a touchpad, by steps for a wheel."""
    exact, per_step = event.pixelDelta(), theme.px(SCROLL_PX_PER_STEP) / WHEEL_STEP
    if exact.isNull():
        sideways, down = event.angleDelta().x() * per_step, event.angleDelta().y() * per_step
    else:
        sideways, down = float(exact.x()), float(exact.y())
    if abs(down) >= _STRAIGHT * abs(sideways):
        return 0.0, down
    return sideways, 0.0 if abs(sideways) >= _STRAIGHT * abs(down) else down


def pinch(canvas: Surface, event: QNativeGestureEvent) -> bool:
    """Handle pinch and double tap; return False for other gestures."""
    if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
        zoom(canvas, max(1.0 + event.value(), 0.1), event.position().x())
    elif event.gestureType() == Qt.NativeGestureType.SmartZoomNativeGesture:
        canvas.go_to(canvas.viewport.fitted())
    else:
        return False
    return True


def zoom(canvas: Surface, factor: float, about_px: float) -> None:
    """Zoom in by a factor about a pixel."""
    if canvas.viewport.length_samples:
        canvas.go_to(canvas.viewport.zoomed(factor, about_px))


class Handled(Paintable, Protocol):
    """A surface that is a widget."""

    def width(self) -> int: ...

    def update(self) -> None: ...

    def setCursor(self, cursor: QCursor | Qt.CursorShape | QPixmap, /) -> None: ...


class Mouse:
    """At most one drag at a time, by the button that started it."""

    def __init__(self, canvas: Handled) -> None:
        self._canvas = canvas
        self._button = Qt.MouseButton.NoButton
        self._twice_at: QPointF | None = None
        self.drag: Drag | None = None

    def press(self, event: QMouseEvent) -> None:
        """Start a drag, unless one is active."""
        if self.drag is not None:
            return
        canvas, at = self._canvas, event.position()
        canvas.snapping.is_inverted = gestures.inverts(event)
        if event.button() == Qt.MouseButton.LeftButton:
            canvas.snapping.at = None
            self.drag = gestures.press(canvas, at, event.modifiers())
        elif event.button() == Qt.MouseButton.MiddleButton:
            self.drag = Pan(canvas, at)
        self._button = event.button()
        if isinstance(self.drag, Pan | gestures.MoveWindow):
            canvas.setCursor(Qt.CursorShape.ClosedHandCursor)
        canvas.update()

    def press_twice(self, event: QMouseEvent) -> None:
        """Press again: the release opens the item under the mouse, unless this press drags or paints."""
        self.press(event)
        is_left = event.button() == self._button == Qt.MouseButton.LeftButton
        if is_left and not isinstance(self.drag, PaintStroke):
            self._twice_at = event.position()

    def move(self, event: QMouseEvent) -> None:
        """Move the drag; without one, show the cursor of the drag that a press would start."""
        canvas, at = self._canvas, event.position()
        canvas.snapping.is_inverted = gestures.inverts(event, self.drag)
        if self.drag is None:
            canvas.setCursor(gestures.cursor_at(canvas, at, event.modifiers()))
            return
        beyond_px = at.x() - min(max(at.x(), 0), canvas.width())
        if beyond_px and isinstance(self.drag, gestures.MoveEdge | SelectSpan | MoveClips):
            canvas.go_to(canvas.viewport.scrolled(beyond_px))
        self.drag.move(at)
        canvas.update()

    def release(self, event: QMouseEvent) -> None:
        """End the drag of this button, or its double click."""
        if event.button() != self._button:
            return
        twice_at, self._twice_at = self._twice_at, None
        self._end(event)
        if twice_at is not None and (event.position() - twice_at).manhattanLength() < theme.px(LEAST_PX):
            gestures.open_at(self._canvas, twice_at)

    def _end(self, event: QMouseEvent) -> None:
        if self.drag is None:
            return
        canvas = self._canvas
        canvas.snapping.is_inverted = gestures.inverts(event, self.drag)
        drag, self.drag = self.drag, None
        drag.release(event.position())
        canvas.preview_grid(None)  # a preview ends with its drag, whatever became of it
        canvas.update()  # an edit asks for the parts that it changed, and the drag drew outside of them
        canvas.setCursor(gestures.cursor_at(canvas, event.position(), event.modifiers()))

    def cancel(self) -> bool:
        """Cancel the drag; return False without one."""
        drag, self.drag, self._twice_at = self.drag, None, None
        if isinstance(drag, gestures.MoveThreshold):
            drag.give_up()
        if drag is not None:
            self._canvas.preview_grid(None)
            self._canvas.update()
        return drag is not None
