"""Units of the ruler; switched by a key and stored."""

from __future__ import annotations

from PySide6.QtCore import QSettings

from desktop.shell.session import Session
from widgets.timeline.ruler import RulerMode
from widgets.timeline.timeline_view import TimelineView

_KEY = "ruler"


class Ruler:
    """Owns the mode of the ruler."""

    def __init__(self, session: Session, timeline: TimelineView, settings: QSettings) -> None:
        self._session = session
        self._timeline = timeline
        self._settings = settings
        stored = str(settings.value(_KEY, RulerMode.TIME))
        self.mode = RulerMode(stored) if stored in list(RulerMode) else RulerMode.TIME
        timeline.canvas.set_ruler(self.mode)

    def step(self) -> str:
        """Switch to the next unit; return the message."""
        modes = list(RulerMode)
        self.mode = modes[(modes.index(self.mode) + 1) % len(modes)]
        self._settings.setValue(_KEY, str(self.mode))
        self._timeline.canvas.set_ruler(self.mode)
        grid = self._session.grid
        if self.mode is RulerMode.BARS and (grid is None or not len(grid.beats_samples)):
            return "Ruler in bars and beats: shows time until beats are detected"
        return f"Ruler in {self.mode}"
