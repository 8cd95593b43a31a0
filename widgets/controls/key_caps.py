"""Key caps next to actions: a painted cap, and a button with one.

Keys that a widget keeps from the window's commands while it has the focus.

Optional content: a button that shows it, and hides it again.

List of found commands: a line each, with its keys.
"""

from __future__ import annotations

from collections.abc import Container

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStyleOptionViewItem,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from widgets.controls.command_entries import CommandEntry, key_labels
from widgets.controls.text_and_icons import paint_icon, paint_words
from widgets.theme import CONTROL, ROW, STEP, TEXT, TEXT_SMALL, Theme, color, mono_font, px, ui_font

ENTER = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
_WALKING = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End})
_OF_LIST = ENTER | _WALKING
_ON_PAD = Qt.KeyboardModifier.KeypadModifier
WITH_SHIFT = _ON_PAD | Qt.KeyboardModifier.ShiftModifier


def is_own_key(event: QEvent, keys: Container[int], held: Qt.KeyboardModifier = _ON_PAD) -> bool:
    """Return whether a shortcut would take one of the keys that a widget handles itself.

    Parameters
    ----------
    held : allowed modifiers
    """
    return (
        event.type() == QEvent.Type.ShortcutOverride
        and isinstance(event, QKeyEvent)
        and event.key() in keys
        and not event.modifiers() & ~held
    )


class KeyedList(QListView):
    """Handles arrows and Enter itself while it has the focus; other keys reach the commands.

    Only Tab gives it the focus, so that a click never changes the meaning of the next key.

    Signals
    -------
    entered_at : Enter, with the row that is current
    """

    entered_at = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def event(self, event: QEvent) -> bool:
        if is_own_key(event, _OF_LIST):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.entered_at.emit(self.currentIndex().row())
        elif event.key() in _WALKING:
            super().keyPressEvent(event)
        else:
            event.ignore()


def cap_width(label: str) -> float:
    """Return the width of a key cap, 0 without one."""
    return QFontMetricsF(mono_font(TEXT_SMALL)).horizontalAdvance(label) + px(2 * STEP + 2) if label else 0.0


def cap_height() -> float:
    """Return the height of a cap."""
    return float(px(18))


def paint_cap(painter: QPainter, right_middle: QPointF, label: str, theme: Theme) -> QRectF:
    """Paint a key cap with its right edge centred at a point; return its left edge."""
    width, height = cap_width(label), cap_height()
    rect = QRectF(right_middle.x() - width, right_middle.y() - height / 2, width, height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    hairline = 1 / painter.device().devicePixelRatio()
    painter.setPen(QPen(color(theme.faint, 0.55), hairline))
    painter.setBrush(QColor(theme.panel))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), px(STEP), px(STEP))
    painter.setFont(mono_font(TEXT_SMALL))
    painter.setPen(QColor(theme.dim))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, label)
    painter.restore()
    return rect


