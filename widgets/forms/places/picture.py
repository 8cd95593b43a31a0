"""Picture of proposed places: a lane for each track, a bar for each file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.timebase import format_time
from widgets import theme
from widgets.controls.elided_label import paint_words
from widgets.theme import Theme, px

NAMES_PX, LANE_PX, LOWEST_LANE_PX, RULER_PX, GAP_PX = 96, 22, 4, 18, 2


@dataclass(frozen=True, slots=True)
class PlaceBar:
    """One file.

    Attributes
    ----------
    lane : number of its track
    is_fixed : whether it is a clip of the document, which stays
    """

    name: str
    lane: int
    start_s: float
    stop_s: float
    is_certain: bool = True
    is_fixed: bool = False


class PlacesPicture(QWidget):
    """Draws the bars to scale; uncertain ones are dashed, fixed ones grey. A click chooses a file.

    Signals
    -------
    chosen : the number of a file
    """

    chosen = Signal(int)

    def __init__(self, tokens: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = tokens
        self._bars: tuple[PlaceBar, ...] = ()
        self._tracks: tuple[str, ...] = ()
        self._current = -1
        self.setAccessibleName("Picture of the places")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(px(96))

    def sizeHint(self) -> QSize:
        return QSize(px(640), px(RULER_PX) + px(LANE_PX) * min(max(len(self._tracks), 3), 9))

    def show_places(self, bars: Sequence[PlaceBar], tracks: Sequence[str]) -> None:
        """Show files on tracks."""
        self._bars, self._tracks = tuple(bars), tuple(tracks)
        self.updateGeometry()
        self.update()

    def set_current(self, number: int) -> None:
        """Mark a file; -1 for none."""
        self._current = number
        self.update()

    def area_of(self, number: int) -> QRectF:
        """Return where the bar of a file is drawn."""
        bar, lane = self._bars[number], self._lane_px
        left, right = (self._x(at) for at in (bar.start_s, bar.stop_s))
        top = px(RULER_PX) + bar.lane * lane + (px(GAP_PX) if lane > px(LOWEST_LANE_PX) else 0)
        height = max(lane - 2 * px(GAP_PX), 2.0)
        return QRectF(left, top, max(right - left, 2.0), height)

    @property
    def _drawn(self) -> list[int]:
        """The numbers of the bars, the upper ones last: files are over the clips of the document."""
        return sorted(range(len(self._bars)), key=lambda number: not self._bars[number].is_fixed)

    @property
    def _lane_px(self) -> float:
        room = self.height() - px(RULER_PX)
        return min(px(LANE_PX) * 1.0, room / max(len(self._tracks), 1))

    @property
    def _length_s(self) -> float:
        return max((bar.stop_s for bar in self._bars), default=1.0) or 1.0

    def _x(self, at_s: float) -> float:
        room = max(self.width() - px(NAMES_PX) - px(4), 1)
        return px(NAMES_PX) + at_s / self._length_s * room

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the whole picture is small
        painter, tokens = QPainter(self), self._theme
        painter.fillRect(self.rect(), theme.color(tokens.bg))
        self._paint_ruler(painter)
        lane = self._lane_px
        if lane >= px(LANE_PX) * 0.7:
            font = theme.ui_font(theme.TEXT_SMALL)
            for number, name in enumerate(self._tracks):
                top = px(RULER_PX) + number * lane
                paint_words(painter, QRectF(px(4), top, px(NAMES_PX) - px(8), lane), name, font, tokens.dim)
        for number in self._drawn:
            self._paint_bar(painter, number)
        painter.end()

    def _paint_ruler(self, painter: QPainter) -> None:
        tokens, font = self._theme, theme.mono_font(theme.TEXT_SMALL)
        painter.setFont(font)
        painter.setPen(theme.color(tokens.dim))
        room = max(self.width() - px(NAMES_PX), 1)
        step_s = next((one for one in _STEPS_S if one / self._length_s * room >= px(72)), self._length_s)
        at = 0.0
        while at <= self._length_s:
            x = self._x(at)
            painter.fillRect(QRectF(x, px(RULER_PX), 1, self.height()), theme.color(tokens.line))
            if x + px(56) < self.width():
                painter.drawText(QPointF(x + px(3), px(RULER_PX) - px(5)), format_time(at, 0))
            at += step_s

    def _paint_bar(self, painter: QPainter, number: int) -> None:
        bar, area, tokens = self._bars[number], self.area_of(number), self._theme
        token = tokens.dim if bar.is_fixed else tokens.accent(bar.lane)
        is_current = number == self._current
        fill = theme.color(token, 0.75 if is_current else 0.35 if bar.is_certain else 0.12)
        painter.fillRect(area, fill)
        if not bar.is_certain:
            painter.fillRect(area, QBrush(theme.color(token, 0.5), Qt.BrushStyle.BDiagPattern))
        style = Qt.PenStyle.SolidLine if bar.is_certain else Qt.PenStyle.DashLine
        painter.setPen(QPen(theme.color(tokens.text if is_current else token), 1, style))
        painter.drawRect(area.adjusted(0, 0, -1, -1))
        font = theme.ui_font(theme.TEXT_SMALL)
        if area.height() >= QFontMetricsF(font).height() and area.width() > px(24):
            inner = area.adjusted(px(4), 0, -px(4), 0)
            paint_words(painter, inner, bar.name, font, tokens.text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        for number in reversed(self._drawn):
            if self.area_of(number).adjusted(-2, 0, 2, 0).contains(at):
                self.chosen.emit(number)
                return


_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
