"""Search field of the queue. Its input is text: no key in it decides anything."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from widgets.controls.icons import paint_icon
from widgets.theme import TEXT_SMALL, Theme, px

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_HANDS_OVER = (*_ENTER, Qt.Key.Key_Escape)
_SIDES = 24 + 8 + 6
"""Width without text: the magnifier, the padding, and the margins of Qt."""


class SearchField(QLineEdit):
    """One line with a magnifier.

    Signals
    -------
    textChanged : as Qt has it
    entered : Enter: go to the first match
    given_up : Esc: the field is empty now
    """

    entered = Signal()
    given_up = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.set_key("")
        self.setAccessibleName("Search the queue")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_theme(theme)

    def set_key(self, key: str) -> None:
        """Show the key of the field: always in the tooltip, and in the field if there is room."""
        self._key = key
        self.setToolTip(f"Search reasons ({key})" if key else "Search reasons")
        self._fit()

    def _fit(self) -> None:
        words, room = "Search reasons", self.width() - px(_SIDES)
        for shown in (f"{words}   {self._key}".rstrip(), words):
            self.setPlaceholderText(shown)
            if self.fontMetrics().horizontalAdvance(shown) <= room:
                break

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.setStyleSheet(
            f"QLineEdit {{ min-height: {px(22)}px; padding: 0 {px(8)}px 0 {px(24)}px;"
            f" font-size: {px(TEXT_SMALL + 1)}px; }}"
        )

    def event(self, event: QEvent) -> bool:
        """Keep Enter and Esc from the window's commands; Qt keeps letters itself."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in _HANDS_OVER
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.given_up.emit()
        elif event.key() in _ENTER:
            self.entered.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        side = px(13)
        place = QRectF(px(7), (self.height() - side) / 2, side, side)
        paint_icon(QPainter(self), "search", place, self._theme.dim)
