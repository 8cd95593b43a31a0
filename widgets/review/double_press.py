"""The second press of a double click answers nothing: the first one moves rows and card below the pointer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

Target = tuple[str, object]
"""A part of the panel, and the proposal or count that it stands for."""

_PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)


class DoublePress(QObject):
    """Refuses presses on another target within the double-click time after the last press.

    Times are those of the events: a window that is busy with the first press does not let the second through.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._last: tuple[int, Target] | None = None
        self._targets: dict[QWidget, Callable[[], Target]] = {}
        self._answers: set[QWidget] = set()

    def watch(self, button: QWidget, target: Callable[[], Target], *, answers: bool = False) -> None:
        """Guard a button that acts on what `target` returns at the press.

        After one that `answers`, no press follows at once: the next proposal may not be drawn yet.
        """
        self._targets[button] = target
        if answers:
            self._answers.add(button)
        button.installEventFilter(self)

    def allows(self, event: QMouseEvent, target: Target) -> bool:
        """Return whether a press counts; one that does not restarts the time."""
        now_ms = event.timestamp()
        is_soon = (
            self._last is not None
            and now_ms > 0
            and 0 <= now_ms - self._last[0] < QApplication.doubleClickInterval()
        )
        if is_soon and self._last is not None and target != self._last[1]:
            self._last = now_ms, self._last[1]
            return False
        self._last = now_ms, target
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Consume the presses on buttons that do not count."""
        if event.type() not in _PRESSES or not isinstance(event, QMouseEvent):
            return False
        target = self._targets.get(watched) if isinstance(watched, QWidget) else None
        if target is None:
            return False
        if not self.allows(event, target()):
            return True
        if watched in self._answers:
            self._last = event.timestamp(), ("answered", object())
        return False
