"""What stands over the empty timeline: the documents opened last."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from widgets.chrome.recent_list import RecentList
from widgets.theme import Theme, px


class StartPanel(QFrame):
    """The recent documents in the middle of another widget, whose size it follows.

    Parameters
    ----------
    over : the widget
    top : tells how many pixels of it stay free above

    Signals
    -------
    opened, forgotten : as of `RecentList`
    """

    opened = Signal(Path)
    forgotten = Signal(Path)

    def __init__(self, theme: Theme, over: QWidget, top: Callable[[], int]) -> None:
        super().__init__(over)
        self._over = over
        self._top = top
        self.setProperty("surface", "panel")
        title = QLabel("Open recent, or drop recordings here")
        title.setProperty("role", "title")
        self._list = RecentList(theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(px(20), px(16), px(20), px(16))
        layout.setSpacing(px(12))
        layout.addWidget(title)
        layout.addWidget(self._list)
        self._list.opened.connect(self.opened)
        self._list.forgotten.connect(self.forgotten)
        over.installEventFilter(self)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Paint with these colours from now on."""
        self._list.set_theme(theme)
        self.setStyleSheet(f"StartPanel {{ border: 1px solid {theme.line}; border-radius: {px(6)}px; }}")

    def show_documents(self, documents: Iterable[tuple[Path, bool]]) -> None:
        """List these; without any it hides."""
        listed = list(documents)
        self._list.show_documents(listed)
        self._list.fit_rows()
        self.setVisible(bool(listed))
        self._centre()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle."""
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self._centre()
        return False

    def _centre(self) -> None:
        room = self._over.rect()
        room.setTop(self._top())
        size = self.sizeHint().boundedTo(room.size())
        self.setGeometry(
            room.center().x() - size.width() // 2,
            room.center().y() - size.height() // 2,
            size.width(),
            size.height(),
        )
        self.raise_()
