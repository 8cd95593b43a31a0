"""Ranking of recordings by score: references, the document and dropped files, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from engine.core.timebase import format_time
from engine.core.wording import percent
from engine.features.taste.overview.results import Origin
from widgets.controls.key_caps import WITH_SHIFT, is_own_key
from widgets.controls.keyed_view import ARROWS, ENDS, HEARING
from widgets.theme import ROW, TEXT_SMALL, mono_font, px

_Index = QModelIndex | QPersistentModelIndex
_COLUMNS = ("recording", "from", "length", "average", "top 5 %", "above")
_TIPS = (
    "",
    "Training data, open in the document, or dropped here",
    "",
    "Mean score: 0.5 is typical of your edits, 1 is anomalous",
    "95th percentile of the scores: 5 % of the recording score higher",
    "Share of the recording with scores at or above the threshold",
)
_ORIGINS = {Origin.KEPT: "edited", Origin.DOCUMENT: "open", Origin.SOURCE: "source", Origin.FILE: "dropped"}
_HIGH_COLUMN = 4


@dataclass(frozen=True, slots=True)
class RankedRow:
    """A recording in the ranking; figures are None until it is scored."""

    key: str
    name: str
    origin: Origin
    duration_s: float
    mean: float | None = None
    high: float | None = None
    above: float | None = None


class _Model(QAbstractTableModel):
    """The rows in the order asked for."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[RankedRow] = []
        self.column, self.order = _HIGH_COLUMN, Qt.SortOrder.DescendingOrder

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            arrow = " ↑" if self.order == Qt.SortOrder.AscendingOrder else " ↓"
            return _COLUMNS[section] + (arrow if section == self.column else "")
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section > 1 else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: _Index, role: int = 0) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _texts(row)[column]
        if role == Qt.ItemDataRole.ToolTipRole and column == 0:
            return row.key or row.name
        if role == Qt.ItemDataRole.TextAlignmentRole and column > 1:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.FontRole and column > 1:
            return mono_font(TEXT_SMALL)
        return None

    def set_rows(self, rows: Sequence[RankedRow]) -> None:
        self.beginResetModel()
        self.rows = _sorted(rows, self.column, self.order)
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.column, self.order = column, order
        self.set_rows(self.rows)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(_COLUMNS) - 1)


class Ranking(QTableView):
    """A table; Up and Down choose a recording, Left and Right the column it is sorted by.

    Signals
    -------
    chosen : key of the selected recording
    heard : Enter or Space; play its highest-scoring position
    """

    chosen = Signal(str)
    heard = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = _Model(self)
        self._current = ""
        self._is_renewing = False
        self.setModel(self._rows)
        self.setAccessibleName("Ranking of recordings")
        self.setProperty("surface", "ground")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMinimumHeight(px(5 * ROW))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(px(ROW))
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(px(44))
        header.setHighlightSections(False)
        header.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        header.setAccessibleName("Sorted by")
        self.setSortingEnabled(True)
        self.sortByColumn(_HIGH_COLUMN, Qt.SortOrder.DescendingOrder)
        header.setSortIndicatorShown(False)  # Qt paints it over the words; they carry an arrow of their own
        self._rows.modelReset.connect(self._mark)
        self.selectionModel().currentRowChanged.connect(self._tell)
        self.doubleClicked.connect(lambda _index: self.heard.emit())

    @property
    def current(self) -> str:
        """The key of the chosen recording."""
        return self._current

    def keys(self) -> list[str]:
        """Return the keys of the rows, from the top."""
        return [row.key for row in self._rows.rows]

    def rows(self) -> list[RankedRow]:
        """Return the rows, from the top."""
        return list(self._rows.rows)

    def set_rows(self, rows: Sequence[RankedRow], current: str) -> None:
        """Show these; the chosen one is marked."""
        self._current = current
        self._rows.set_rows(rows)

    def _mark(self) -> None:
        """Select the row of the chosen recording at its current position."""
        keys = self.keys()
        if self._current in keys:
            self._is_renewing = True
            self.setCurrentIndex(self._rows.index(keys.index(self._current), 0))
            self._is_renewing = False

    def _tell(self, index: QModelIndex) -> None:
        if index.isValid() and not self._is_renewing:
            self._current = self._rows.rows[index.row()].key
            self.chosen.emit(self._current)

    def event(self, event: QEvent) -> bool:
        if is_own_key(event, ARROWS | ENDS | HEARING, WITH_SHIFT):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in HEARING:
            self.heard.emit()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._sort_beside(1 if key == Qt.Key.Key_Right else -1)
        elif key in ENDS and self._rows.rows:
            last = len(self._rows.rows) - 1
            self.setCurrentIndex(self._rows.index(0 if key == Qt.Key.Key_Home else last, 0))
        else:
            super().keyPressEvent(event)

    def _sort_beside(self, step: int) -> None:
        """Sort by the next column: words from A, figures from the largest."""
        column = (self._rows.column + step) % len(_COLUMNS)
        is_word = column < 2
        self.sortByColumn(column, Qt.SortOrder.AscendingOrder if is_word else Qt.SortOrder.DescendingOrder)


def _texts(row: RankedRow) -> tuple[str, ...]:
    figures = [f"{value:.2f}" if value is not None else "…" for value in (row.mean, row.high)]
    above = percent(row.above) if row.above is not None else "…"
    return (row.name, _ORIGINS[row.origin], format_time(row.duration_s, 0), *figures, above)


def _sorted(rows: Sequence[RankedRow], column: int, order: Qt.SortOrder) -> list[RankedRow]:
    """Return the sorted rows; recordings without scores are last in either direction."""

    def value(row: RankedRow) -> str | float | None:
        return (row.name.casefold(), row.origin, row.duration_s, row.mean, row.high, row.above)[column]

    scored = [row for row in rows if value(row) is not None]
    rest = [row for row in rows if value(row) is None]
    scored.sort(key=lambda row: (value(row), row.name), reverse=order == Qt.SortOrder.DescendingOrder)
    return scored + rest
