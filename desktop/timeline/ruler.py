"""Units of the ruler; switched by a key and stored."""

from __future__ import annotations

from PySide6.QtCore import QSettings

from desktop.shell.session import Session
from engine.document.change import Change
from engine.document.marks.time_of_day import STARTS_AT, starts_at
from widgets.timeline.ruler import RulerMode
from widgets.timeline.timeline_view import TimelineView

_KEY = "ruler"
_NO_TIME_OF_DAY = "The document has no time of day, so the ruler shows time."


class Ruler:
    """Owns the mode of the ruler, and gives it the time of day of the document."""

    def __init__(self, session: Session, timeline: TimelineView, settings: QSettings) -> None:
        self._session = session
        self._timeline = timeline
        self._settings = settings
        stored = str(settings.value(_KEY, RulerMode.TIME))
        self.mode = RulerMode(stored) if stored in list(RulerMode) else RulerMode.TIME
        timeline.canvas.set_ruler(self.mode)
        session.replaced.connect(self._show_start)
        session.changed.connect(self._follow_change)

    def _follow_change(self, change: Change) -> None:
        if STARTS_AT in change.settings:
            self._show_start()

    def _show_start(self) -> None:
        self._timeline.canvas.set_start(starts_at(self._session.state))

    def step(self) -> str:
        """Switch to the next unit; return the message."""
        modes = list(RulerMode)
        self.mode = modes[(modes.index(self.mode) + 1) % len(modes)]
        self._settings.setValue(_KEY, str(self.mode))
        self._timeline.canvas.set_ruler(self.mode)
        grid = self._session.grid
        if self.mode is RulerMode.BARS and (grid is None or not len(grid.beats_samples)):
            return "Ruler in bars and beats: shows time until beats are detected"
        if self.mode is RulerMode.OF_DAY and starts_at(self._session.state) is None:
            return f"{_NO_TIME_OF_DAY} Set time of day at the playhead… ‹clips.time_of_day›"
        return f"Ruler in {self.mode}"
