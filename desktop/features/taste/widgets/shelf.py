"""List of tastes in groups: type to filter, arrows to move, Enter to choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from engine.core.files.safe_write import shown
from engine.core.timebase import format_time
from engine.core.wording import counted, one_line
from engine.features.taste.anomaly.taste_header import TasteSummary
from widgets.controls.text_and_icons import announce, paint_words
from widgets.theme import ROW, TEXT, TEXT_SMALL, Theme, px, ui_font

_TALL, _PAD = 46, 12
_NOT_READ = "…"
_KEEPS_NONE = "learned by an early version, without reference recordings"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A group of tastes.

    Attributes
    ----------
    note : message of the group, for example the reason why it is empty
    """

    title: str
    paths: tuple[Path, ...] = ()
    note: str = ""


class RowKind(Enum):
    """Kind of a row."""

    HEADING = "heading"
    TASTE = "taste"
    NOTE = "note"
    WAY_OUT = "way out"


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """One row; only a taste has a path."""

    kind: RowKind
    text: str
    path: Path | None = None
    is_in_use: bool = False

    @property
    def is_choice(self) -> bool:
        """Whether it can be chosen."""
        return self.kind in (RowKind.TASTE, RowKind.WAY_OUT)


class Rows(Protocol):
    """Data for painting."""

    rows: tuple[ShelfRow, ...]
    summaries: Mapping[Path, TasteSummary]


def name_of(path: Path) -> str:
    """Return the name of a taste on one line."""
    return one_line(shown(path.stem)) or "(no name)"


def learned_from(summary: TasteSummary) -> str:
    """Return the training data of a taste in words."""
    if not summary.recordings:
        return _KEEPS_NONE
    return f"learned from {format_time(summary.duration_s, 0)} in {counted(summary.recordings, 'recording')}"


def day_of(written_s: float, now: datetime | None = None) -> str:
    """Format a day: today, yesterday, 5 Nov, 5 Nov 2025."""
    now = datetime.now() if now is None else now
    try:
        day = datetime.fromtimestamp(written_s)
    except (OverflowError, OSError, ValueError):
        return ""
    if day.date() == now.date():
        return "today"
    if day.date() == (now - timedelta(days=1)).date():
        return "yesterday"
    year = f" {day.year}" if day.year != now.year else ""
    return f"{day.day} {day:%b}{year}"


def said_of(row: ShelfRow, summary: TasteSummary | None, *, whole: bool = False) -> str:
    """Format a row on one line; `whole`: with its folder."""
    if row.path is None or row.kind is not RowKind.TASTE:
        return row.text
    parts = [row.text, *(["in use"] if row.is_in_use else [])]
    if summary is not None:
        parts.append(summary.trouble or f"{learned_from(summary)}, {day_of(summary.written_s)}")
    if whole:
        parts.append(one_line(shown(row.path.parent)))
    return " · ".join(parts)


