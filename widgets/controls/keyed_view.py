"""A painted view with keys, which shows its focus."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from widgets.controls.key_caps import ENTER, WITH_SHIFT, is_own_key
from widgets.theme import Theme, color, px, ui_font

ARROWS = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down})
ENDS = frozenset({Qt.Key.Key_Home, Qt.Key.Key_End})
HEARING = ENTER | {Qt.Key.Key_Space}


class KeyedView(QWidget):
    """Takes arrows, Home, End, Enter and Space before the commands of the window do.

    Signals
    -------
    heard : Enter or Space was pressed: play the current item
    """

    heard = Signal()

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def theme(self) -> Theme:
        """The colours it is painted with."""
        return self._theme

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

    def step(self, key: Qt.Key, coarse: bool) -> None:
        """Handle an arrow key, Home or End; `coarse` with Shift."""

    def event(self, event: QEvent) -> bool:
        if is_own_key(event, ARROWS | ENDS | HEARING, WITH_SHIFT):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in HEARING:
            self.heard.emit()
        elif key in ARROWS | ENDS:
            self.step(key, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def paint_ground(self, painter: QPainter) -> None:
        """Fill the ground; call first."""
        painter.fillRect(self.rect(), color(self._theme.bg))

    def paint_focus(self, painter: QPainter) -> None:
        """Frame the view while it has the focus; call last."""
        token = self._theme.undecided if self.hasFocus() else self._theme.line
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(token), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def paint_empty(self, painter: QPainter, sentence: str) -> None:
        """Paint a hint in an empty view."""
        painter.setPen(color(self._theme.dim))
        painter.setFont(ui_font())
        room = QRectF(self.rect()).adjusted(px(16), px(8), -px(16), -px(8))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), sentence)
