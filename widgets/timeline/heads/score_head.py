"""The head of the score lane."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from widgets import theme
from widgets.controls.keys.names import pair_label
from widgets.theme import Theme
from widgets.timeline.heads.words import write

ACCENT, LEFT = 3, 10


class ScoreHead(QWidget):
    """Which taste scores, and the threshold with its keys."""

    def __init__(self, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Score")
        self.theme = tokens
        self._taste = ""
        self._threshold: float | None = None
        self._keys = ""

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Name the keys of the threshold, by command id."""
        names = ("review.threshold_up", "review.threshold_down")
        self._keys = pair_label(*(keys.get(name, "") for name in names))
        self.update()

    def show_score(self, taste: str, threshold: float | None) -> None:
        """Show the name of a taste ("" for none) and a threshold."""
        self._taste = taste
        self._threshold = threshold
        self.setToolTip("Higher scores are less similar to your edits" if taste else "")
        self.setAccessibleDescription(
            f"{taste}, threshold {threshold:.2f}" if threshold is not None else taste
        )
        self.update()

    def paintEvent(self, event: object) -> None:  # noqa: ARG002 - the whole head is small
        painter, tokens = QPainter(self), self.theme
        left, room = theme.px(LEFT), self.width() - theme.px(LEFT) - theme.px(4)
        painter.fillRect(self.rect(), theme.color(tokens.panel))
        accent = tokens.score_high if self._taste else tokens.line
        painter.fillRect(QRectF(0, 0, theme.px(ACCENT), self.height()), theme.color(accent))
        bold = theme.ui_font(theme.TEXT, QFont.Weight.DemiBold)
        write(painter, left, theme.px(17), room, "Score", bold, tokens.text)
        small = theme.ui_font(theme.TEXT_SMALL)
        about = self._taste or "no taste yet"
        write(painter, left, theme.px(39), room, about, small, tokens.dim)
        if self._threshold is not None:
            self._paint_threshold(painter, left, theme.px(60), small)
        hairline = 1 / self.devicePixelRatioF()
        line = theme.color(tokens.line)
        painter.fillRect(QRectF(0, self.height() - hairline, self.width(), hairline), line)
        painter.fillRect(QRectF(self.width() - hairline, 0, hairline, self.height()), line)
        painter.end()

    def _paint_threshold(self, painter: QPainter, left: float, middle: float, small: QFont) -> None:
        tokens, mono = self.theme, theme.mono_font(theme.TEXT_SMALL)
        left += write(painter, left, middle, 1e4, "threshold ", small, tokens.dim)
        left += write(painter, left, middle, 1e4, f"{self._threshold:.2f}", theme.mono_font(12), tokens.text)
        if not self._keys:
            return
        width = QFontMetricsF(mono).horizontalAdvance(self._keys) + theme.px(8)
        cap = QRectF(left + theme.px(6), middle - theme.px(8), width, theme.px(16))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color(tokens.line))
        painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        write(painter, cap.left() + theme.px(4), middle, 1e4, self._keys, mono, tokens.dim)
