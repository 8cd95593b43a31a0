"""Buttons and lists that show the keys of commands, and the rows and columns that hold them.

While a button or a list has the focus, Enter and the arrows belong to it; other keys reach the commands of
the window. Only Tab gives it the focus, so that a click never changes the meaning of the next key. `row` and
`column` take their parts as a list.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import TypeVar

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
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QListView,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStyleOptionViewItem,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from widgets.controls.command_entries import CommandEntry, key_labels
from widgets.controls.text_and_icons import PaintedRow, Themed, paint_icon, paint_words
from widgets.theme import CONTROL, ROW, STEP, TEXT, TEXT_SMALL, Theme, color, mono_font, px, ui_font

Part = QWidget | QLayout | int | tuple[QWidget | QLayout, int] | tuple[QWidget, int, Qt.AlignmentFlag]
"""A widget or a layout, also with its share of the free space and alignment; a number is empty space."""
Margins = tuple[float, float, float, float]
Box = TypeVar("Box", bound=QBoxLayout)


def row(
    *parts: Part, gap: float | None = None, margins: Margins = (0, 0, 0, 0), owner: QWidget | None = None
) -> QHBoxLayout:
    """Return a layout of parts from the left.

    Parameters
    ----------
    gap : pixels between two parts at 100 %; None for that of the surrounding layout
    margins : left, top, right and bottom, in pixels at 100 %
    owner : the widget whose layout it is; None for a part of another layout
    """
    return _filled(QHBoxLayout() if owner is None else QHBoxLayout(owner), parts, gap, margins)


def column(
    *parts: Part, gap: float | None = None, margins: Margins = (0, 0, 0, 0), owner: QWidget | None = None
) -> QVBoxLayout:
    """Return a layout of parts from the top; see `row`."""
    return _filled(QVBoxLayout() if owner is None else QVBoxLayout(owner), parts, gap, margins)


def _filled(layout: Box, parts: tuple[Part, ...], gap: float | None, margins: Margins) -> Box:
    layout.setContentsMargins(*map(px, margins))
    if gap is not None:
        layout.setSpacing(px(gap))
    for part in parts:
        if isinstance(part, int):
            layout.addStretch(part)
            continue
        if isinstance(part, tuple) and len(part) == 3:
            layout.addWidget(part[0], part[1], part[2])
            continue
        content, stretch = part if isinstance(part, tuple) else (part, 0)
        if isinstance(content, QLayout):
            layout.addLayout(content, stretch)
        else:
            layout.addWidget(content, stretch)
    return layout


def label(text: str = "", role: str = "", *, wraps: bool = False, name: str = "") -> QLabel:
    """Return a text with a role of the style sheet.

    Parameters
    ----------
    name : for screen readers
    """
    made = QLabel(text)
    if role:
        made.setProperty("role", role)
    made.setWordWrap(wraps)
    made.setAccessibleName(name)
    return made


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
    """A list that handles arrows and Enter itself.

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
    """A button that Enter presses while it has the focus; Space is left to playback."""

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


class KeyButton(Themed, EnterButton):
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

    def _shown(self, text: str, key: str) -> tuple[str, str]:
        """Return the parts of a text and a key that the present compactness shows."""
        hides_text = self._compact >= 2 and self._icon_name
        return "" if hides_text else text, "" if self._compact >= 1 else key

    def width_of(self, text: str, key: str) -> int:
        """Return its width with another text and key."""
        return self._width(*self._shown(text, key))

    @property
    def full_width(self) -> int:
        """Its width without compactness."""
        return self._width(self.text(), self._key)

    def _width(self, text: str, key: str) -> int:
        parts = [
            float(px(16)) if self._icon_name else 0.0,
            QFontMetricsF(ui_font()).horizontalAdvance(text),
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
        text, key = self._shown(self.text(), self._key)
        left, middle = float(px(10)), self.height() / 2
        if self._icon_name:
            side = px(16)
            if not text and not key:
                left = (self.width() - side) / 2
            paint_icon(painter, self._icon_name, QRectF(left, middle - side / 2, side, side), token)
            left += side + px(8)
        painter.setFont(ui_font())
        painter.setPen(QColor(token))
        words = QRectF(left, 0, self.width() - left, self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        if key and self._width(text, key) <= self.width():
            paint_cap(painter, QPointF(self.width() - px(9), middle), key, self._theme)


def command_buttons(
    theme: Theme,
    commands: Iterable[tuple[str, ...]],
    keys: Mapping[str, str],
    request: Callable[[str], None],
) -> dict[str, KeyButton]:
    """Return a button for each command, by id.

    Parameters
    ----------
    commands : the id, the text and, if any, the icon of each
    keys : the key cap of each command id
    request : called with the id of the pressed button
    """
    made = {}
    for command, text, *icon in commands:
        button = made[command] = KeyButton(theme, text, keys.get(command, ""), "".join(icon))
        button.clicked.connect(lambda _checked=False, command=command: request(command))
    return made


class Fold(QWidget):
    """A button that shows optional content and hides it again; hidden at first.

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
        column(row(self.button, 1), (body, 1), gap=8, owner=self)
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


class _CommandRow(PaintedRow):
    """Paints a command: its name, description and keys."""

    height = ROW

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        found, theme, rect = index.model(), self.theme, QRectF(option.rect)
        assert isinstance(found, FoundCommands)
        command = found.commands[index.row()]
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


class CommandList(QListView):
    """Shows found commands, each with its keys.

    Attributes
    ----------
    found : the commands
    """

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.found = FoundCommands()
        self.setModel(self.found)
        self._row = _CommandRow(theme, self)
        self.setItemDelegate(self._row)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(name)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._row.theme = theme
        self.viewport().update()
