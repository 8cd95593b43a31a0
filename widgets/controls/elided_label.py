"""A line or two of elided text; the tooltip has the full text."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget

_BREAKS = QTextOption()
_BREAKS.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)


def paint_words(painter: QPainter, area: QRectF, text: str, font: QFont, token: str) -> float:
    """Paint an elided line, left-aligned and vertically centred; return its width."""
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, area.width()))
    painter.setFont(font)
    painter.setPen(QColor(token))
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    return metrics.horizontalAdvance(shown)


class ElidedLabel(QLabel):
    """A label of one plain line, or of a few, that can shrink to a few letters.

    Parameters
    ----------
    lines : maximum number of lines

    Signals
    -------
    clicked : it was pressed with the left button
    """

    clicked = Signal()

    def __init__(
        self, text: str = "", role: str = "", parent: QWidget | None = None, *, lines: int = 1
    ) -> None:
        super().__init__(text, parent)
        self._most_lines = lines
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        if role:
            self.setProperty("role", role)

    def setText(self, text: str) -> None:
        """Show another text."""
        if text != self.text():
            super().setText(text)
            self.setToolTip(text)

    def event(self, event: QEvent) -> bool:
        """Show the tooltip with the full text only if the label is elided."""
        if (
            event.type() == QEvent.Type.ToolTip
            and isinstance(event, QHelpEvent)
            and self.toolTip() == self.text()
        ):
            if self.is_elided:
                QToolTip.showText(event.globalPos(), f"<qt>{escape(self.text())}</qt>", self)
            return True
        return super().event(event)

    @property
    def is_elided(self) -> bool:
        """Whether the text is elided."""
        *_, last = self._broken()
        return self.fontMetrics().horizontalAdvance(last) > self.contentsRect().width()

    def _broken(self) -> list[str]:
        """Return the text in the fewest lines, with the remainder in the last one."""
        metrics, width, rest = self.fontMetrics(), self.contentsRect().width(), self.text()
        lines: list[str] = []
        while len(lines) + 1 < self._most_lines and metrics.horizontalAdvance(rest) > width:
            layout = QTextLayout(rest, self.font())
            layout.setTextOption(_BREAKS)
            layout.beginLayout()
            line = layout.createLine()
            line.setLineWidth(width)
            layout.endLayout()
            if not line.textLength():
                break
            lines.append(rest[: line.textLength()].rstrip())
            rest = rest[line.textLength() :]
        return [*lines, rest]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()
        super().mousePressEvent(event)

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        few = QFontMetricsF(QFont(self.font())).horizontalAdvance(self.text()[:3] + "…")
        return QSize(min(hint.width(), round(few + 0.5)), hint.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        inside = self.contentsRect()
        *first, last = self._broken()
        elided = self.fontMetrics().elidedText(last, Qt.TextElideMode.ElideRight, inside.width())
        flags = int(self.alignment() | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(inside, flags, "\n".join((*first, elided)))
