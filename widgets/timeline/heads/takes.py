"""Takes in the head of a track: a button that unfolds them, and a row for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from engine.core.wording import counted
from widgets import theme
from widgets.controls.icons import paint_icon
from widgets.theme import Theme
from widgets.timeline.frame import TAKE
from widgets.timeline.heads.cap import CAP_HEIGHT, CAP_WIDTH, HeadButton
from widgets.timeline.heads.score_head import ACCENT, LEFT
from widgets.timeline.heads.words import write

PLAY_LEFT, TRIANGLE, ICON = 133, 7, 11


@dataclass(frozen=True, slots=True)
class ShownTakes:
    """Takes of one track.

    Attributes
    ----------
    plays : whether the track plays any of each take; empty without takes
    is_open : whether their lanes are shown
    """

    plays: tuple[bool, ...] = ()
    is_open: bool = False


NO_TAKES = ShownTakes()


class FoldButton(HeadButton):
    """A triangle and the number of takes; it unfolds their lanes."""

    def __init__(self, tokens: Theme, parent: QWidget) -> None:
        super().__init__("Takes", tokens, parent)
        self._shown = NO_TAKES
        self.hide()

    def show_takes(self, shown: ShownTakes, track_name: str) -> None:
        """Show the number of takes."""
        self._shown = shown
        self.set_name(f"{'Hide' if shown.is_open else 'Show'} {self.words} of {track_name}")
        self.setVisible(bool(shown.plays))
        self.update()

    @property
    def words(self) -> str:
        """The number of takes."""
        return counted(len(self._shown.plays), "take")

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the whole button is small
        painter, tokens = QPainter(self), self.theme
        self.paint_ground(painter, self.ground)
        side, middle = theme.px(TRIANGLE), self.height() / 2
        left = theme.px(5)
        corners = [(0.0, -side / 2), (0.0, side / 2), (side * 0.8, 0.0)]
        if self._shown.is_open:
            corners = [(0.0, -side * 0.4), (side, -side * 0.4), (side / 2, side * 0.4)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(tokens.text))
        painter.drawPolygon(QPolygonF([QPointF(left + x, middle + y) for x, y in corners]))
        text_left = left + side + theme.px(4)
        text = self.words if self.width() > theme.px(CAP_WIDTH) * 2 else self.words.partition(" ")[0]
        small = theme.ui_font(theme.TEXT_SMALL)
        write(painter, text_left, middle, self.width() - text_left, text, small, tokens.text)
        painter.end()


class PlayTake(HeadButton):
    """Raises a take, so that the track plays it; a tick while it does."""

    plays = False

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the whole button is small
        painter, tokens = QPainter(self), self.theme
        self.paint_ground(painter, tokens.line if self.plays else self.ground)
        side = theme.px(ICON)
        area = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        paint_icon(painter, "check", area, tokens.text if self.plays else tokens.faint)
        painter.end()


class TakeRows(QWidget):
    """A row for each take: its number, and the button that plays it.

    Signals
    -------
    played : number of the take, from 0
    """

    played = Signal(int)

    def __init__(self, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)  # for the head below
        self._theme = tokens
        self.buttons: list[PlayTake] = []
        self.hide()

    def show_takes(self, shown: ShownTakes, track_name: str) -> None:
        """Show a row for each take while they are unfolded."""
        plays = shown.plays if shown.is_open else ()
        for button in self.buttons[len(plays) :]:
            button.hide()
            button.deleteLater()
        del self.buttons[len(plays) :]
        for number, is_playing in enumerate(plays):
            if number == len(self.buttons):
                self.buttons.append(self._button(number))
            self.buttons[number].plays = is_playing
            self.buttons[number].set_name(f"Play take {number + 1} of {track_name}")
        self.setVisible(bool(plays))
        self._place_buttons()
        self.update()

    def _button(self, number: int) -> PlayTake:
        button = PlayTake("", self._theme, self)
        button.clicked.connect(partial(self.played.emit, number))
        button.show()
        return button

    def set_theme(self, tokens: Theme) -> None:
        """Apply a theme."""
        self._theme = tokens
        for button in self.buttons:
            button.theme = tokens
        self.update()

    def _place_buttons(self) -> None:
        width, height = theme.px(CAP_WIDTH), theme.px(CAP_HEIGHT)
        for number, button in enumerate(self.buttons):
            top = number * theme.px(TAKE) + (theme.px(TAKE) - height) // 2
            button.setGeometry(theme.px(PLAY_LEFT), top, width, height)

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002 - the rows are as high as before
        self._place_buttons()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the rows are few
        painter, tokens = QPainter(self), self._theme
        small, high = theme.ui_font(theme.TEXT_SMALL), theme.px(TAKE)
        hairline, line = 1 / self.devicePixelRatioF(), theme.color(tokens.line)
        for number, button in enumerate(self.buttons):
            ink = tokens.text if button.plays else tokens.dim
            room, middle = theme.px(PLAY_LEFT - LEFT - 4), (number + 0.5) * high
            write(painter, theme.px(LEFT + 8), middle, room, f"Take {number + 1}", small, ink)
            above = max(number * high - hairline, 0.0)
            painter.fillRect(QRectF(theme.px(ACCENT), above, self.width(), hairline), line)
        painter.end()
