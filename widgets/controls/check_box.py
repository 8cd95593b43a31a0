"""A check box whose box can be seen in every theme and at every scale."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QWidget

from widgets.controls.icons import paint_icon
from widgets.theme import ROW, STEP, Theme, px, ui_font

_BOX = 16


class CheckBox(QCheckBox):
    """A box, a tick in it, and words."""

    def __init__(self, theme: Theme, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._theme = theme

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

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
