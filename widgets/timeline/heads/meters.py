"""Meters of the tracks and of the mix: the peak falls slowly, with peak hold.

A clip indicator stays on until it is clicked. The meter of the mix has two bars, and the highest true peak.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from engine.sound.edl.loudness import decibels
from engine.sound.pictures.peaks import FULL_SCALE
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.heads.lane_heads import LEFT
from widgets.timeline.heads.parts import write

LOWEST_DB, HIGH_DB = -60.0, -6.0
FALL_DB_S, HOLD_S = 20.0, 1.5
LIGHT_PX, LIGHT_GAP, MARK = 4, 2, 2


@dataclass(frozen=True, slots=True)
class Level:
    """Values of a meter.

    Attributes
    ----------
    shown_db : the end of the bar, in dB full scale
    held_db, held_s : peak hold, and its age
    highest : the highest absolute value since it was cleared, 1.0 at full scale
    is_clipped : whether full scale was reached since then
    """

    shown_db: float = -inf
    held_db: float = -inf
    held_s: float = 0.0
    highest: float = 0.0
    is_clipped: bool = False

    @property
    def rests(self) -> bool:
        """Whether it shows nothing that moves."""
        return max(self.shown_db, self.held_db) <= LOWEST_DB

    def after(self, peak: float, passed_s: float) -> Level:
        """Return it after so long, in which this was the highest absolute value."""
        now_db, fallen_db = decibels(peak), FALL_DB_S * passed_s
        held_db, held_s = self.held_db, self.held_s + passed_s
        if held_s > HOLD_S:
            held_db -= fallen_db
        if now_db >= held_db:
            held_db, held_s = now_db, 0.0
        shown_db = max(now_db, self.shown_db - fallen_db)
        is_clipped = self.is_clipped or peak >= FULL_SCALE
        return Level(shown_db, held_db, held_s, max(self.highest, peak), is_clipped)

    def cleared(self) -> Level:
        """Return it with its light off and the highest forgotten."""
        return Level(self.shown_db, self.held_db, self.held_s)

    def seen(self, dots: float) -> tuple[int, int, bool]:
        """Return its drawn state on a bar of a number of device pixels."""
        return round(share(self.shown_db) * dots), round(share(self.held_db) * dots), self.is_clipped


def share(level_db: float) -> float:
    """Return the fill of a bar for a level, 0 to 1."""
    return min(max(1.0 - level_db / LOWEST_DB, 0.0), 1.0)


def level_words(peak: float) -> str:
    """Return an absolute value as a level: "−3.4 dB", "+1.2 dB"."""
    if peak <= 0.0:
        return "silent"
    text = f"{decibels(peak):+.1f}".replace("-", "−")
    return f"{'0.0' if text[1:] == '0.0' else text} dB"


def paint_level(painter: QPainter, area: QRectF, level: Level, tokens: Theme) -> None:
    """Paint a bar, with its clip indicator at the loud end: right, or top of a vertical one."""
    is_level = area.width() > area.height()
    length = area.width() if is_level else area.height()
    room = length - theme.px(LIGHT_PX) - theme.px(LIGHT_GAP)

    def part(start: float, stop: float) -> QRectF:
        """Return the part of the area between two distances from its quiet end."""
        if is_level:
            return QRectF(area.left() + start, area.top(), stop - start, area.height())
        return QRectF(area.left(), area.bottom() - stop, area.width(), stop - start)

    painter.fillRect(area, theme.color(tokens.control))
    shown, high = room * share(level.shown_db), room * share(HIGH_DB)
    painter.fillRect(part(0, min(shown, high)), theme.color(tokens.level))
    if shown > high:
        painter.fillRect(part(high, shown), theme.color(tokens.level_high))
    held = room * share(level.held_db)
    if held > theme.px(MARK):
        ink = tokens.level_high if held > high else tokens.level
        painter.fillRect(part(held - theme.px(MARK), held), theme.color(ink))
    if level.is_clipped:
        painter.fillRect(part(length - theme.px(LIGHT_PX), length), theme.color(tokens.clip))


class TrackMeter(QWidget):
    """Meter of one track next to its lane; a click resets its clip indicator."""

    def __init__(self, name: str, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.theme = tokens
        self.level = Level()
        self.set_name(name)

    def set_name(self, name: str) -> None:
        """Be the meter of a track of this name."""
        self.setAccessibleName(f"Level of {name}")

    def follow(self, peak: float, passed_s: float) -> None:
        """Show the highest absolute value of the time that passed."""
        before, self.level = self.level, self.level.after(peak, passed_s)
        dots = self.height() * self.devicePixelRatioF()
        if before.seen(dots) != self.level.seen(dots):
            self.update()
        if before.is_clipped != self.level.is_clipped:
            self.setAccessibleDescription("clipped")

    def clear(self) -> None:
        """Put the light out."""
        self.level = self.level.cleared()
        self.setAccessibleDescription("")
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clear()
        else:
            event.ignore()  # the track's menu opens over its meter too

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            clipped = "clipped; " if self.level.is_clipped else ""
            tip = f"Peak {level_words(self.level.highest)}\n{clipped}click clears it"
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the whole meter is small
        painter = QPainter(self)
        paint_level(painter, QRectF(self.rect()), self.level, self.theme)
        painter.end()


WORDS_Y, BARS_Y, BAR_HIGH, BAR_GAP, RIGHT = 17, 32, 5, 3, 12
NUMBER_ROOM = 92


class MixHead(QWidget):
    """Left over right channel of the output; a click resets all clip indicators.

    Signals
    -------
    clear_requested : reset the clip indicators of the mix and all tracks
    """

    clear_requested = Signal()

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

    def follow(self, mix: tuple[float, float], true_peak: float, passed_s: float) -> None:
        """Show the highest absolute values of the time that passed."""
        before, words = self.sides, self._words()
        left, right = (side.after(peak, passed_s) for side, peak in zip(before, mix, strict=True))
        self.sides, self.true_peak = (left, right), max(self.true_peak, true_peak)
        dots = self.width() * self.devicePixelRatioF()
        if any(old.seen(dots) != new.seen(dots) for old, new in zip(before, self.sides, strict=True)):
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

    def _bars(self) -> QRectF:
        width = self.width() - theme.px(LEFT) - theme.px(RIGHT)
        return QRectF(theme.px(LEFT), theme.px(BARS_Y), width, 2 * theme.px(BAR_HIGH) + theme.px(BAR_GAP))

    def _number(self) -> QRectF:
        width, high = theme.px(NUMBER_ROOM), theme.px(16)
        return QRectF(self.width() - theme.px(RIGHT) - width, theme.px(WORDS_Y) - high / 2, width, high)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clear_requested.emit()

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
        edge = QRectF(self.width() - hairline, 0, hairline, self.height())
        painter.fillRect(edge, theme.color(tokens.line))
        painter.end()
