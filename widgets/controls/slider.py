"""A slider with its name and its value, which arrow keys move while it has the focus."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from widgets.controls.keys.own_keys import WITH_SHIFT, is_own_key
from widgets.theme import RADIUS, ROW, STEP, TEXT_SMALL, Theme, mono_font, px, ui_font

REST_MS = 200
"""Delay after the last key or wheel event until a value counts as chosen."""
_KEYS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Up: 1,
}
_FAR_KEYS = frozenset({Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown})
_OWN = _FAR_KEYS | _KEYS.keys()
_HANDLE, _GROOVE, _NAME, _VALUE = 6, 3, 64, 56


class Slider(QAbstractSlider):
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
        self.valueChanged.connect(lambda _value: self._tell())
        self._tell()

    def _tell(self) -> None:
        self.setAccessibleDescription(self._words(self.value()))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
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
        said = self._words(self.value())
        width = max(QFontMetricsF(painter.font()).horizontalAdvance(said), px(_VALUE))
        room = QRectF(self.width() - width, 0, width, self.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, said)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.undecided), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(frame, px(RADIUS), px(RADIUS))
