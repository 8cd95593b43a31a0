"""The history on screen: the panel shows the steps of the document, and a step that is chosen is gone to."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.shell.session import Session
from engine.core.errors import DocumentError
from engine.core.wording import counted
from widgets.review.history_panel import HistoryPanel

STEPS_AT_ONCE = 100
"""Undone or redone between two looks at the keyboard: about a tenth of a second."""


class HistoryWalk(QObject):
    """Goes to any step by undoing or redoing all steps between; an edit or Esc on the way ends the walk.

    Signals
    -------
    said, refused : the result, or the reason of a refusal
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, session: Session, panel: HistoryPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._panel = panel
        self._steps_left = 0
        self._walked = 0
        self._is_stepping = False
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._walk)
        session.changed.connect(self._follow)
        session.replaced.connect(self._follow)
        panel.step_chosen.connect(self.go_to)

    def toggle(self) -> None:
        """Show the panel or hide it."""
        self._panel.setVisible(self._panel.isHidden())
        self._show()

    def _show(self) -> None:
        if not self._panel.isHidden():
            self._panel.set_steps(self._session.steps())

    def _follow(self) -> None:
        if not self._is_stepping:
            self.stop()
        self._show()

    def stop(self) -> None:
        """Stay where the walk has come to."""
        self._next.stop()

    def go_to(self, done: int) -> None:
        """Take back or make again until that many steps are done."""
        self.stop()
        if self._session.is_open:
            self._steps_left = done - sum(not step.undone for step in self._session.steps())
            self._walked = 0
            self._walk()

    def _walk(self) -> None:
        steps = max(-STEPS_AT_ONCE, min(STEPS_AT_ONCE, self._steps_left))
        if not steps:
            return
        self._is_stepping = True
        try:
            self._walked += self._session.travel(steps)
        except DocumentError as error:
            self.refused.emit(str(error))
            return
        finally:
            self._is_stepping = False
        self._steps_left -= steps
        count = counted(self._walked, "step")
        done = f"{'Undid' if steps < 0 else 'Redid'} {count}"
        self.said.emit(f"{done}, {abs(self._steps_left):,} to go: Esc stops" if self._steps_left else done)
        if self._steps_left:
            self._next.start(0)
