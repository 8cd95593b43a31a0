"""Buttons of the mouse on the timeline: the drag that they start, move and end."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor, QMouseEvent, QPixmap

from widgets import theme
from widgets.timeline.clips.drag import MoveClips
from widgets.timeline.edits.selection import LEAST_PX, SelectSpan
from widgets.timeline.mouse import gestures
from widgets.timeline.mouse.panning import Pan
from widgets.timeline.sound.brush import Paintable, PaintStroke


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
        self.drag: gestures.Drag | None = None

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
        if event.button() == self._button == Qt.MouseButton.LeftButton and not isinstance(
            self.drag, PaintStroke
        ):
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
