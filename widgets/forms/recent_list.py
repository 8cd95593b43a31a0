"""The documents opened last: choose one, or take one off the list."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidgetItem, QVBoxLayout, QWidget

from widgets.controls.keys.caps import KeyButton
from widgets.controls.removable_list import RemovableList
from widgets.theme import ROW, Theme, px

_PATH = int(Qt.ItemDataRole.UserRole)
_IS_THERE = _PATH + 1


class RecentList(QWidget):
    """A list with one document per row; missing files are marked and disabled.

    Signals
    -------
    opened : the path of the document to open
    forgotten : path of the document to remove from the list
    changed : `problem()` may have changed
    """

    opened = Signal(Path)
    forgotten = Signal(Path)
    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._list = RemovableList()
        self._list.setAccessibleName("Recent documents")
        self._list.setProperty("surface", "ground")
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setMinimumSize(px(560), px(310))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setStyleSheet(f"QListWidget::item {{ padding: 0 {px(8)}px; }}")
        self._forget = KeyButton(theme, "Remove from list", "", "minus")
        self._problem = QLabel()
        self._problem.setProperty("role", "dim")
        self._problem.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(8))
        layout.addWidget(self._list, 1)
        row = QHBoxLayout()
        row.addWidget(self._forget)
        row.addWidget(self._problem, 1)
        layout.addLayout(row)
        self._list.currentItemChanged.connect(self._renew)
        self._list.itemActivated.connect(lambda _item: self._open())
        self._list.removed.connect(self._remove)
        self._forget.clicked.connect(self._remove)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self._forget.set_theme(theme)
        for row in range(self._list.count()):
            self._colour(self._list.item(row))

    def _colour(self, item: QListWidgetItem) -> None:
        item.setForeground(QColor(self._theme.text if item.data(_IS_THERE) else self._theme.dim))

    def show_documents(self, documents: Iterable[tuple[Path, bool]]) -> None:
        """Show these, each with whether it is there."""
        self._list.clear()
        for path, is_there in documents:
            missing = "" if is_there else " (missing)"
            item = QListWidgetItem(f"{path.stem}{missing}  ·  {path.parent}")
            item.setToolTip(str(path))
            item.setSizeHint(QSize(1, px(ROW)))  # as wide as the list: what does not fit is elided
            item.setData(_PATH, str(path))
            item.setData(_IS_THERE, is_there)
            self._colour(item)
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        self._renew()

    def fit_rows(self, most: int) -> None:
        """Adapt the height to the rows, up to `most`, with a minimal width."""
        self._list.setMinimumSize(px(200), px(ROW) * 2)
        self._list.setMaximumHeight(px(ROW) * min(most, max(2, self._list.count())) + px(4))

    def chosen(self) -> Path | None:
        """Return the document chosen."""
        item = self._list.currentItem()
        return None if item is None else Path(item.data(_PATH))

    def problem(self) -> str:
        """Return why no document can be opened, or ""."""
        item = self._list.currentItem()
        if item is None:
            return "No recent documents."
        return "" if item.data(_IS_THERE) else "The file is missing: moved, renamed or on another disk."

    def _renew(self) -> None:
        self._forget.setEnabled(self._list.currentItem() is not None)
        self._problem.setText(self.problem())
        self.changed.emit()

    def _open(self) -> None:
        path = self.chosen()
        if path is not None and not self.problem():
            self.opened.emit(path)

    def _remove(self) -> None:
        path = self.chosen()
        if path is not None:
            self._list.takeItem(self._list.currentRow())
            self.forgotten.emit(path)
            self._renew()
