"""Panel with the list of repeated passages and their takes with times; its rows and how they are painted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from widgets.controls.key_caps import KeyButton, KeyedList
from widgets.controls.text_and_icons import paint_icon, paint_words
from widgets.theme import QUEUE, TEXT, Theme, mono_font, px, ui_font

_ROOT = QModelIndex()
_ROW, _MARGIN, _GAP, _SIDE = 26, 14, 8, 12


@dataclass(frozen=True, slots=True)
class TakeRow:
    """A passage, or a take of it.

    Attributes
    ----------
    title : "passage at 0:10 · 3 takes", or "Take 2"
    take : its group and number; None for a passage
    time : its start
    words : differences from the other takes
    state : its status, such as "stays"
    token : the theme's name of the colour of that
    icon : a sign of it; empty for none
    """

    title: str
    take: tuple[int, int] | None = None
    time: str = ""
    words: str = ""
    state: str = ""
    token: str = "dim"
    icon: str = ""


class TakeRows(QAbstractListModel):
    """Passages and takes; only takes can be chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[TakeRow, ...] = ()
        self.sounding: tuple[int, int] | None = None

    def set_rows(self, rows: tuple[TakeRow, ...]) -> None:
        """Show these rows; with the same number as before, none is added or removed."""
        if len(rows) != len(self.rows):
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
        elif rows != self.rows:
            self.rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))

    def set_sounding(self, take: tuple[int, int] | None) -> None:
        """Mark the playing take."""
        self.sounding = take
        if self.rows:
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def take_at(self, place: int) -> tuple[int, int] | None:
        """Return the take of a row."""
        return self.rows[place].take if 0 <= place < len(self.rows) else None

    def place_of(self, take: tuple[int, int] | None) -> int | None:
        """Return the row of a take."""
        if take is None:
            return None
        return next((place for place, row in enumerate(self.rows) if row.take == take), None)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        if self.take_at(index.row()) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            heard = "playing" if row.take is not None and row.take == self.sounding else ""
            return ", ".join(filter(None, (row.title, row.time, row.words, row.state, heard)))
        return None


