"""Scores of a recording over time, of one taste or two; any position is playable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from desktop.features.taste.widgets.plot_view import Axis, PlotView, pen
from engine.core.timebase import format_time
from engine.core.wording import one_line
from widgets.theme import TEXT_SMALL, Theme, color, mono_font, px
from widgets.timeline.ruler import decimals_of, label_step_s
from widgets.timeline.sound.sample_line import column_extents

_LABEL_GAP = 28
_COLUMN = 3
"""Width of a column of aggregated scores, in pixels: narrower ones would look like a barcode."""

_BAND = 0.28
_LEVELS = ((1.0, "anomalous"), (0.5, "typical"))
STEP_S, COARSE_STEP_S = 1.0, 10.0
NO_RECORDING = "Choose a recording in the ranking to see its scores."


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Data of a curve: times and, at each, mean, minimum and maximum score; shape (n,)."""

    times_s: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def columns_of(
    times_s: NDArray[np.float64], values: NDArray[np.float64], duration_s: float, count: int
) -> _Columns:
    """Return scores, shape (n,), aggregated to `count` columns if more than two fall into each.

    A column without a score is left out.
    """
    if len(times_s) <= 2 * count:
        return _Columns(times_s, values, values, values)
    edges = np.linspace(0.0, max(duration_s, float(times_s[-1])), count + 1)
    low, high = column_extents(times_s, values, edges)
    column = np.clip(np.searchsorted(edges, times_s, side="right") - 1, 0, count - 1)
    filled = np.bincount(column, minlength=count)
    known = filled > 0
    mean = np.bincount(column, values, minlength=count)[known] / filled[known]
    return _Columns((edges[:-1] + edges[1:])[known] / 2, mean, low[known], high[known])


class _TimeAxis(Axis):
    """Times as the ruler writes them, without overlap."""

    def tickSpacing(self, start_s: float, stop_s: float, size_px: float) -> list[tuple[float, float]]:
        widest = QFontMetricsF(mono_font(TEXT_SMALL)).horizontalAdvance(format_time(stop_s, 0))
        s_per_px = (stop_s - start_s) / max(size_px, 1.0)
        return [(max(1.0, label_step_s(s_per_px, widest + px(_LABEL_GAP))), 0.0)]

    def tickStrings(self, values: list[float], _scale: float, step_s: float) -> list[str]:
        return [format_time(at_s, decimals_of(step_s)) for at_s in values]


class ScoreCurves(PlotView):
    """The first taste is a solid line, the second one dashed; bands mark their differences.

    If the scores are denser than columns, each column shows the mean, on a band from the minimum to the
    maximum.

    Signals
    -------
    chosen : the selected position in seconds, to be shown
    clicked : the same, for playback
    """

    chosen = Signal(float)
    clicked = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Scores over time", NO_RECORDING, parent, _TimeAxis("bottom"))
        self._times_s = np.zeros(0)
        self._curves: tuple[tuple[str, NDArray[np.float32]], ...] = ()
        self._bands: tuple[tuple[float, float], ...] = ()
        self._duration_s = 0.0
        self._threshold: float | None = None
        self._cursor_s: float | None = None
        self.setMinimumHeight(px(120))
        self.plot.getAxis("left").setTicks([_LEVELS])
        for name in ("left", "bottom"):
            self.plot.getAxis(name).setGrid(255)

    def sizeHint(self) -> QSize:
        return QSize(px(360), px(150))

    @property
    def cursor_s(self) -> float | None:
        """The selected position."""
        return self._cursor_s

    def set_curves(
        self,
        times_s: NDArray[np.float64],
        curves: tuple[tuple[str, NDArray[np.float32]], ...],
        duration_s: float,
        bands_s: tuple[tuple[float, float], ...] = (),
    ) -> None:
        """Show one or two curves, each a name and scores, shape (n,), at `times_s`, and bands behind them."""
        self._times_s, self._curves, self._bands = times_s, curves[:2], bands_s
        self._duration_s = duration_s
        self._cursor_s = None
        self._tell()

    def set_threshold(self, threshold: float | None) -> None:
        """Show the threshold as a dashed line."""
        self._threshold = threshold
        self.redraw()

    def set_cursor(self, at_s: float | None) -> None:
        """Mark a position."""
        self._cursor_s = at_s
        self._tell()

    def step(self, key: Qt.Key, coarse: bool) -> None:
        if not len(self._times_s):
            return
        by = COARSE_STEP_S if coarse else STEP_S
        steps = {Qt.Key.Key_Left: -by, Qt.Key.Key_Down: -by, Qt.Key.Key_Right: by, Qt.Key.Key_Up: by}
        ends = {Qt.Key.Key_Home: 0.0, Qt.Key.Key_End: self._duration_s}
        wanted = ends[key] if key in ends else (self._cursor_s or 0.0) + steps[key]
        self._go(wanted)
        self.chosen.emit(self._cursor_s)

    def _go(self, at_s: float) -> None:
        self.set_cursor(min(max(at_s, 0.0), self._duration_s))

    def _tell(self) -> None:
        said = ", ".join(name for name, _scores in self._curves)
        if self._cursor_s is not None:
            said += f"; {self._at_cursor()}"
        self.setAccessibleDescription(said or NO_RECORDING)
        self.redraw()

    def _at_cursor(self) -> str:
        assert self._cursor_s is not None
        scores = (f"{np.interp(self._cursor_s, self._times_s, one):.2f}" for _name, one in self._curves)
        return f"{format_time(self._cursor_s, 1)}: {' and '.join(scores)}"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if len(self._times_s):
            self._go(self.value(event.position()).x())
            self.clicked.emit(self._cursor_s)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.redraw()

    def has_data(self) -> bool:
        return bool(len(self._times_s))

    def draw(self) -> None:
        theme = self.theme
        self.plot.setRange(xRange=(0.0, max(self._duration_s, 1e-9)), yRange=(0.0, 1.0), padding=0)
        for band_s in self._bands:
            brush = color(theme.undecided, 0.20)
            self.add(pg.LinearRegionItem(band_s, movable=False, brush=brush, pen=pg.mkPen(None)))
        if self._threshold is not None:
            self.add(pg.InfiniteLine(self._threshold, 0, pen(theme.dim, style=Qt.PenStyle.DashLine)))
        ways = (
            ("—", theme.score_line, Qt.PenStyle.SolidLine), ("- -", theme.undecided, Qt.PenStyle.DashLine),
        )  # fmt: skip
        self._keys = []
        for (name, scores), (sign, token, style) in zip(self._curves, ways, strict=False):
            self._keys.append((sign, token, one_line(name)))
            count = max(2, self.width() // px(_COLUMN))
            columns = columns_of(self._times_s, scores.astype(np.float64), self._duration_s, count)
            edges = (pg.PlotCurveItem(columns.times_s, edge) for edge in (columns.low, columns.high))
            self.add(pg.FillBetweenItem(*edges, brush=color(token, _BAND)))
            self.add(pg.PlotCurveItem(columns.times_s, columns.mean, pen=pen(token, 1.5, style)))
        if self._cursor_s is not None:
            self.add(pg.InfiniteLine(self._cursor_s, 90, pen(theme.playhead)))
            self._keys.append(("|", theme.playhead, self._at_cursor()))
