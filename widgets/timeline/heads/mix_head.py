"""The meter of the mix, over the heads of the tracks: two bars, and the highest true peak."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from widgets import theme
from widgets.theme import Theme
from widgets.timeline.heads.meter import Level, level_words, paint_level, share
from widgets.timeline.heads.score_head import LEFT
from widgets.timeline.heads.words import write

WORDS_Y, BARS_Y, BAR_HIGH, BAR_GAP, RIGHT = 17, 32, 5, 3, 12
NUMBER_ROOM = 92


class MixHead(QWidget):
    """Left over right channel of the output; a click resets all clip indicators.

    Signals
    -------
    clear_asked : reset the clip indicators of the mix and all tracks
    """

    clear_asked = Signal()

    def __init__(self, tokens: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Level of the mix")
        self._theme = tokens
        self.sides = (Level(), Level())
        self.true_peak = 0.0

    @property
    def theme(self) -> Theme:
        """Its colours."""
        return self._theme

    @theme.setter
    def theme(self, tokens: Theme) -> None:
        self._theme = tokens
        self.update()

    def hear(self, mix: tuple[float, float], true_peak: float, passed_s: float) -> None:
        """Show the highest absolute values of the time that passed."""
        before, words = self.sides, self._words()
        left, right = (side.after(peak, passed_s) for side, peak in zip(before, mix, strict=True))
        self.sides, self.true_peak = (left, right), max(self.true_peak, true_peak)
        if list(map(self._seen, before)) != list(map(self._seen, self.sides)):
            self.update(self._bars().toAlignedRect())
        if words != self._words():
            self.setAccessibleDescription(self._tip())
            self.update(self._number().toAlignedRect())

    def clear(self) -> None:
        """Put the lights out and forget the highest."""
        left, right = self.sides
        self.sides, self.true_peak = (left.cleared(), right.cleared()), 0.0
        self.setAccessibleDescription("")
        self.update()

    @property
    def is_clipped(self) -> bool:
        """Whether a light is on."""
        return any(side.is_clipped for side in self.sides)

    def _words(self) -> str:
        return f"{level_words(self.true_peak)} TP" if self.true_peak else ""

    def _tip(self) -> str:
        if not self.true_peak:
            return "Output level, left and right"
        peak = max(side.highest for side in self.sides)
        clipped = "; clipped" if self.is_clipped else ""
        return f"Peak {level_words(peak)}, true peak {level_words(self.true_peak)}{clipped}"

    def _seen(self, level: Level) -> tuple[int, int, bool]:
        dots = self.width() * self.devicePixelRatioF()
        return round(share(level.shown_db) * dots), round(share(level.held_db) * dots), level.is_clipped

    def _bars(self) -> QRectF:
        width = self.width() - theme.px(LEFT) - theme.px(RIGHT)
        return QRectF(theme.px(LEFT), theme.px(BARS_Y), width, 2 * theme.px(BAR_HIGH) + theme.px(BAR_GAP))

    def _number(self) -> QRectF:
        width, high = theme.px(NUMBER_ROOM), theme.px(16)
        return QRectF(self.width() - theme.px(RIGHT) - width, theme.px(WORDS_Y) - high / 2, width, high)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clear_asked.emit()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            tip = self._tip()
            QToolTip.showText(event.globalPos(), f"{tip}\nclick clears all" if self.true_peak else tip, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens = QPainter(self), self._theme
        painter.fillRect(event.rect(), theme.color(tokens.panel))
        bars = self._bars()
        for number, side in enumerate(self.sides):
            top = bars.top() + number * (theme.px(BAR_HIGH) + theme.px(BAR_GAP))
            paint_level(painter, QRectF(bars.left(), top, bars.width(), theme.px(BAR_HIGH)), side, tokens)
        if event.rect().top() < bars.top():
            bold = theme.ui_font(theme.TEXT, QFont.Weight.DemiBold)
            write(painter, theme.px(LEFT), theme.px(WORDS_Y), theme.px(40), "Mix", bold, tokens.text)
            painter.setFont(theme.mono_font(theme.TEXT_SMALL))
            painter.setPen(theme.color(tokens.error if self.true_peak > 1.0 else tokens.dim))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(self._number(), right, self._words())
        hairline = 1 / self.devicePixelRatioF()
        painter.fillRect(
            QRectF(self.width() - hairline, 0, hairline, self.height()), theme.color(tokens.line)
        )
        painter.end()