class EnterButton(QPushButton):
    """A button that Enter presses while it has the focus; Space is left to playback.

    Only Tab gives it the focus, so that a click never changes the meaning of the next key.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAutoDefault(False)

    def event(self, event: QEvent) -> bool:
        if is_own_key(event, ENTER):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.click()
        elif event.key() == Qt.Key.Key_Space:
            event.ignore()
        else:
            super().keyPressEvent(event)


class KeyButton(EnterButton):
    """A button that shows the key of its command.

    Parameters
    ----------
    text, key : the word and the key cap; either may be empty
    icon_name : an icon before the word
    """

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        key: str = "",
        icon_name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._theme = theme
        self._key = key
        self._icon_name = icon_name
        self._outline = ""
        self._compact = 0
        self.set_key(key)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

    @property
    def key(self) -> str:
        """The key shown."""
        return self._key

    def set_key(self, key: str) -> None:
        """Show another key."""
        self._key = key
        self._renew()

    def set_outline(self, outline: str) -> None:
        """Mark it with a border of this token, or with none."""
        self._outline = outline
        self.update()

    def set_icon_name(self, icon_name: str) -> None:
        """Show another icon."""
        self._icon_name = icon_name
        self._renew()

    def set_compact(self, level: int) -> None:
        """Use less width: 1 moves the key to the tooltip, 2 also the text if there is an icon."""
        if level != self._compact:
            self._compact = level
            self._renew()

    def _renew(self) -> None:
        name = self.accessibleName() or self.text()
        self.setToolTip(f"{name} ({self._key})" if self._key else name)
        self.updateGeometry()
        self.update()

    def setAccessibleName(self, name: str) -> None:
        """Name it for screen readers, and in the tooltip."""
        if name != self.accessibleName():
            super().setAccessibleName(name)
            self._renew()

    def setText(self, text: str) -> None:
        """Show another word."""
        if text != self.text():  # or all that is laid out around it would be laid out and painted anew
            super().setText(text)
            self._renew()

    def _shown_text(self) -> str:
        return self._fitting_text(self.text())

    def _fitting_text(self, text: str) -> str:
        return "" if self._compact >= 2 and self._icon_name else text

    def _shown_key(self) -> str:
        return "" if self._compact >= 1 else self._key

    def _font(self) -> QFont:
        return ui_font()

    def width_of(self, text: str, key: str) -> int:
        """Return its width with another text and key."""
        return self._width(self._fitting_text(text), "" if self._compact >= 1 else key)

    @property
    def full_width(self) -> int:
        """Its width without compactness."""
        return self._width(self.text(), self._key)

    def _width(self, text: str, key: str) -> int:
        parts = [
            float(px(16)) if self._icon_name else 0.0,
            QFontMetricsF(self._font()).horizontalAdvance(text),
            cap_width(key),
        ]
        shown = [width for width in parts if width]
        return round(sum(shown) + px(8) * max(0, len(shown) - 1) + px(20) + 0.5)

    def sizeHint(self) -> QSize:
        return QSize(self.width_of(self.text(), self._key), px(CONTROL))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._outline and not self.hasFocus():
            painter.setPen(QPen(QColor(self._outline), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), px(6), px(6))
        token = self._theme.text if self.isEnabled() else self._theme.faint
        left, middle = float(px(10)), self.height() / 2
        if self._icon_name:
            side = px(16)
            if not self._shown_text() and not self._shown_key():
                left = (self.width() - side) / 2
            paint_icon(painter, self._icon_name, QRectF(left, middle - side / 2, side, side), token)
            left += side + px(8)
        painter.setFont(self._font())
        painter.setPen(QColor(token))
        words = QRectF(left, 0, self.width() - left, self.height())
        painter.drawText(
            words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._shown_text()
        )
        if self._shown_key() and self.width_of(self.text(), self._key) <= self.width():
            paint_cap(painter, QPointF(self.width() - px(9), middle), self._shown_key(), self._theme)


class Fold(QWidget):
    """Folded at first.

    Signals
    -------
    toggled : it is open now, or folded again
    """

    toggled = Signal(bool)

    def __init__(self, theme: Theme, title: str, body: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._body = title, body
        self.button = KeyButton(theme, title, "", "plus")
        self.button.clicked.connect(lambda: self.set_open(not self.is_open))
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(8))
        layout.addLayout(row)
        layout.addWidget(body, 1)
        self.set_open(False)

    @property
    def is_open(self) -> bool:
        """Whether the content is visible."""
        return not self._body.isHidden()

    def set_open(self, is_open: bool) -> None:
        """Show or hide the content."""
        self._body.setVisible(is_open)
        self.button.set_icon_name("minus" if is_open else "plus")
        self.button.setAccessibleName(f"{self._title}, {'open' if is_open else 'folded'}")
        self.toggled.emit(is_open)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self.button.set_theme(theme)


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
