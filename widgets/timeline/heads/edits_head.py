"""Head of the strip of proposal flags."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QWidget

from widgets import theme
from widgets.theme import Theme
from widgets.timeline.heads.score_head import LEFT
from widgets.timeline.heads.words import write

GAP = 8


class EditsHead(QWidget):
    """Number of proposals, and removed time."""

    def __init__(self, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Proposals")
        self.theme = tokens
        self._name = self._about = ""

    def show_about(self, name: str, about: str, tip: str) -> None:
        """Show a summary such as "Cuts" and "191 · up to 42:10 cut"; the tooltip has the full text."""
        self._name, self._about = name, about
        self.setAccessibleDescription(tip)
        self.setToolTip(tip)
        self.update()

    def paintEvent(self, event: object) -> None:  # noqa: ARG002 - the whole head is small
        painter, tokens = QPainter(self), self.theme
        left, right, middle = theme.px(LEFT), self.width() - theme.px(4), self.height() / 2
        painter.fillRect(self.rect(), theme.color(tokens.panel))
        bold = theme.ui_font(theme.TEXT_SMALL, QFont.Weight.DemiBold)
        left += round(write(painter, left, middle, right - left, self._name, bold, tokens.text)) + theme.px(
            GAP
        )
        small = theme.ui_font(theme.TEXT_SMALL)
        write(painter, left, middle, right - left, self._about, small, tokens.dim)
        hairline, line = 1 / self.devicePixelRatioF(), theme.color(tokens.line)
        painter.fillRect(QRectF(0, self.height() - hairline, self.width(), hairline), line)
        painter.fillRect(QRectF(self.width() - hairline, 0, hairline, self.height()), line)
        painter.end()
