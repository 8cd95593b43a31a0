"""Fields of forms and panels: numbers, choices, check boxes, sliders and lists that can be shortened.

Arrow keys step numbers, choices and sliders. Boxes and sliders are painted by hand, so that they can be
distinguished in every theme and at every scale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QIntValidator,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QSizePolicy,
    QWidget,
)

from widgets.controls.key_caps import WITH_SHIFT, is_own_key
from widgets.controls.text_and_icons import Themed, paint_icon, paint_words
from widgets.theme import CONTROL, RADIUS, ROW, STEP, TEXT_SMALL, Theme, mono_font, px, ui_font


class RemovableList(QListWidget):
    """Signals a request to remove the selected rows; the owner removes them."""

    removed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        else:
            super().keyPressEvent(event)


def tab_to_checked(group: QButtonGroup) -> None:
    """Let Tab stop at the checked button of a group alone; Qt stops at the first until one was used."""

    def stop_there(button: QAbstractButton, checked: bool) -> None:
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if checked else Qt.FocusPolicy.ClickFocus)

    for button in group.buttons():
        stop_there(button, button.isChecked())
    group.buttonToggled.connect(stop_there)


class NumberField(QLineEdit):
    """A line for whole numbers from `lowest` to `highest`."""

    def __init__(self, value: int, lowest: int, highest: int, parent: QWidget | None = None) -> None:
        super().__init__(str(value), parent)
        self._lowest, self._highest = lowest, highest
        self.setValidator(QIntValidator(lowest, highest, self))

    def value(self) -> int | None:
        """Return the number, or None if the text is not a number within the limits."""
        return int(self.text()) if self.hasAcceptableInput() else None

    def problem(self, name: str) -> str:
        """Return the error message, or "" for valid input."""
        if self.value() is not None:
            return ""
        return f"{name} must be a whole number from {self._lowest:,} to {self._highest:,}."

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        value = self.value()
        if step is None or value is None:
            super().keyPressEvent(event)
        else:
            self.setText(str(min(self._highest, max(self._lowest, value + step))))


_CHEVRON = 14


class ChoiceField(Themed, QComboBox):
    """A closed list that shows the chosen one.

    Parameters
    ----------
    labels : displayed texts, by value
    """

    def __init__(
        self, theme: Theme, name: str, labels: Mapping[str, str], chosen: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for value, label in labels.items():
            self.addItem(label, value)
        self.choose(chosen)

    def value(self) -> str:
        """Return the chosen value."""
        return str(self.currentData())

    def choose(self, value: str) -> None:
        """Choose a value; an unknown one selects the first."""
        self.setCurrentIndex(max(0, self.findData(value)))

    def sizeHint(self) -> QSize:
        words = QFontMetricsF(ui_font())
        widest = max((words.horizontalAdvance(self.itemText(row)) for row in range(self.count())), default=0)
        return QSize(round(widest) + px(_CHEVRON + 32), px(CONTROL))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(120), px(CONTROL))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # scrolling a form must not change what is in it

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused, enabled = self.hasFocus(), self.isEnabled()
        painter.setPen(QPen(QColor(theme.undecided if focused else theme.line), 1))
        painter.setBrush(QColor(theme.bg if enabled else theme.panel2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), px(RADIUS), px(RADIUS))
        token, side = theme.text if enabled else theme.faint, px(_CHEVRON)
        words = QRectF(self.rect()).adjusted(px(8), 0, -side - px(12), 0)
        paint_words(painter, words, self.currentText(), ui_font(), token)
        painter.translate(QPointF(self.width() - px(8) - side / 2, self.height() / 2))
        painter.rotate(90)
        token = theme.dim if enabled else theme.faint
        paint_icon(painter, "chevron-right", QRectF(-side / 2, -side / 2, side, side), token)


_BOX = 16


class CheckBox(Themed, QCheckBox):
    """A box, a tick in it, and words."""

    def __init__(self, theme: Theme, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._theme = theme

    def sizeHint(self) -> QSize:
        words = QFontMetricsF(ui_font()).size(Qt.TextFlag.TextShowMnemonic, self.text()).width()
        return QSize(round(words + px(_BOX + 4 * STEP) + 0.5), px(ROW - STEP))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, _position: object) -> bool:
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = px(_BOX)
        box = QRectF(px(2), (self.height() - side) / 2, side, side)
        checked = self.isChecked()
        edge = theme.undecided if checked or self.hasFocus() else theme.dim
        painter.setPen(QPen(QColor(edge), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(theme.undecided if checked else theme.bg))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), px(STEP), px(STEP))
        if checked:
            inset = px(2)
            paint_icon(painter, "check", box.adjusted(inset, inset, -inset, -inset), theme.on_undecided)
        painter.setFont(ui_font())
        painter.setPen(QColor(theme.text if self.isEnabled() else theme.faint))
        words = QRectF(self.rect()).adjusted(box.right() + px(2 * STEP), 0, 0, 0)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextShowMnemonic
        painter.drawText(words, flags, self.text())
        if self.hasFocus():  # on a filled box a blue edge says nothing: the words are framed too
            painter.setPen(QPen(QColor(theme.undecided), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), px(STEP), px(STEP))


REST_MS = 200
"""Delay after the last key or wheel event until a value counts as chosen."""
_KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_Up: 1}
_OWN = {Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, *_KEYS}
_HANDLE, _GROOVE, _NAME, _VALUE = 6, 3, 64, 56


class Slider(Themed, QAbstractSlider):
    """A whole number from `lowest` to `highest`.

    Signals
    -------
    moved : the value while dragging
    chosen : the value on release, or after the last key press

    Parameters
    ----------
    words : writes a value as it is shown
    """

    moved = Signal(int)
    chosen = Signal(int)

    def __init__(
        self,
        theme: Theme,
        name: str,
        lowest: int,
        highest: int,
        words: Callable[[int], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._name, self._words = theme, name, words
        self._is_held = False
        self.setAccessibleName(name)
        self.setRange(lowest, highest)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(lambda: self.chosen.emit(self.value()))
        self.valueChanged.connect(lambda _value: self._report())
        self._report()

    def _report(self) -> None:
        self.setAccessibleDescription(self._words(self.value()))
        self.update()

    def show_value(self, value: int) -> None:
        """Set a value from outside, unless the user is changing it."""
        if not (self._is_held or self._rest.isActive()):
            self.setValue(value)

    def sizeHint(self) -> QSize:
        return QSize(px(240), px(ROW - STEP))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(_NAME + _VALUE + 40), px(ROW - STEP))

    # keys and mouse

    def event(self, event: QEvent) -> bool:
        if is_own_key(event, _OWN, WITH_SHIFT):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        step = _KEYS.get(key, 0) * (10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        ends = {
            Qt.Key.Key_Home: self.minimum(),
            Qt.Key.Key_End: self.maximum(),
            Qt.Key.Key_PageUp: self.value() + 10,
            Qt.Key.Key_PageDown: self.value() - 10,
        }
        if not step and key not in ends:
            super().keyPressEvent(event)
            return
        self._move(ends.get(key, self.value() + step))
        self._rest.start()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_held = True
            self._move(self._value_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._is_held:
            self._move(self._value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_held and event.button() == Qt.MouseButton.LeftButton:
            self._is_held = False
            self._rest.stop()
            self.chosen.emit(self.value())

    def _move(self, value: int) -> None:
        before = self.value()
        self.setValue(value)
        if self.value() != before:
            self.moved.emit(self.value())

    # drawing

    def _groove(self) -> QRectF:
        left, right = px(_NAME + _HANDLE), self.width() - px(_VALUE + _HANDLE)
        return QRectF(left, self.height() / 2 - px(_GROOVE) / 2, max(right - left, 1), px(_GROOVE))

    def _value_at(self, x: float) -> int:
        groove = self._groove()
        share = (x - groove.left()) / groove.width()
        return round(self.minimum() + share * (self.maximum() - self.minimum()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter, groove = self._theme, QPainter(self), self._groove()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(ui_font(TEXT_SMALL + 0.5))
        painter.setPen(QColor(theme.dim if self.isEnabled() else theme.faint))
        middle_left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(0, 0, px(_NAME), self.height()), middle_left, self._name)
        span = max(self.maximum() - self.minimum(), 1)
        at = groove.left() + groove.width() * (self.value() - self.minimum()) / span
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.line))
        painter.drawRoundedRect(groove, px(1), px(1))
        ink = theme.undecided if self.isEnabled() else theme.faint
        painter.setBrush(QColor(ink))
        painter.drawRoundedRect(
            QRectF(groove.left(), groove.top(), at - groove.left(), groove.height()), 1, 1
        )
        painter.setPen(QPen(QColor(theme.panel), px(2)))
        painter.drawEllipse(QRectF(at - px(_HANDLE), self.height() / 2 - px(_HANDLE), *[2 * px(_HANDLE)] * 2))
        painter.setFont(mono_font(TEXT_SMALL))
        painter.setPen(QColor(theme.text if self.isEnabled() else theme.faint))
        text = self._words(self.value())
        width = max(QFontMetricsF(painter.font()).horizontalAdvance(text), px(_VALUE))
        room = QRectF(self.width() - width, 0, width, self.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.undecided), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(frame, px(RADIUS), px(RADIUS))
