"""Side of the timeline: the queue, and below it the active panels."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.learning.learning_panel import LearningPanel
from widgets.panels.arrangement.compare_panel import ComparePanel
from widgets.panels.repair.panel import RepairPanel
from widgets.panels.takes.panel import TakesPanel
from widgets.panels.timing.panel import TimingPanel
from widgets.review.history_panel import HistoryPanel
from widgets.review.queue_panel import QueuePanel
from widgets.theme import Theme


class Side(QWidget):
    """Lays them out below each other; the queue takes the room that the others leave."""

    def __init__(
        self,
        queue: QueuePanel,
        timing: TimingPanel,
        repair: RepairPanel,
        takes: TakesPanel,
        arrangements: ComparePanel,
        history: HistoryPanel,
        learning: LearningPanel,
    ) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(queue, 1)
        for panel in (timing, repair, takes, arrangements, history, learning):
            layout.addWidget(panel)
        history.hide()
        self._panels = (queue, timing, repair, takes, arrangements, history, learning)
        self._queue, self._timing, self._put_away = queue, timing, False

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for panel in self._panels:
            panel.set_theme(theme)

    def make_room(self, is_wanted: bool) -> None:
        """Hide unnecessary parts while a panel is in use, and show them afterwards."""
        self._queue.leave_room(is_wanted)
        if is_wanted:
            self._put_away = not self._timing.isHidden()
            self._timing.hide()
        elif self._put_away:
            self._put_away = False
            self._timing.show()
