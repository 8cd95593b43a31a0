"""Segments as points on a plane: neighbours sound alike; each point is playable."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QMouseEvent, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from desktop.features.taste.widgets.plot_view import PlotView, pen
from engine.features.taste.overview.results import SegmentMap, SegmentState
from widgets.theme import Theme, mix, px

CURRENT_SIGN, _REACH, _RIM = 17, 14, 0.04
_STEPS = 32
"""Colours of the ramp of scores."""
NOTHING = "No map yet. It shows reference recordings, and recordings that you imported or dropped here."

_TICK = QPainterPath()
_TICK.moveTo(-0.45, 0.0)
_TICK.lineTo(-0.12, 0.35)
_TICK.lineTo(0.45, -0.35)
_CROSS = QPainterPath()
for _x in (-0.38, 0.38):
    _CROSS.moveTo(_x, -0.38)
    _CROSS.lineTo(-_x, 0.38)

_SIGNS = {
    SegmentState.REST: ("o", 5, "•", "not proposed"),
    SegmentState.KEPT: ("o", 8, "○", "edits"),
    SegmentState.REJECTED: (_CROSS, 9, "✕", "rejected"),
    SegmentState.UNDECIDED: ("o", 9, "●", "undecided"),
    SegmentState.ACCEPTED: (_TICK, 9, "✓", "accepted"),
}
"""Sign, its size, the sign as text, and name of each state, in drawing order: later signs are on top."""

_FILLED = (SegmentState.REST, SegmentState.UNDECIDED)


class Colouring(StrEnum):
    """Meaning of the colour of a point; its sign always shows the state."""

    STATE = "state"
    SCORE = "score"


class SegmentMapView(PlotView):
    """The sign of a point shows its state; colour shows the state, too, or the score.

    Signals
    -------
    chosen : index of the selected point, to be shown
    clicked : the same, for playback
    """

    chosen = Signal(int)
    clicked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Map of segments", NOTHING, parent)
        self._shown: SegmentMap | None = None
        self._states = np.zeros(0, np.uint8)
        self._colouring = Colouring.STATE
        self._current: int | None = None
        self._ring = pg.ScatterPlotItem()
        self.setMinimumHeight(px(180))
        for name in ("left", "bottom"):
            self.plot.hideAxis(name)
        self.plot.plotItem.vb.sigResized.connect(self._fit)
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
        self._tell()

    def set_colouring(self, colouring: Colouring) -> None:
        """Change the colouring of the points."""
        self._colouring = colouring
        self.redraw()

    def set_current(self, index: int | None) -> None:
        """Mark a point."""
        self._current = index
        self._mark_current()

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

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._shown is None or not len(self._states):
            return
        start, stop = (np.array(self.place(*corner).toTuple()) for corner in ((0, 0), (1, 1)))
        places = start + self._shown.points * (stop - start)
        away = np.hypot(*(places - event.position().toTuple()).T)
        nearest = int(away.argmin())
        if away[nearest] <= px(_REACH):
            self.set_current(nearest)
            self.clicked.emit(nearest)

    def _tell(self) -> None:
        counts = [f"{np.sum(self._states == state):,} {_SIGNS[state][-1]}" for state in SegmentState]
        self.setAccessibleDescription(", ".join(counts) if len(self._states) else NOTHING)
        self.redraw()

    def _fit(self) -> None:
        """Show the whole plane; a wide view stretches it by half, rather than leave its sides empty."""
        box = self.plot.plotItem.vb
        size = np.maximum([box.width(), box.height()], 1.0)
        half = np.maximum(size / (1.5 * size.min()), 1.0) / 2 + _RIM
        x_range, y_range = ((0.5 - reach, 0.5 + reach) for reach in half.tolist())
        self.plot.setRange(xRange=x_range, yRange=y_range, padding=0)

    def has_data(self) -> bool:
        return self._shown is not None and bool(len(self._states))

    def draw(self) -> None:
        assert self._shown is not None
        by_score = self._colouring is Colouring.SCORE
        self._keys = []
        for state, (symbol, side, sign, name) in _SIGNS.items():
            here = np.flatnonzero(self._states == state)
            if not len(here):
                continue
            here = here[np.argsort(self._shown.scores[here], kind="stable")]
            token = self._token(state)
            self._keys.append((sign, self.theme.dim if by_score else token, name))
            inks: object = _ink(token, state in _FILLED)
            if by_score:
                ramp = [_ink(color, state in _FILLED) for color in _ramp(self.theme)]
                steps = np.rint(np.clip(self._shown.scores[here], 0.0, 1.0) * (_STEPS - 1)).astype(int)
                inks = [ramp[step] for step in steps.tolist()]
            pens, brushes = (None, inks) if state in _FILLED else (inks, None)
            points = self._shown.points[here]
            self.add(pg.ScatterPlotItem(pos=points, symbol=symbol, size=px(side), pen=pens, brush=brushes))
        self._ring = pg.ScatterPlotItem(symbol="o", size=px(CURRENT_SIGN), brush=None)
        self.add(self._ring)
        self._mark_current()

    def _token(self, state: SegmentState) -> str:
        theme = self.theme
        return {
            SegmentState.KEPT: theme.wave,
            SegmentState.REST: theme.faint,
            SegmentState.UNDECIDED: theme.undecided,
            SegmentState.ACCEPTED: theme.accepted,
            SegmentState.REJECTED: theme.rejected,
        }[state]

    def _mark_current(self) -> None:
        """Put a ring around the chosen point."""
        if self._current is None or self._shown is None:
            self._ring.clear()
        else:
            at = np.repeat(self._shown.points[[self._current]], 2, axis=0)
            self._ring.setData(pos=at, pen=[pen(self.theme.bg, 4), pen(self.theme.text, 2)])


def _ink(token: str, filled: bool) -> QPen | QBrush:
    """Return the brush or the pen of a sign; signs that share it are drawn once."""
    return QBrush(QColor(token)) if filled else pen(token, 1.5)


@cache
def _ramp(theme: Theme) -> list[str]:
    """Return the colours of scores from 0 to 1; the low end of the timeline's heat would vanish as a sign."""
    return [mix(theme.faint, theme.score_line, step / (_STEPS - 1)).name() for step in range(_STEPS)]
