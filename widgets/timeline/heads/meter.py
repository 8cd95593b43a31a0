"""A slim meter: the peak falls slowly, with peak hold, and the clip indicator stays until clicked."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from engine.sound.edl.levels.true_peak import decibels
from engine.sound.pictures.peaks import FULL_SCALE
from widgets import theme
from widgets.theme import Theme

LOWEST_DB, HIGH_DB = -60.0, -6.0
FALL_DB_S, HOLD_S = 20.0, 1.5
LIGHT, LIGHT_GAP, MARK = 4, 2, 2


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
    room = length - theme.px(LIGHT) - theme.px(LIGHT_GAP)

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
        painter.fillRect(part(length - theme.px(LIGHT), length), theme.color(tokens.clip))


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

    def hear(self, peak: float, passed_s: float) -> None:
        """Show the highest absolute value of the time that passed."""
        before, self.level = self.level, self.level.after(peak, passed_s)
        if self._seen(before) != self._seen(self.level):
            self.update()
        if before.is_clipped != self.level.is_clipped:
            self.setAccessibleDescription("clipped")

    def clear(self) -> None:
        """Put the light out."""
        self.level = self.level.cleared()
        self.setAccessibleDescription("")
        self.update()

    def _seen(self, level: Level) -> tuple[int, int, bool]:
        dots = self.height() * self.devicePixelRatioF()
        return round(share(level.shown_db) * dots), round(share(level.held_db) * dots), level.is_clipped

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clear()
        else:
            event.ignore()  # the track's menu opens over its meter too

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            clipped = "clipped; " if self.level.is_clipped else ""
            said = f"Peak {level_words(self.level.highest)}\n{clipped}click clears it"
            QToolTip.showText(event.globalPos(), said, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the whole meter is small
        painter = QPainter(self)
        paint_level(painter, QRectF(self.rect()), self.level, self.theme)
        painter.end()
