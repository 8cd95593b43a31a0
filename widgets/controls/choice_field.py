"""One of several values, opened with Space or Alt and Down, stepped with the arrow keys."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from widgets.controls.icons import paint_icon
from widgets.theme import CONTROL, RADIUS, Theme, px, ui_font

_CHEVRON = 14


class ChoiceField(QComboBox):
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

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

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
        painter.setFont(ui_font())
        painter.setPen(QColor(token))
        shown = painter.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideRight, int(words.width())
        )
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.translate(QPointF(self.width() - px(8) - side / 2, self.height() / 2))
        painter.rotate(90)
        paint_icon(
            painter,
            "chevron-right",
            QRectF(-side / 2, -side / 2, side, side),
            theme.dim if enabled else theme.faint,
        )
