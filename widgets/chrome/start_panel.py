"""Start panel over the empty timeline: actions to begin with, and recent documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from widgets.controls.large_button import LargeButton
from widgets.forms.recent_list import RecentList
from widgets.theme import Theme, px

_BEGINNINGS = (
    ("file.import", "Import recordings…", "One track per file; or drop them here", "plus"),
    ("file.demo", "Open the demo", "A jam with cuts to review", "play"),
    ("file.recent", "Open recent…", "Your decisions are saved", "recent"),
    ("taste.learn", "Learn a taste…", "From recordings that you edited", "graduation-cap"),
)
_TWO_COLUMNS, _COLUMN, _MARGIN = 640, 340, 16
_LISTED = 5


class StartPanel(QFrame):
    """Large buttons and recent documents, over the lower part of another widget.

    Parameters
    ----------
    keys : the key cap of each command id
    over : the widget, whose size it follows
    top : function for the free height above, in pixels

    Signals
    -------
    command_requested : the command id of a button
    opened, forgotten : as of `RecentList`
    """

    command_requested = Signal(str)
    opened = Signal(Path)
    forgotten = Signal(Path)

    def __init__(self, theme: Theme, keys: Mapping[str, str], over: QWidget, top: Callable[[], int]) -> None:
        super().__init__(over)
        self._over = over
        self._top = top
        self._lists = False
        self.setProperty("surface", "ground")
        self.setAccessibleName("Begin")
        self._buttons = {
            command: LargeButton(theme, text, more, keys.get(command, ""), icon)
            for command, text, more, icon in _BEGINNINGS
        }
        for command, button in self._buttons.items():
            button.clicked.connect(
                lambda _checked=False, command=command: self.command_requested.emit(command)
            )
        self._title = QLabel("Recent")
        self._title.setProperty("role", "title")
        self._list = RecentList(theme)
        self._box = QWidget()
        self._box.setProperty("surface", "ground")
        self._grid = QGridLayout()
        self._grid.setSpacing(px(10))
        column = QVBoxLayout(self._box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(12))
        column.addLayout(self._grid)
        column.addSpacing(px(8))
        column.addWidget(self._title)
        column.addWidget(self._list)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(px(_MARGIN), px(_MARGIN), px(_MARGIN), px(_MARGIN))
        whole.addStretch(1)
        whole.addWidget(self._box, 0, Qt.AlignmentFlag.AlignHCenter)
        whole.addStretch(1)
        self._list.opened.connect(self.opened)
        self._list.forgotten.connect(self.forgotten)
        over.installEventFilter(self)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._list.set_theme(theme)
        for button in self._buttons.values():
            button.set_theme(theme)

    def show_documents(self, documents: Iterable[tuple[Path, bool]]) -> None:
        """Show the actions and the recent documents."""
        listed = list(documents)
        self._lists = bool(listed)
        self._list.show_documents(listed)
        self._list.fit_rows(_LISTED)
        self._buttons["file.recent"].setEnabled(self._lists)
        self.show()
        self._fill()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the other widget."""
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self._fill()
        return False

    def _fill(self) -> None:
        if self.isHidden():
            return
        room = self._over.rect()
        room.setTop(self._top())
        columns = 2 if room.width() >= px(_TWO_COLUMNS) else 1
        for place, button in enumerate(self._buttons.values()):
            self._grid.addWidget(button, place // columns, place % columns)
        self._box.setFixedWidth(min(room.width() - px(2 * _MARGIN), px(columns * _COLUMN)))
        for part in (self._title, self._list):
            part.setVisible(self._lists)
        if self._lists and self._box.minimumSizeHint().height() > room.height() - px(2 * _MARGIN):
            for part in (self._title, self._list):  # the button for them stays
                part.hide()
        self.setGeometry(room)
        self.raise_()
