"""Context menu of the queue: the answers to the row under the mouse, or to the selected rows."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu, QWidget

from desktop.review.queue_side import QueueSide
from desktop.shell.shell import Shell

_ONE = (
    ("review.accept", "review.reject", "review.undecided"),
    ("transport.preview", "view.proposal", "review.alternative"),
    ("review.flag", "review.note"),
    ("review.sort", "review.group"),
)
_SELECTED = (
    ("review.accept_many", "review.reject_many", "review.undecided_many", "review.flag_many"),
    ("review.sort", "review.group"),
)


class QueueMenu(QObject):
    """Offers commands, with their keys, for a row of the queue."""

    def __init__(self, window: QWidget, shell: Shell, queue: QueueSide) -> None:
        super().__init__(window)
        self._window, self._shell = window, shell
        queue.panel.menu_requested.connect(self._popup)

    def _popup(self, proposal_id: str, place: QPoint) -> None:
        menu = self.menu(proposal_id)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def menu(self, proposal_id: str) -> QMenu:
        """Return the menu for a row, which becomes the current one unless it is selected with others."""
        review = self._shell.review
        is_selected = proposal_id in review.selected
        if not is_selected and proposal_id != review.current:
            review.visit(proposal_id)
        menu = QMenu(self._window)
        menu.setAccessibleName("Proposal")
        for number, names in enumerate(_SELECTED if is_selected else _ONE):
            if number:
                menu.addSeparator()
            for name in names:
                menu.addAction(self._shell.commands.action(name))
        return menu
