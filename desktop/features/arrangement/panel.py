"""Lists of arrangements: the two that are compared, and the learned editors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from engine.core.wording import one_line
from engine.features.arrangement.editor_files import EditorCard
from widgets.controls.key_caps import KeyButton
from widgets.controls.text_and_icons import PaintedRow, paint_icon, paint_words
from widgets.theme import TEXT, TEXT_SMALL, Theme, mono_font, px, ui_font

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


_WORDS = {"editor.compare": "Play", "editor.take": "Take"}
_OTHER = "Other"
"""Short texts with room for the keys: the panel is as narrow as the queue."""
_ROW, _SIDE, _GAP, _MARGIN = 26, 12, 8, 14


@dataclass(frozen=True, slots=True)
class ArrangementRow:
    """A playable arrangement.

    Attributes
    ----------
    letter : its short name, such as "A"
    words : whose it is and its seed
    length : its duration
    is_heard : whether it is the current result
    """

    letter: str
    words: str
    length: str
    is_heard: bool = False


class ComparePanel(QFrame):
    """Shows arrangements; a click plays one.

    Attributes
    ----------
    rows : the displayed rows
    row_views : the lines themselves

    Signals
    -------
    chosen(number) : a row was clicked
    command_requested : the command id of a button
    """

    chosen = Signal(int)
    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Two arrangements")
        self.rows: tuple[ArrangementRow, ...] = ()
        self._title = QLabel("Two arrangements")
        self._title.setProperty("role", "title")
        self.row_views = tuple(_Row(theme, number) for number in range(2))
        self._buttons = {name: KeyButton(theme, words, keys.get(name, "")) for name, words in _WORDS.items()}
        self._lay_out()
        self.set_theme(theme)
        self.hide()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, px(8), 0, px(8))
        layout.setSpacing(px(5))
        self._title.setContentsMargins(px(_MARGIN), 0, px(_MARGIN), 0)
        layout.addWidget(self._title)
        rows = QVBoxLayout()
        rows.setSpacing(0)
        for row in self.row_views:
            rows.addWidget(row)
            row.clicked.connect(self.chosen)
        layout.addLayout(rows)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(px(_MARGIN - 4), 0, px(_MARGIN - 4), 0)
        buttons.setSpacing(px(5))
        for name, button in self._buttons.items():
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, name=name: self.command_requested.emit(name))
            buttons.addWidget(button)
        layout.addLayout(buttons)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for row in self.row_views:
            row.set_theme(theme)
        for button in self._buttons.values():
            button.set_theme(theme)
        self.setStyleSheet(f"ComparePanel {{ border-top: 1px solid {theme.line}; }}")

    def show_rows(self, rows: Sequence[ArrangementRow]) -> None:
        """Show two arrangements, or hide without them."""
        self.rows = tuple(rows)
        for view, row in zip(self.row_views, rows, strict=False):
            view.set_row(row)
        is_heard = any(row.is_heard for row in rows)
        self._buttons["editor.compare"].setText(_OTHER if is_heard else _WORDS["editor.compare"])
        self._buttons["editor.compare"].setAccessibleName("Play the other one" if is_heard else "Play one")
        self._buttons["editor.take"].setEnabled(is_heard)
        self.setVisible(len(rows) == len(self.row_views))


class _Row(QWidget):
    """A row: active state, letter, words, and length."""

    clicked = Signal(int)

    def __init__(self, theme: Theme, number: int) -> None:
        super().__init__()
        self._theme, self._number = theme, number
        self._row = ArrangementRow("", "", "")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

    def set_row(self, row: ArrangementRow) -> None:
        """Show an arrangement."""
        self._row = row
        said = [f"{row.letter}: {row.words}", row.length, *(["playing"] if row.is_heard else [])]
        self.setAccessibleName(", ".join(said))
        self.setToolTip(", ".join(said))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(160), px(_ROW))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self._number)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme, row = QPainter(self), self._theme, self._row
        inside = QRectF(self.rect()).adjusted(px(_MARGIN), 0, -px(_MARGIN), 0)
        if row.is_heard:
            painter.fillRect(self.rect(), QColor(theme.current_row))
            side = px(_SIDE)
            place = QRectF(inside.left(), inside.center().y() - side / 2, side, side)
            paint_icon(painter, "play", place, theme.undecided)
        mono = mono_font(TEXT - 1)
        width = QFontMetricsF(mono).horizontalAdvance(row.length)
        right = QRectF(inside.right() - width, inside.top(), width + 1, inside.height())
        paint_words(painter, right, row.length, mono, theme.text)
        left = inside.adjusted(px(_SIDE + _GAP), 0, -width - px(_GAP), 0)
        used = paint_words(painter, left, row.letter, ui_font(TEXT - 1), theme.text)
        words = left.adjusted(used + px(_GAP), 0, 0, 0)
        paint_words(painter, words, row.words, ui_font(TEXT - 1), theme.text if row.is_heard else theme.dim)
        painter.end()
