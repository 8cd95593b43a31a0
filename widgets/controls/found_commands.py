"""List of found commands: a line each, with its keys."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from widgets.controls.elided_label import paint_words
from widgets.controls.entries import CommandEntry
from widgets.controls.keys.caps import paint_cap
from widgets.controls.keys.names import key_labels
from widgets.theme import ROW, TEXT, Theme, px, ui_font

_ROOT = QModelIndex()


class FoundCommands(QAbstractListModel):
    """The commands that a search found, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: tuple[CommandEntry, ...] = ()

    def show(self, commands: tuple[CommandEntry, ...]) -> None:
        self.beginResetModel()
        self.commands = commands
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.commands)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        command = self.commands[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return command.description
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return ", ".join((command.label, *key_labels(command.keys)))
        return None


class CommandDelegate(QStyledItemDelegate):
    """Paints a command: its name, description and keys."""

    def __init__(self, theme: Theme, found: FoundCommands) -> None:
        super().__init__()
        self.theme = theme
        self._found = found

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(px(200), px(ROW))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, command, rect = self.theme, self._found.commands[index.row()], QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(theme.current_row))
            painter.fillRect(QRectF(rect.left(), rect.top(), px(3), rect.height()), QColor(theme.undecided))
        right, middle = rect.right() - px(12), rect.center().y()
        for label in reversed(key_labels(command.keys)[:3]):
            right = paint_cap(painter, QPointF(right, middle), label, theme).left() - px(4)
        left = rect.left() + px(14)
        area = QRectF(left, rect.top(), right - left, rect.height())
        taken = paint_words(painter, area, command.label, ui_font(), theme.text)
        area.adjust(taken + px(10), 0, -px(8), 0)
        if area.width() > px(60):
            paint_words(painter, area, command.description, ui_font(TEXT - 1), theme.dim)
