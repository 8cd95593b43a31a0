"""The learned editors, to choose one for an arrangement."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from desktop.features.arrangement.widgets.two_lines import TwoLines, set_lines
from engine.features.arrangement.editor_files import EditorCard
from widgets.controls.keys.caps import KeyButton
from widgets.theme import Theme, px

_PATH = int(Qt.ItemDataRole.UserRole)


class EditorList(QWidget):
    """Two lines an editor: their name, and how they edit in words.

    Signals
    -------
    changed : `problem()` may have changed
    taken : an editor was chosen by a double click or Enter
    other_requested : the user wants an editor from another location
    """

    changed = Signal()
    taken = Signal()
    other_requested = Signal()

    def __init__(self, theme: Theme, cards: Iterable[EditorCard], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._list = QListWidget()
        self._list.setItemDelegate(TwoLines(theme, self._list))
        self._list.setProperty("surface", "ground")
        self._list.setAccessibleName("Editors")
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setMinimumHeight(px(150))
        for card in cards:
            item = QListWidgetItem()
            item.setData(_PATH, str(card.path))
            item.setToolTip("\n".join([str(card.path), *(card.habits.words() if card.habits else ())]))
            set_lines(item, card.path.stem, card.words)
            self._list.addItem(item)
        other = KeyButton(theme, "Another file…")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(8))
        layout.addWidget(self._list, 1)
        row = QHBoxLayout()
        row.addWidget(other)
        row.addStretch(1)
        layout.addLayout(row)
        self._list.setCurrentRow(0)
        self._list.currentRowChanged.connect(lambda _row: self.changed.emit())
        self._list.itemDoubleClicked.connect(lambda _item: self.taken.emit())
        other.clicked.connect(self.other_requested)
        self.setFocusProxy(self._list)

    def chosen(self) -> Path:
        """Return the file of the chosen editor if there is no `problem`."""
        return Path(str(self._list.currentItem().data(_PATH)))

    def problem(self) -> str:
        """Return the message about missing input, or "" if an editor is chosen."""
        return "" if self._list.currentItem() is not None else "Choose an editor."
