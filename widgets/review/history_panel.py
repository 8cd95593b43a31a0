"""Every step of undo and redo in one list, with the current position; a click goes to a step."""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from engine.document.file.history import StepLabel
from widgets.controls.key_caps import KeyedList, column, label
from widgets.controls.text_and_icons import PaintedRow, paint_icon, paint_words
from widgets.theme import QUEUE, TEXT, Theme, px, ui_font

_ROOT = QModelIndex()


class _Steps(QAbstractListModel):
    """The places of a history: line n is the document after n steps."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: tuple[StepLabel, ...] = ()
        self.here = 0

    def set_steps(self, steps: tuple[StepLabel, ...]) -> None:
        """Set the steps; of a long history only changed rows are replaced."""
        before, was_here = self.steps, self.here
        pairs = enumerate(zip(before, steps, strict=False))
        differ = (place for place, (old, new) in pairs if old is not new and old != new)
        same = next(differ, min(len(before), len(steps)))
        if len(before) > same:
            self.beginRemoveRows(_ROOT, same + 1, len(before))
            self.steps = before[:same]
            self.endRemoveRows()
        if len(steps) > same:
            self.beginInsertRows(_ROOT, same + 1, len(steps))
            self.steps = steps
            self.endInsertRows()
        self.here = bisect_left(steps, True, key=attrgetter("undone"))
        for place in {was_here, self.here}:
            if place <= len(steps):
                self.dataChanged.emit(self.index(place), self.index(place))

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.steps) + 1

    def label(self, place: int) -> str:
        return self.steps[place - 1].label if place else "Empty document"

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        place = index.row()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.label(place)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            where = ", here" if place == self.here else ", undone" if place > self.here else ""
            return self.label(place) + where
        return self.label(place) if role == Qt.ItemDataRole.ToolTipRole else None


class _StepRow(PaintedRow):
    """Paints a step: a mark and bright text for the current one, italics for undone ones."""

    height = 26

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        steps, theme, rect = index.model(), self.theme, QRectF(option.rect)
        assert isinstance(steps, _Steps)
        here = index.row() == steps.here
        if here or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(theme.current_row if here else theme.panel2))
        side, margin = px(12), px(14)
        if here:
            place = QRectF(margin, rect.center().y() - side / 2, side, side)
            paint_icon(painter, "chevron-right", place, theme.undecided)
        font = ui_font(TEXT - 1)
        font.setItalic(index.row() > steps.here)
        words = rect.adjusted(margin + side + px(8), 0, -margin, 0)
        paint_words(painter, words, steps.label(index.row()), font, theme.text if here else theme.dim)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(theme.undecided))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(0, 0, -1, -1))


class HistoryPanel(QFrame):
    """Shows the steps; `step_chosen` carries the number of steps to apply."""

    step_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("History")
        title = label("History", "title")
        title.setContentsMargins(px(14), px(10), px(14), px(6))
        self._steps = _Steps()
        self._list = KeyedList("Steps")
        self._list.setModel(self._steps)
        self._delegate = _StepRow(theme, self._list)
        self._list.setItemDelegate(self._delegate)
        self._list.clicked.connect(lambda index: self.step_chosen.emit(index.row()))
        self._list.entered_at.connect(self.step_chosen)
        column(title, self._list, gap=0, owner=self)
        self.setMinimumHeight(px(100))
        self.setMaximumHeight(px(220))
        self.set_theme(theme)

    def sizeHint(self) -> QSize:
        return QSize(px(QUEUE), px(220))

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._delegate.theme = theme
        self.setStyleSheet(f"HistoryPanel {{ border-top: 1px solid {theme.line}; }}")
        self._list.viewport().update()

    def set_steps(self, steps: tuple[StepLabel, ...]) -> None:
        """Show these steps, oldest first; undone ones are last."""
        self._steps.set_steps(steps)
        here = self._steps.index(self._steps.here)
        self._list.setCurrentIndex(here)
        self._list.scrollTo(here, QListView.ScrollHint.PositionAtCenter)