class TakeDelegate(QStyledItemDelegate):
    """Paints a passage as a heading, and a take with its time, differences and status."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    @property
    def height(self) -> int:
        """Of a row."""
        return px(_ROW)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(px(200), self.height)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rows, theme, rect = index.model(), self.theme, QRectF(option.rect)
        assert isinstance(rows, TakeRows)
        row = rows.rows[index.row()]
        inside = rect.adjusted(px(_MARGIN), 0, -px(_MARGIN), 0)
        if row.take is None:
            paint_words(painter, inside, row.title, ui_font(TEXT - 1), theme.dim)
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(theme.current_row if chosen else theme.panel2))
        side = px(_SIDE)
        if row.take == rows.sounding:
            place = QRectF(inside.left(), rect.center().y() - side / 2, side, side)
            paint_icon(painter, "play", place, theme.undecided)
        self._paint_columns(painter, inside.adjusted(side + px(_GAP), 0, 0, 0), row)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(theme.undecided))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def _paint_columns(self, painter: QPainter, area: QRectF, row: TakeRow) -> None:
        theme, font, mono = self.theme, ui_font(TEXT - 1), mono_font(TEXT - 1)
        gap, side = px(_GAP), px(_SIDE)
        state_width = QFontMetricsF(font).horizontalAdvance(row.state)
        state = QRectF(area.right() - state_width, area.top(), state_width, area.height())
        ink = getattr(theme, row.token)
        paint_words(painter, state.adjusted(0, 0, 1, 0), row.state, font, ink)
        right = state.left() - gap
        if row.icon:
            place = QRectF(state.left() - gap / 2 - side, area.center().y() - side / 2, side, side)
            paint_icon(painter, row.icon, place, ink)
            right = place.left() - gap
        left = area.left()
        for words, chosen_font, token, width in (
            (row.title, font, theme.text, QFontMetricsF(font).horizontalAdvance("Take 88")),
            (row.time, mono, theme.text, QFontMetricsF(mono).horizontalAdvance("88:88")),
        ):
            room = max(width, QFontMetricsF(chosen_font).horizontalAdvance(words))
            paint_words(painter, QRectF(left, area.top(), room + 1, area.height()), words, chosen_font, token)
            left += room + gap
        paint_words(
            painter,
            QRectF(left, area.top(), max(0.0, right - left), area.height()),
            row.words,
            font,
            theme.dim,
        )


_LEAST, _MOST = 132, 300
_WORDS = {"takes.hear": "Play in turn", "takes.keep": "Keep", "takes.propose": "Find takes"}


class TakesPanel(QFrame):
    """Shows takes; user actions are emitted as signals.

    Signals
    -------
    take_chosen(group, number) : a take was selected
    hear_wanted : Enter on a take
    command_requested : the command id of a button
    """

    take_chosen = Signal(int, int)
    hear_wanted = Signal()
    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Takes")
        self._title, self._summary = QLabel("Takes"), QLabel()
        self._title.setProperty("role", "title")
        self._empty = QLabel()
        self._empty.setWordWrap(True)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self._rows, self._list = TakeRows(), KeyedList("Takes by passage")
        self._list.setModel(self._rows)
        self._delegate = TakeDelegate(theme, self._list)
        self._list.setItemDelegate(self._delegate)
        self._buttons = {name: KeyButton(theme, words, keys.get(name, "")) for name, words in _WORDS.items()}
        self._lay_out()
        self._list.selectionModel().currentChanged.connect(self._choose)
        self._list.clicked.connect(self._choose)
        self._list.entered_at.connect(self.hear_wanted)
        for name, button in self._buttons.items():
            button.clicked.connect(lambda _=False, name=name: self.command_requested.emit(name))
        self.show_rows((), "")
        self.set_theme(theme)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, px(8), 0, px(8))
        layout.setSpacing(px(5))
        top = QHBoxLayout()
        top.setContentsMargins(px(14), 0, px(14), 0)
        top.addWidget(self._title)
        top.addStretch(1)
        top.addWidget(self._summary)
        layout.addLayout(top)
        self._empty.setContentsMargins(px(14), 0, px(14), 0)
        layout.addWidget(self._empty)
        layout.addWidget(self._list, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(px(14), 0, px(14), 0)
        buttons.setSpacing(px(5))
        for button in self._buttons.values():
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            buttons.addWidget(button)
        layout.addLayout(buttons)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:
        around = super().sizeHint().height() - self._list.sizeHint().height()
        height = around + self._rows.rowCount() * self._delegate.height
        if self._list.isHidden():
            return QSize(px(QUEUE), super().sizeHint().height())
        return QSize(px(QUEUE), min(max(height, px(_LEAST)), px(_MOST)))

    def minimumSizeHint(self) -> QSize:
        height = super().minimumSizeHint().height() if self._list.isHidden() else px(_LEAST)
        return QSize(px(120), height)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._delegate.theme = theme
        for button in self._buttons.values():
            button.set_theme(theme)
        for label in (self._summary, self._empty):
            label.setStyleSheet(f"font-size: {px(TEXT - 1)}px; color: {theme.dim};")
        self.setStyleSheet(f"TakesPanel {{ border-top: 1px solid {theme.line}; }}")
        self._list.viewport().update()

    def show_rows(self, rows: tuple[TakeRow, ...], summary: str, empty: str = "") -> None:
        """Show passages and takes, or the reason for an empty list; the selection stays."""
        was = self.chosen
        self._rows.set_rows(rows)
        self._summary.setText(summary)
        self._empty.setText(empty)
        self._empty.setVisible(not rows)
        self._list.setVisible(bool(rows))
        for name, button in self._buttons.items():
            button.setVisible((name == "takes.propose") != bool(rows))
        takes = [place for place, row in enumerate(rows) if row.take is not None]
        if takes:
            again = next((place for place in takes if rows[place].take == was), takes[0])
            self._mark(again)
        self.updateGeometry()

    def _mark(self, place: int) -> None:
        """Choose a row without going there."""
        selection = self._list.selectionModel()
        selection.blockSignals(True)
        self._list.setCurrentIndex(self._rows.index(place))
        selection.blockSignals(False)
        self._list.viewport().update()

    @property
    def chosen(self) -> tuple[int, int] | None:
        """The group and the number of the take that is chosen."""
        return self._rows.take_at(self._list.currentIndex().row())

    def show_sounding(self, take: tuple[int, int] | None) -> None:
        """Mark the playing take and select it."""
        self._rows.set_sounding(take)
        place = self._rows.place_of(take)
        if place is not None:
            self._mark(place)
            self._list.scrollTo(self._rows.index(place))

    @property
    def holds_takes(self) -> bool:
        """Whether a take can be selected."""
        return not self._list.isHidden()

    def begin(self) -> None:
        """Give the list the keys."""
        if self.holds_takes:
            self._list.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._list.scrollTo(self._list.currentIndex(), QListView.ScrollHint.EnsureVisible)

    def _choose(self, index: QModelIndex) -> None:
        take = self._rows.take_at(index.row())
        if take is not None:
            self.take_chosen.emit(*take)
