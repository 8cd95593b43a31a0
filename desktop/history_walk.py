"""The history on screen: the panel shows the steps of the document, and a step that is chosen is gone to."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from desktop.session import Session
from engine.errors import DocumentError
from engine.wording import counted
from widgets.review.history_panel import HistoryPanel


class HistoryWalk(QObject):
    """Goes to any step by undoing or redoing what lies between.

    Signals
    -------
    said, refused : what was done, or why not
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, session: Session, panel: HistoryPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._panel = panel
        session.changed.connect(self._show)
        session.replaced.connect(self._show)
        panel.step_chosen.connect(self.go_to)

    def toggle(self) -> None:
        """Show the panel or hide it."""
        self._panel.setVisible(self._panel.isHidden())
        self._show()

    def _show(self) -> None:
        if not self._panel.isHidden():
            self._panel.set_steps(self._session.steps())

    def go_to(self, done: int) -> None:
        """Take back or make again until that many steps are done."""
        if not self._session.is_open:
            return
        steps = done - sum(not step.undone for step in self._session.steps())
        if not steps:
            return
        try:
            count = counted(self._session.travel(steps), "step")
        except DocumentError as error:
            self.refused.emit(str(error))
        else:
            self.said.emit(f"Took back {count}" if steps < 0 else f"Made {count} again")