class ShelfRowDelegate(QStyledItemDelegate):
    """Paints a heading on one line; a taste on two, with the day at the right."""

    def __init__(self, theme: Theme, model: Rows, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._model = model

    def sizeHint(self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        is_taste = self._model.rows[index.row()].kind is RowKind.TASTE
        return QSize(px(200), px(_TALL if is_taste else ROW))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, row, rect = self.theme, self._model.rows[index.row()], QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected and row.is_choice:
            painter.fillRect(rect, QColor(theme.current_row))
            painter.fillRect(QRectF(rect.left(), rect.top(), px(3), rect.height()), QColor(theme.undecided))
        area = rect.adjusted(px(_PAD), 0, -px(_PAD), 0)
        if row.kind is RowKind.TASTE:
            self._paint_taste(painter, area, row)
        elif row.kind is RowKind.HEADING:
            bold = ui_font(TEXT_SMALL, QFont.Weight.DemiBold)
            paint_words(painter, area.adjusted(0, px(6), 0, 0), row.text, bold, theme.dim)
        else:
            token = theme.dim if row.kind is RowKind.NOTE else theme.text
            paint_words(painter, area, row.text, ui_font(), token)

    def _paint_taste(self, painter: QPainter, area: QRectF, row: ShelfRow) -> None:
        theme, small = self.theme, ui_font(TEXT_SMALL)
        summary = self._model.summaries.get(row.path) if row.path is not None else None
        upper = QRectF(area.left(), area.top() + px(4), area.width(), (area.height() - px(8)) / 2)
        lower = upper.translated(0, upper.height())
        day = "in use" if row.is_in_use else ""
        if summary is not None and not summary.trouble:
            day = " · ".join(filter(None, (day, day_of(summary.written_s))))
        taken = QFontMetricsF(small).horizontalAdvance(day)
        painter.setFont(small)
        painter.setPen(QColor(theme.undecided if row.is_in_use else theme.dim))
        painter.drawText(upper, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), day)
        name = upper.adjusted(0, 0, -taken - px(12), 0)
        # In the middle: long names often differ at their end.
        bold = ui_font(TEXT, QFont.Weight.DemiBold)
        shortened = QFontMetricsF(bold).elidedText(row.text, Qt.TextElideMode.ElideMiddle, name.width())
        paint_words(painter, name, shortened, bold, theme.text)
        if summary is not None and summary.trouble:
            paint_words(painter, lower, summary.trouble, small, theme.error)
            return
        learned = _NOT_READ if summary is None else learned_from(summary)
        taken = paint_words(painter, lower, learned, small, theme.dim)
        where = lower.adjusted(taken + px(4), 0, 0, 0)
        if row.path is not None and where.width() > px(80):
            paint_words(painter, where, f"· {one_line(shown(row.path.parent))}", small, theme.dim)


_ROOT = QModelIndex()
_PAGE_ROWS = 6
NOTHING_FOUND = "No taste or folder matches."


class Elsewhere(StrEnum):
    """Locations of tastes outside the list."""

    FILE = "Choose a file…"
    FOLDER = "List a folder…"


class _Rows(QAbstractListModel):
    """Headings, tastes, notes and rows that lead to other locations."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: tuple[ShelfRow, ...] = ()
        self.summaries: Mapping[Path, TasteSummary] = {}

    def show(self, rows: Sequence[ShelfRow]) -> None:
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def tell_changed(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        chosen = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return chosen if self.rows[index.row()].is_choice else Qt.ItemFlag.ItemIsEnabled

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole and row.path is not None:
            return said_of(row, self.summaries.get(row.path), whole=True)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return said_of(row, None if row.path is None else self.summaries.get(row.path))
        return None


class TasteShelf(QWidget):
    """A filter field and groups of tastes; the last two rows lead to other locations.

    Signals
    -------
    taken : a row was clicked twice
    changed : `problem()` may have changed
    """

    taken = Signal()
    changed = Signal()

    def __init__(self, theme: Theme, in_use: Path | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._in_use = in_use
        self._shelves: tuple[Shelf, ...] = ()
        self._rows = _Rows(self)
        self._delegate = ShelfRowDelegate(theme, self._rows, self)
        self._field = QLineEdit()
        self._field.setPlaceholderText("Find by name or folder")
        self._field.setAccessibleName("Find a taste")
        self._field.setClearButtonEnabled(True)
        self._list = QListView()
        self._list.setModel(self._rows)
        self._list.setItemDelegate(self._delegate)
        self._list.setAccessibleName("Tastes")
        self._list.setProperty("surface", "ground")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setMinimumSize(px(400), px(140))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(8))
        layout.addWidget(self._field)
        layout.addWidget(self._list, 1)
        self._field.textChanged.connect(lambda: self._list_rows(None))
        self._field.installEventFilter(self)
        self._list.selectionModel().currentChanged.connect(self._renew)
        self._list.doubleClicked.connect(lambda _index: self.taken.emit() if not self.problem() else None)
        self.setFocusProxy(self._field)
        self._list_rows(None)

    def sizeHint(self) -> QSize:
        return QSize(px(600), px(440))

    def set_shelves(self, shelves: Sequence[Shelf]) -> None:
        """Replace the list and keep the selection if it is still present."""
        before = self.chosen() if self._shelves else None
        self._shelves = tuple(shelves)
        self._list_rows(before)

    def set_summaries(self, summaries: Mapping[Path, TasteSummary]) -> None:
        """Set the known summaries of the tastes."""
        self._rows.summaries = summaries
        self._rows.tell_changed()
        self._renew()

    def chosen(self) -> Path | Elsewhere | None:
        """Return the chosen taste, or the location to search."""
        row = self._row()
        return None if row is None else _choice_of(row)

    def problem(self) -> str:
        """Return why no taste can be chosen, or ""."""
        chosen = self.chosen()
        if chosen is None:
            return NOTHING_FOUND
        summary = self._rows.summaries.get(chosen) if isinstance(chosen, Path) else None
        return "" if summary is None else summary.trouble

    def _row(self) -> ShelfRow | None:
        index = self._list.currentIndex()
        return self._rows.rows[index.row()] if index.isValid() else None

    def _list_rows(self, wanted: Path | Elsewhere | None) -> None:
        words = self._field.text().casefold().split()
        rows = list[ShelfRow]()
        for shelf in self._shelves:
            found = [path for path in shelf.paths if all(word in _searched(path) for word in words)]
            if found or (shelf.note and not words):
                rows.append(ShelfRow(RowKind.HEADING, shelf.title))
            rows += [ShelfRow(RowKind.TASTE, name_of(path), path, path == self._in_use) for path in found]
            if shelf.note and not words:
                rows.append(ShelfRow(RowKind.NOTE, shelf.note))
        if words and not rows:
            rows.append(ShelfRow(RowKind.NOTE, NOTHING_FOUND))
        rows += [ShelfRow(RowKind.WAY_OUT, way) for way in Elsewhere]
        self._rows.show(rows)
        self._go(self._place_of(wanted, words))

    def _place_of(self, wanted: Path | Elsewhere | None, words: Sequence[str]) -> int:
        """Return the row of the requested taste, else of its name, else of the first inactive one."""
        rows = self._rows.rows
        same = (n for n, row in enumerate(rows) if wanted is not None and _choice_of(row) == wanted)
        called = (
            n
            for n, row in enumerate(rows)
            if words and row.path is not None and _is_called(name_of(row.path), words)
        )
        free = (n for n, row in enumerate(rows) if row.kind is RowKind.TASTE and not row.is_in_use)
        choice = (n for n, row in enumerate(rows) if row.is_choice)
        return next(same, next(called, next(free, next(choice))))

    def _go(self, row: int) -> None:
        index = self._rows.index(row)
        self._list.setCurrentIndex(index)
        # The cursor stays in the field, so that a screen reader would hear nothing of the list.
        announce(self._field, str(index.data(Qt.ItemDataRole.AccessibleTextRole)))

    def _step(self, by: int) -> None:
        """Move by a number of selectable rows, cyclically."""
        choices = [number for number, row in enumerate(self._rows.rows) if row.is_choice]
        here, last = self._list.currentIndex().row(), len(choices) - 1
        wanted = (choices.index(here) if here in choices else 0) + by
        if abs(by) == 1:
            wanted %= len(choices)
        wanted = min(max(wanted, 0), last)
        self._go(choices[wanted])
        if wanted == 0:
            self._list.scrollToTop()  # the heading over the first, too

    def _renew(self, *_: object) -> None:
        self.changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows of the field steer the list."""
        if watched is self._field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_PageDown: _PAGE_ROWS,
                Qt.Key.Key_PageUp: -_PAGE_ROWS,
            }
            if event.key() in steps:
                self._step(steps[Qt.Key(event.key())])
                return True
        return super().eventFilter(watched, event)


def _choice_of(row: ShelfRow) -> Path | Elsewhere | None:
    if not row.is_choice:
        return None
    return Elsewhere(row.text) if row.path is None else row.path


def _is_called(name: str, words: Sequence[str]) -> bool:
    return all(word in name.casefold() for word in words)


def _searched(path: Path) -> str:
    return f"{name_of(path)} {path.parent}".casefold()
