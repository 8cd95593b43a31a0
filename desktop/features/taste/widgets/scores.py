"""Plots of scores: over time, of one taste or two, and as a histogram with a draggable threshold.

Any position is playable. The largest differences of two tastes are a short list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QListWidget, QWidget

from desktop.features.taste.widgets.plot_view import Axis, PlotView, pen
from engine.core.timebase import format_time
from engine.core.wording import one_line, percent
from engine.features.taste.overview.results import Difference
from widgets.controls.key_caps import WITH_SHIFT, is_own_key
from widgets.controls.keyed_view import ENDS, HEARING
from widgets.theme import ROW, TEXT_SMALL, Theme, color, mono_font, px
from widgets.timeline.ruler import decimals_of, label_step_s
from widgets.timeline.sound.waves import column_extents

_KEYS = ENDS | HEARING | {Qt.Key.Key_Up, Qt.Key.Key_Down}
_ROWS_SHOWN = 3


class Differences(QListWidget):
    """One line a passage.

    Signals
    -------
    chosen : number of the selected passage
    heard : number of the passage to play
    """

    chosen = Signal(int)
    heard = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Largest differences between the tastes")
        self.setProperty("surface", "ground")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMaximumHeight(px(_ROWS_SHOWN * ROW + 4))
        self.setMinimumHeight(px(2 * ROW))
        self.currentRowChanged.connect(lambda row: self.chosen.emit(row) if row >= 0 else None)
        self.itemClicked.connect(lambda item: self.heard.emit(self.row(item)))

    def set_differences(self, names: tuple[str, str], differences: Sequence[Difference]) -> None:
        """List the differences; each figure is the share of the recording with a lower score."""
        self.blockSignals(True)
        self.clear()
        for one in differences:
            at = f"{format_time(one.start_s, 0)} – {format_time(one.stop_s, 0)}"
            first = f"higher than {percent(one.first)} of the scores of {names[0]}"
            self.addItem(f"{at}   {first}, {percent(one.second)} of {names[1]}")
        self.blockSignals(False)

    def event(self, event: QEvent) -> bool:
        if is_own_key(event, _KEYS, WITH_SHIFT):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in HEARING:
            if self.currentRow() >= 0:
                self.heard.emit(self.currentRow())
        else:
            super().keyPressEvent(event)


BINS = 50
STEP, COARSE_STEP = 0.01, 0.05
_GRAB = 8
NO_SCORES = "No scores yet. Import a recording, or drop one here."

Scores = NDArray[np.float32]


def densities(scores: Scores) -> NDArray[np.float64]:
    """Return the share of scores in each of `BINS` equal bins from 0 to 1; zeros for an empty input."""
    counts, _ = np.histogram(np.clip(scores, 0.0, 1.0), BINS, (0.0, 1.0))
    shares: NDArray[np.float64] = counts / max(len(scores), 1)
    return shares


class Distribution(PlotView):
    """References are filled, the recording is a line on top, so that colour is not the only distinction.

    Signals
    -------
    threshold_moved : the score while dragging; None when cancelled
    threshold_dragged : the score on release
    threshold_stepped : the score that an arrow key went to
    score_chosen : the clicked score; show a position with it
    """

    threshold_moved = Signal(object)
    threshold_dragged = Signal(float)
    threshold_stepped = Signal(float)
    score_chosen = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Distribution of scores", NO_SCORES, parent)
        self._heard_scores = self._kept_scores = np.zeros(0, np.float32)
        self._name = ""
        self._threshold: float | None = None
        self._dragged: float | None = None
        self._outlook = ""
        self.setMouseTracking(True)
        self.setMinimumHeight(px(140))
        self.plot.hideAxis("left")
        self.plot.setLabel("bottom", "0.5 typical of your edits, 1 anomalous")
        self.plot.setRange(xRange=(0, 1), yRange=(0, 1), padding=0)

    def sizeHint(self) -> QSize:
        return QSize(px(320), px(190))

    @property
    def threshold(self) -> float | None:
        """Position of the threshold, dragged or not."""
        return self._threshold if self._dragged is None else self._dragged

    @property
    def sentence(self) -> str:
        """Effect of the threshold on both."""
        shares = [f"{share} of {name}" for share, name in self._shares(("the recording", "your edits"))]
        return f"{self.threshold:.2f} and above: {' and '.join(shares)}" if shares else ""

    @property
    def figures(self) -> str:
        """Short form for the note in the title."""
        shares = [f"{name} {share}" for share, name in self._shares(("recording", "edits"))]
        return f"{self.threshold:.2f} up: {', '.join(shares)}" if shares else ""

    def _shares(self, names: tuple[str, str]) -> list[tuple[str, str]]:
        """Return the share of the recording and of the edits above the threshold, with names."""
        at = self.threshold
        if at is None or not len(self._heard_scores):
            return []
        both = zip((self._heard_scores, self._kept_scores), names, strict=True)
        return [(percent(float(np.mean(scores >= at))), name) for scores, name in both if len(scores)]

    def set_scores(self, kept: Scores, heard: Scores, name: str) -> None:
        """Show the scores, each of shape (n,), of the references and of one recording, with its name."""
        self._name = name
        self._kept_scores, self._heard_scores = kept, heard
        self._tell()

    def set_threshold(self, threshold: float | None) -> None:
        """Show the active threshold; None without proposed cuts."""
        self._threshold = threshold
        self._tell()

    def set_outlook(self, sentence: str) -> None:
        """Show the preview of the dragged threshold."""
        self._outlook = sentence
        self.redraw()

    def cancel_drag(self) -> bool:
        """Cancel a drag; return whether one was active."""
        if self._dragged is None:
            return False
        self._dragged = None
        self.threshold_moved.emit(None)
        self._tell()
        return True

    def step(self, key: Qt.Key, coarse: bool) -> None:
        if self._threshold is None:
            return
        by = COARSE_STEP if coarse else STEP
        steps = {Qt.Key.Key_Left: -by, Qt.Key.Key_Down: -by, Qt.Key.Key_Right: by, Qt.Key.Key_Up: by}
        ends = {Qt.Key.Key_Home: 0.0, Qt.Key.Key_End: 1.0}
        wanted = ends[key] if key in ends else self._threshold + steps[key]
        self.threshold_stepped.emit(round(min(max(wanted, 0.0), 1.0), 3))

    def _tell(self) -> None:
        self.setAccessibleDescription(self.sentence)
        self.redraw()

    def _score(self, x: float) -> float:
        return min(max(self.value(QPointF(x, 0.0)).x(), 0.0), 1.0)

    def _grabs(self, x: float) -> bool:
        return self._threshold is not None and abs(x - self.place(self._threshold).x()) <= px(_GRAB)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
        elif self._grabs(x):
            self._drag_to(x)
        elif len(self._heard_scores):
            self.score_chosen.emit(self._score(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._dragged is not None:
            self._drag_to(x)
        shape = Qt.CursorShape.SplitHCursor if self._grabs(x) else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        if self._dragged is None:
            return
        self._threshold, self._dragged = self._dragged, None
        self._outlook = ""
        self.threshold_dragged.emit(self._threshold)
        self._tell()

    def _drag_to(self, x: float) -> None:
        self._dragged = self._score(x)
        self.threshold_moved.emit(self._dragged)
        self._tell()

    def has_data(self) -> bool:
        return bool(len(self._heard_scores) or len(self._kept_scores))

    def draw(self) -> None:
        theme, at = self.theme, self.threshold
        kept, heard = densities(self._kept_scores), densities(self._heard_scores)
        highest = max(kept.max(), heard.max())
        edges = np.concatenate([[0.0], np.linspace(0.0, 1.0, BINS + 1), [1.0]])
        for shares, token, level in ((kept, theme.wave2, 0.0), (heard, theme.score_line, None)):
            if shares.any():
                outline = pen(token, 1.5)
                fill = {"fillLevel": level, "brush": color(token, 0.45)}
                heights = np.pad(shares / highest, 1)
                self.add(pg.PlotCurveItem(edges, heights, stepMode="center", pen=outline, **fill))
        self._keys = [("■", theme.wave, "your edits")]
        if self._name:
            self._keys.append(("—", theme.score_line, self._name))
        if at is not None:
            above = color(theme.score_line, 0.10)
            self.add(pg.LinearRegionItem((at, 1.0), movable=False, brush=above, pen=pg.mkPen(None)))
            is_dragged = self._dragged is not None
            self.add(pg.InfiniteLine(at, 90, pen(theme.text, 1 + is_dragged, Qt.PenStyle.DashLine)))
            text = f"{at:.2f} {self._outlook}".rstrip() if is_dragged else f"{at:.2f}"
            # An anchor at the same share of the label as the line is of the plot holds the label inside.
            label = pg.TextItem(text, theme.text, anchor=(at, 0.0), fill=theme.panel2)
            label.textItem.document().setDocumentMargin(px(2))
            label.setFont(mono_font(TEXT_SMALL))
            label.setPos(at, 1.0)
            self.add(label)


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
