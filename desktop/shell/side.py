"""Side of the timeline: the queue, and below it the active panels."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.review.queue_panel import QueuePanel
from widgets.theme import Theme


class Side(QWidget):
    """Lays them out below each other; the queue takes the room that the others leave.

    Parameters
    ----------
    yielding : a panel that hides while another one is in use
    panels : the others
    """

    def __init__(self, queue: QueuePanel, yielding: Any, *panels: Any) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(queue, 1)
        for panel in (yielding, *panels):
            layout.addWidget(panel)
        self._panels = (queue, yielding, *panels)
        self._queue, self._yielding, self._put_away = queue, yielding, False

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for panel in self._panels:
            panel.set_theme(theme)

    def make_room(self, is_wanted: bool) -> None:
        """Hide unnecessary parts while a panel is in use, and show them afterwards."""
        self._queue.leave_room(is_wanted)
        if is_wanted:
            self._put_away = not self._yielding.isHidden()
            self._yielding.hide()
        elif self._put_away:
            self._put_away = False
            self._yielding.show()
