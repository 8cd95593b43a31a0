"""The learned editors, to choose one for an arrangement, in lists with two lines per row."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from engine.core.wording import one_line
from engine.features.arrangement.editor_files import EditorCard
from widgets.controls.elided_label import paint_words
from widgets.controls.keys.caps import KeyButton
from widgets.controls.painted_row import PaintedRow
from widgets.theme import TEXT_SMALL, Theme, px, ui_font

_TITLE = int(Qt.ItemDataRole.UserRole) + 1
_SAID, _IS_BAD = _TITLE + 1, _TITLE + 2


def set_lines(item: QListWidgetItem, title: str, said: str, *, is_bad: bool = False) -> None:
    """Set the content of a row.

    Parameters
    ----------
    is_bad : whether the description is an error
    """
    for role, value in ((_TITLE, one_line(title)), (_SAID, one_line(said)), (_IS_BAD, is_bad)):
        item.setData(role, value)
    spoken = ". ".join(filter(None, (item.data(_TITLE), item.data(_SAID))))
    item.setData(int(Qt.ItemDataRole.AccessibleTextRole), spoken)


class TwoLines(PaintedRow):
    """Paints them."""

    height = 46

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        area = QRectF(option.rect).adjusted(px(8), px(4), -px(8), -px(4))
        first = QRectF(area.left(), area.top(), area.width(), area.height() / 2)
        title = QFontMetricsF(ui_font()).elidedText(
            str(index.data(_TITLE) or ""), Qt.TextElideMode.ElideMiddle, first.width()
        )
        paint_words(painter, first, title, ui_font(), self.theme.text)
        token = self.theme.error if index.data(_IS_BAD) else self.theme.dim
        below = first.translated(0, area.height() / 2)
        paint_words(painter, below, str(index.data(_SAID) or ""), ui_font(TEXT_SMALL), token)


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
