"""The timeline next to the queue, which keeps its share of the width until the user drags the border."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from widgets.theme import QUEUE, QUEUE_SHARE, px

LEAST_SIDE = 300


def stacked(main: QWidget, below: QWidget) -> QWidget:
    """Return a page of two widgets; the lower one has its own height."""
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(main, 1)
    layout.addWidget(below)
    return page


class Beside(QSplitter):
    """Two widgets side by side; the second has its share of the width."""

    def __init__(self, main: QWidget, side: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._is_dragged = False
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.addWidget(main)
        self.addWidget(side)
        self.setStretchFactor(0, 1)
        side.setMinimumWidth(px(LEAST_SIDE))
        self.splitterMoved.connect(self._keep)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Distribute the width."""
        super().resizeEvent(event)
        if not self._is_dragged:
            self.setSizes([10_000, min(px(QUEUE), round(self.width() * QUEUE_SHARE))])

    def _keep(self) -> None:
        self._is_dragged = True
