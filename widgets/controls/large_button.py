"""A large button of the start panel: an icon, a title, a subtitle, and its key."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QStyle, QStyleOptionButton, QStylePainter, QWidget

from widgets.controls.elided_label import paint_words
from widgets.controls.icons import paint_icon
from widgets.controls.keys.caps import KeyButton, cap_width, paint_cap
from widgets.theme import TEXT, TEXT_SMALL, Theme, px, ui_font

_HIGH, _ICON, _PAD, _GAP = 60, 24, 16, 14


class LargeButton(KeyButton):
    """Two lines next to an icon; the second is elided."""

    def __init__(
        self, theme: Theme, text: str, more: str, key: str, icon_name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, text, key, icon_name, parent)
        self._more = more
        self.setAccessibleDescription(more)

    def sizeHint(self) -> QSize:
        name = (
            QFontMetricsF(ui_font(TEXT + 1)).horizontalAdvance(self.text()) + px(_GAP) + cap_width(self._key)
        )
        more = QFontMetricsF(ui_font(TEXT_SMALL + 0.5)).horizontalAdvance(self._more)
        return QSize(round(max(name, more) + px(2 * _PAD + _ICON + _GAP) + 1), px(_HIGH))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(200), px(_HIGH))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._theme, QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        enabled, side, middle = self.isEnabled(), px(_ICON), self.height() / 2
        ink = theme.undecided if enabled else theme.faint
        paint_icon(painter, self._icon_name, QRectF(px(_PAD), middle - side / 2, side, side), ink)
        left, right = px(_PAD + _ICON + _GAP), self.width() - px(_PAD)
        line = px(20)
        name = QRectF(left, middle - line, right - left, line)
        if self._key:
            cap = paint_cap(painter, QPointF(right, name.center().y()), self._key, theme)
            name.setRight(cap.left() - px(8))
        paint_words(painter, name, self.text(), ui_font(TEXT + 1), theme.text if enabled else theme.faint)
        more = QRectF(left, middle, right - left, line)
        paint_words(
            painter, more, self._more, ui_font(TEXT_SMALL + 0.5), theme.dim if enabled else theme.faint
        )
