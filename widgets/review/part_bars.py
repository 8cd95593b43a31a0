"""The parts of a score as words with bars."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.review.score_parts import ScorePart
from widgets.theme import TEXT, Theme, px, ui_font

_LINE = 18
_BAR = 72


class PartBars(QWidget):
    """A row for each part: its name, and a bar for its excess over typical values."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: tuple[ScorePart, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setObjectName("part bars")
        self.set_parts(())

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

    def set_parts(self, parts: tuple[ScorePart, ...]) -> None:
        """Show these parts; without any it is away."""
        self._parts = parts
        said = "; ".join(part.spoken for part in parts)
        self.setAccessibleName(f"Made of: {said}")
        self.setToolTip(said)
        self.setVisible(bool(parts))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(160), px(_LINE) * len(self._parts))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(ui_font(TEXT - 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar_width, line = float(px(_BAR)), float(px(_LINE))
        words_left = bar_width + px(8)
        for number, part in enumerate(self._parts):
            top = number * line
            self._paint_bar(painter, QPointF(0.0, top + line / 2), bar_width, part.share)
            painter.setPen(QColor(self._theme.dim))
            rect = QRectF(words_left, top, max(0.0, self.width() - words_left), line)
            words = painter.fontMetrics().elidedText(
                part.name, Qt.TextElideMode.ElideRight, int(rect.width())
            )
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)

    def _paint_bar(self, painter: QPainter, left_middle: QPointF, width: float, share: float) -> None:
        height = float(px(5))
        bar = QRectF(left_middle.x(), left_middle.y() - height / 2, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.panel))
        painter.drawRoundedRect(bar, height / 2, height / 2)
        bar.setWidth(max(height, width * share))
        painter.setBrush(QColor(self._theme.score_line))
        painter.drawRoundedRect(bar, height / 2, height / 2)
