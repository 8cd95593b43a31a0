"""Segments as points on a plane: neighbours sound alike; each point is playable."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from engine.overview.results import SegmentMap, SegmentState
from widgets.taste.keyed_view import KeyedView
from widgets.taste.stamps import scattered
from widgets.theme import TEXT_SMALL, Theme, color, mix, premultiplied, px, ui_font

SIGN, CURRENT_SIGN = 9, 17
_PAD = 12
_FOOT = 22
_REACH = 14
NOTHING = "No map yet. It shows reference recordings, and recordings that you imported or dropped here."

_WORDS = {
    SegmentState.KEPT: "edits",
    SegmentState.REST: "not proposed",
    SegmentState.UNDECIDED: "undecided",
    SegmentState.ACCEPTED: "accepted",
    SegmentState.REJECTED: "rejected",
}
_DRAWN = (
    SegmentState.REST,
    SegmentState.KEPT,
    SegmentState.REJECTED,
    SegmentState.UNDECIDED,
    SegmentState.ACCEPTED,
)
"""Drawing order: later signs are on top."""


class Colouring(StrEnum):
    """Meaning of the colour of a point; its sign always shows the state."""

    STATE = "state"
    SCORE = "score"


class SegmentMapView(KeyedView):
    """All points are one image, made again when the data or the size changes.

    Signals
    -------
    chosen : index of the selected point, to be shown
    clicked : the same, for playback
    """

    chosen = Signal(int)
    clicked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Map of segments", parent)
        self._shown: SegmentMap | None = None
        self._states = np.zeros(0, np.uint8)
        self._order = np.zeros(0, np.int64)
        self._colouring = Colouring.STATE
        self._current: int | None = None
        self._image: QImage | None = None
        self.setMinimumHeight(px(180))
        self._tell()

    def sizeHint(self) -> QSize:
        return QSize(px(380), px(300))

    @property
    def current(self) -> int | None:
        """The index of the chosen point."""
        return self._current

    @property
    def states(self) -> NDArray[np.uint8]:
        """State of each segment, shape (n,)."""
        return self._states

    @property
    def colouring(self) -> Colouring:
        """Meaning of the colour."""
        return self._colouring

    def set_map(self, shown: SegmentMap | None, states: NDArray[np.uint8]) -> None:
        """Show these segments, each with its `SegmentState`, shape (n,)."""
        self._shown, self._current = shown, None
        self.set_states(states)

    def set_states(self, states: NDArray[np.uint8]) -> None:
        """Update the states of the segments."""
        self._states = states
        rank = np.argsort(np.array([int(state) for state in _DRAWN]))
        scores = np.zeros(len(states)) if self._shown is None else self._shown.scores
        self._order = np.lexsort((scores, rank[states]))
        self._renew()

    def set_colouring(self, colouring: Colouring) -> None:
        """Change the colouring of the points."""
        self._colouring = colouring
        self._renew()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._renew()

    def set_current(self, index: int | None) -> None:
        """Mark a point."""
        self._current = index
        self._tell()
        self.update()

    def step(self, key: Qt.Key, coarse: bool) -> None:
        """Go to the nearest point in a direction; `coarse` skips near ones. Home and End: by score."""
        if self._shown is None or not len(self._states):
            return
        scores = self._shown.scores
        if key == Qt.Key.Key_Home:
            found: int | None = int(scores.argmin())
        elif key == Qt.Key.Key_End or self._current is None:
            found = int(scores.argmax())
        else:
            found = self._beside(self._current, key, 0.08 if coarse else 0.002)
        if found is not None:
            self.set_current(found)
            self.chosen.emit(found)

    def _beside(self, here: int, key: Qt.Key, least: float) -> int | None:
        """Return the nearest point within 45 degrees of a direction, at least so far away."""
        assert self._shown is not None
        away = self._shown.points - self._shown.points[here]
        along = {
            Qt.Key.Key_Left: -away[:, 0],
            Qt.Key.Key_Right: away[:, 0],
            Qt.Key.Key_Up: away[:, 1],
            Qt.Key.Key_Down: -away[:, 1],
        }[key]
        across = np.abs(away[:, 1] if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) else away[:, 0])
        fitting = np.flatnonzero((along >= least) & (across <= along))
        if not len(fitting):
            return None
        return int(fitting[np.hypot(along[fitting], across[fitting]).argmin()])

    def _plot(self) -> QRectF:
        return QRectF(self.rect()).adjusted(px(_PAD), px(_PAD), -px(_PAD), -px(_FOOT))

    def _places(self) -> NDArray[np.float64]:
        """Return the positions of the points in logical pixels, shape (n, 2); with equal axis scales."""
        if self._shown is None:
            return np.zeros((0, 2))
        plot = self._plot()
        side = max(min(plot.width(), plot.height()), 1.0)
        stretch = np.array([max(plot.width(), 1.0), max(plot.height(), 1.0)])
        # A wide view may stretch the plane by half: it reads better than a square with empty sides.
        scale = np.minimum(stretch, 1.5 * side)
        from_middle = (self._shown.points.astype(np.float64) - 0.5) * scale * (1.0, -1.0)
        places: NDArray[np.float64] = from_middle + np.array([plot.center().x(), plot.center().y()])
        return places

    def mousePressEvent(self, event: QMouseEvent) -> None:
        places = self._places()
        if not len(places):
            return
        at = event.position()
        away = np.hypot(places[:, 0] - at.x(), places[:, 1] - at.y())
        nearest = int(away.argmin())
        if away[nearest] <= px(_REACH):
            self.set_current(nearest)
            self.clicked.emit(nearest)

    def _renew(self) -> None:
        self._image = None
        self._tell()
        self.update()

    def _tell(self) -> None:
        counts = [f"{np.sum(self._states == state):,} {word}" for state, word in _WORDS.items()]
        self.setAccessibleDescription(", ".join(counts) if len(self._states) else NOTHING)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._image = None

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_ground(painter)
        if self._shown is None or not len(self._states):
            self.paint_empty(painter, NOTHING)
        else:
            if self._image is None:
                self._image = self._drawn(self.devicePixelRatio())
            painter.drawImage(0, 0, self._image)
            self._paint_current(painter)
            self._paint_legend(painter)
        self.paint_focus(painter)

    def _drawn(self, ratio: float) -> QImage:
        centres = np.rint(self._places() * ratio).astype(np.int64)[self._order]
        shape = max(1, round(self.height() * ratio)), max(1, round(self.width() * ratio))
        side = max(5, round(px(SIGN) * ratio)) | 1
        pixels = scattered(shape, centres, self._states[self._order], self._colors()[self._order], side)
        image = QImage(
            pixels.data, shape[1], shape[0], 4 * shape[1], QImage.Format.Format_ARGB32_Premultiplied
        ).copy()
        image.setDevicePixelRatio(ratio)
        return image

    def _colors(self) -> NDArray[np.uint32]:
        """Return the colour of each point, shape (n,)."""
        assert self._shown is not None
        if self._colouring is Colouring.SCORE:
            steps = np.rint(np.clip(self._shown.scores, 0.0, 1.0) * 255).astype(np.int64)
            return _ramp(self.theme)[steps]
        return self._state_colors()[self._states]

    def _state_colors(self) -> NDArray[np.uint32]:
        theme = self.theme
        tokens = {
            SegmentState.KEPT: theme.wave,
            SegmentState.REST: theme.faint,
            SegmentState.UNDECIDED: theme.undecided,
            SegmentState.ACCEPTED: theme.accepted,
            SegmentState.REJECTED: theme.rejected,
        }
        return np.array([int(premultiplied(tokens[state], 1.0)) for state in SegmentState], np.uint32)

    def _paint_current(self, painter: QPainter) -> None:
        if self._current is None:
            return
        x, y = self._places()[self._current]
        radius = px(CURRENT_SIGN) / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color(self.theme.bg), px(4)))
        painter.drawEllipse(QPointF(x, y), radius, radius)
        painter.setPen(QPen(QColor(self.theme.text), px(2)))
        painter.drawEllipse(QPointF(x, y), radius, radius)

    def _paint_legend(self, painter: QPainter) -> None:
        """Name the signs that are there."""
        theme, ratio = self.theme, self.devicePixelRatio()
        painter.setFont(ui_font(TEXT_SMALL))
        side = max(5, round(px(SIGN) * ratio)) | 1
        colors = self._state_colors()
        if self._colouring is Colouring.SCORE:
            colors[:] = int(premultiplied(theme.dim, 1.0))  # there colour tells no state
        left, middle = float(px(8)), self.height() - px(_FOOT) / 2
        for state, word in _WORDS.items():
            if not np.any(self._states == state):
                continue
            width = painter.fontMetrics().horizontalAdvance(word)
            if left + px(14) + width > self.width() - px(8):
                return
            sign = scattered(
                (side, side), np.array([[side // 2, side // 2]]), np.array([state], np.uint8),
                colors[[state]], side,
            )  # fmt: skip
            image = QImage(sign.data, side, side, 4 * side, QImage.Format.Format_ARGB32_Premultiplied)
            drawn = side / ratio
            painter.drawImage(QRectF(left, middle - drawn / 2, drawn, drawn), image)
            painter.setPen(QColor(theme.dim))
            words = QRectF(left + px(14), middle - px(_FOOT) / 2, width + 1, px(_FOOT))
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, word)
            left += px(14) + width + px(14)


@cache
def _ramp(theme: Theme) -> NDArray[np.uint32]:
    """Return the colours of scores from 0 to 1; the low end of the timeline's heat would vanish as a sign."""
    return np.array([mix(theme.faint, theme.score_line, step / 255).rgba() for step in range(256)], np.uint32)
