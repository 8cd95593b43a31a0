"""Heads of lanes without a track, and the takes in the head of a track.

Takes have a button that unfolds them, and a row each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from engine.core.wording import counted
from widgets import theme
from widgets.controls.command_entries import pair_label
from widgets.controls.text_and_icons import paint_icon
from widgets.theme import Theme
from widgets.timeline.frame import TAKE
from widgets.timeline.heads.parts import CAP_HEIGHT, CAP_WIDTH, HeadButton, write

ACCENT, LEFT, GAP = 3, 10, 8


class LaneHead(QWidget):
    """Base of the heads of lanes without a track: the ground, and the lines around it."""

    def __init__(self, name: str, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.theme = tokens
        self._name = self._about = ""

    def show_about(self, name: str, about: str, tip: str) -> None:
        """Show a summary such as "Cuts" and "191 · up to 42:10 cut"; the tooltip has the full text."""
        self._name, self._about = name, about
        self.setAccessibleDescription(tip)
        self.setToolTip(tip)
        self.update()

    def paintEvent(self, event: object) -> None:  # noqa: ARG002 - the whole head is small
        painter, tokens = QPainter(self), self.theme
        painter.fillRect(self.rect(), theme.color(tokens.panel))
        self.paint_words(painter)
        hairline, line = 1 / self.devicePixelRatioF(), theme.color(tokens.line)
        painter.fillRect(QRectF(0, self.height() - hairline, self.width(), hairline), line)
        painter.fillRect(QRectF(self.width() - hairline, 0, hairline, self.height()), line)
        painter.end()

    def paint_words(self, painter: QPainter) -> None:
        """Paint the content: the name and the summary in one line."""
        left, right, middle = theme.px(LEFT), self.width() - theme.px(4), self.height() / 2
        bold, small = theme.ui_font(theme.TEXT_SMALL, QFont.Weight.DemiBold), theme.ui_font(theme.TEXT_SMALL)
        left += round(write(painter, left, middle, right - left, self._name, bold, self.theme.text))
        left += theme.px(GAP)
        write(painter, left, middle, right - left, self._about, small, self.theme.dim)

    def write_lines(self, painter: QPainter, *lines: tuple[str, int]) -> None:
        """Write a title and a line below it, each at the height of its middle at 100 %."""
        left, room = theme.px(LEFT), self.width() - theme.px(LEFT) - theme.px(4)
        bold, small = theme.ui_font(theme.TEXT, QFont.Weight.DemiBold), theme.ui_font(theme.TEXT_SMALL)
        looks = ((bold, self.theme.text), (small, self.theme.dim))
        for (text, middle), look in zip(lines, looks, strict=True):
            write(painter, left, theme.px(middle), room, text, *look)


class ArrangementHead(LaneHead):
    """Length of the result and number of blocks, in two lines."""

    def paint_words(self, painter: QPainter) -> None:
        self.write_lines(painter, ("Arrangement", 14), (self._about, 32))


class ScoreHead(LaneHead):
    """Which taste scores, and the threshold with its keys."""

    def __init__(self, tokens: Theme, parent: QWidget) -> None:
        super().__init__("Score", tokens, parent)
        self._taste = ""
        self._threshold: float | None = None
        self._keys = ""

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Name the keys of the threshold, by command id."""
        names = ("review.threshold_up", "review.threshold_down")
        self._keys = pair_label(*(keys.get(name, "") for name in names))
        self.update()

    def show_score(self, taste: str, threshold: float | None) -> None:
        """Show the name of a taste ("" for none) and a threshold."""
        self._taste = taste
        self._threshold = threshold
        self.setToolTip("Higher scores are less similar to your edits" if taste else "")
        about = taste if threshold is None else f"{taste}, threshold {threshold:.2f}"
        self.setAccessibleDescription(about)
        self.update()

    def paint_words(self, painter: QPainter) -> None:
        accent = self.theme.score_high if self._taste else self.theme.line
        painter.fillRect(QRectF(0, 0, theme.px(ACCENT), self.height()), theme.color(accent))
        self.write_lines(painter, ("Score", 17), (self._taste or "no taste yet", 39))
        if self._threshold is not None:
            self._paint_threshold(painter, theme.px(LEFT), theme.px(60))

    def _paint_threshold(self, painter: QPainter, left: float, middle: float) -> None:
        tokens, mono, small = self.theme, theme.mono_font(theme.TEXT_SMALL), theme.ui_font(theme.TEXT_SMALL)
        left += write(painter, left, middle, 1e4, "threshold ", small, tokens.dim)
        left += write(painter, left, middle, 1e4, f"{self._threshold:.2f}", theme.mono_font(12), tokens.text)
        if not self._keys:
            return
        width = QFontMetricsF(mono).horizontalAdvance(self._keys) + theme.px(8)
        cap = QRectF(left + theme.px(6), middle - theme.px(8), width, theme.px(16))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color(tokens.line))
        painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        write(painter, cap.left() + theme.px(4), middle, 1e4, self._keys, mono, tokens.dim)


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
