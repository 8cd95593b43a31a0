"""The head of the arrangement lane."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QWidget

from widgets import theme
from widgets.theme import Theme
from widgets.timeline.heads.words import write

LEFT = 10


class ArrangementHead(QWidget):
    """Length of the result and number of blocks."""

    def __init__(self, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Arrangement")
        self.theme = tokens
        self._about = ""

    def show_about(self, about: str) -> None:
        """Show a summary such as "result 4:57 · 9 blocks"."""
        self._about = about
        self.setAccessibleDescription(about)
        self.setToolTip(about)
        self.update()

    def paintEvent(self, event: object) -> None:  # noqa: ARG002 - the whole head is small
        painter, tokens = QPainter(self), self.theme
        left, room = theme.px(LEFT), self.width() - theme.px(LEFT) - theme.px(4)
        painter.fillRect(self.rect(), theme.color(tokens.panel))
        bold = theme.ui_font(theme.TEXT, QFont.Weight.DemiBold)
        write(painter, left, theme.px(14), room, "Arrangement", bold, tokens.text)
        small = theme.ui_font(theme.TEXT_SMALL)
        write(painter, left, theme.px(32), room, self._about, small, tokens.dim)
        hairline, line = 1 / self.devicePixelRatioF(), theme.color(tokens.line)
        painter.fillRect(QRectF(0, self.height() - hairline, self.width(), hairline), line)
        painter.fillRect(QRectF(self.width() - hairline, 0, hairline, self.height()), line)
        painter.end()
