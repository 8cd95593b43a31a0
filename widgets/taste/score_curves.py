"""Scores of a recording over time, of one taste or two; any position is playable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from engine.timebase import format_time
from engine.wording import one_line
from widgets.taste.keyed_view import KeyedView
from widgets.theme import TEXT_SMALL, Theme, color, mono_font, px, ui_font
from widgets.timeline.ruler import decimals_of, label_step_s
from widgets.timeline.sound.sample_line import column_extents

_HEAD, _FOOT, _PAD = 20, 18, 8
_LABEL_GAP = 28
_COLUMN = 3
"""Width of a column of aggregated scores, in pixels: narrower ones would look like a barcode."""

_BAND, _MOST_OF_NAME = 0.28, 0.35
_TYPICAL = 0.5
_LEVELS = ((1.0, "anomalous"), (_TYPICAL, "typical"))
STEP_S, COARSE_STEP_S = 1.0, 10.0
NOTHING = "Choose a recording in the ranking to see its scores."


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


class ScoreCurves(KeyedView):
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
        super().__init__(theme, "Scores over time", parent)
        self._times_s = np.zeros(0)
        self._curves: tuple[tuple[str, NDArray[np.float32]], ...] = ()
        self._bands: tuple[tuple[float, float], ...] = ()
        self._duration_s = 0.0
        self._threshold: float | None = None
        self._cursor_s: float | None = None
        self.setMinimumHeight(px(110))

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
        self.update()

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
        self.setAccessibleDescription(said or NOTHING)
        self.update()

    def _at_cursor(self) -> str:
        assert self._cursor_s is not None
        scores = (f"{np.interp(self._cursor_s, self._times_s, one):.2f}" for _name, one in self._curves)
        return f"{format_time(self._cursor_s, 1)}: {' and '.join(scores)}"

    def _plot(self) -> QRectF:
        metrics = QFontMetricsF(ui_font(TEXT_SMALL))
        names = max(metrics.horizontalAdvance(name) for _score, name in _LEVELS)
        return QRectF(self.rect()).adjusted(px(_PAD) + names + px(6), px(_HEAD), -px(_PAD), -px(_FOOT))

    def _x(self, at_s: float) -> float:
        plot = self._plot()
        return plot.left() + at_s / max(self._duration_s, 1e-9) * plot.width()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not len(self._times_s):
            return
        plot = self._plot()
        self._go((event.position().x() - plot.left()) / max(plot.width(), 1.0) * self._duration_s)
        self.clicked.emit(self._cursor_s)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_ground(painter)
        if not len(self._times_s):
            self.paint_empty(painter, NOTHING)
        else:
            self._paint_axes(painter)
            self._paint_bands(painter)
            self._paint_lines(painter)
            self._paint_words(painter)
        self.paint_focus(painter)

    def _paint_axes(self, painter: QPainter) -> None:
        """Draw time labels without overlap, and the meaning of high and medium scores."""
        plot, theme = self._plot(), self.theme
        painter.setFont(mono_font(TEXT_SMALL))
        metrics = painter.fontMetrics()
        widest = metrics.horizontalAdvance(format_time(self._duration_s, 0))
        s_per_px = self._duration_s / max(plot.width(), 1.0)
        step_s = max(1.0, label_step_s(s_per_px, widest + px(_LABEL_GAP)))
        for number in range(int(self._duration_s / step_s) + 1):
            at_s = number * step_s
            x, text = self._x(at_s), format_time(at_s, decimals_of(step_s))
            painter.setPen(QPen(QColor(theme.line), 1))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom() + px(3)))
            left, width = x + px(4), metrics.horizontalAdvance(text)
            if left + width <= self.width():
                painter.setPen(QColor(theme.dim))
                painter.drawText(QPointF(left, plot.bottom() + px(_FOOT) - metrics.descent() - px(1)), text)
        painter.setFont(ui_font(TEXT_SMALL))
        for score, name in _LEVELS:
            y = plot.bottom() - score * plot.height()
            painter.setPen(QPen(QColor(theme.line), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(QColor(theme.dim))
            room = QRectF(0, y - px(8), plot.left() - px(6), px(16))
            painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), name)

    def _paint_bands(self, painter: QPainter) -> None:
        plot = self._plot()
        for start_s, stop_s in self._bands:
            left, right = self._x(start_s), self._x(stop_s)
            painter.fillRect(
                QRectF(left, plot.top(), max(right - left, px(2)), plot.height()),
                color(self.theme.undecided, 0.20),
            )
        if self._threshold is not None:
            y = plot.bottom() - self._threshold * plot.height()
            painter.setPen(QPen(QColor(self.theme.dim), px(1), Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))

    def _paint_lines(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for (_name, scores), (token, style) in zip(self._curves, self._ways(), strict=False):
            columns = self._columns(scores)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(token, _BAND))
            painter.drawPolygon(self._polygon(columns))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(token), px(1.5), style))
            painter.drawPolyline(self._points(columns.times_s, columns.mean))
        if self._cursor_s is not None:
            plot, x = self._plot(), self._x(self._cursor_s)
            painter.setPen(QPen(QColor(self.theme.playhead), px(1)))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))

    def _ways(self) -> tuple[tuple[str, Qt.PenStyle], ...]:
        return (self.theme.score_line, Qt.PenStyle.SolidLine), (self.theme.undecided, Qt.PenStyle.DashLine)

    def _columns(self, scores: NDArray[np.float32]) -> _Columns:
        """Return the scores unchanged, or aggregated by columns if they are denser."""
        times_s, values = self._times_s, scores.astype(np.float64)
        count = max(2, round(self._plot().width() / px(_COLUMN)))
        return columns_of(times_s, values, self._duration_s, count)

    def _points(self, times_s: NDArray[np.float64], values: NDArray[np.float64]) -> QPolygonF:
        plot = self._plot()
        xs = plot.left() + times_s / max(self._duration_s, 1e-9) * plot.width()
        ys = plot.bottom() - np.clip(values, 0.0, 1.0) * plot.height()
        return QPolygonF([QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)])

    def _polygon(self, columns: _Columns) -> QPolygonF:
        """Return the outline of the band, along its highest and back along its lowest."""
        there = np.concatenate([columns.times_s, columns.times_s[::-1]])
        return self._points(there, np.concatenate([columns.high, columns.low[::-1]]))

    def _paint_words(self, painter: QPainter) -> None:
        plot, theme = self._plot(), self.theme
        head = QRectF(plot.left(), 0, plot.width(), px(_HEAD))
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(ui_font(TEXT_SMALL))
        metrics, left = QFontMetricsF(ui_font(TEXT_SMALL)), head.left()
        for (name, _scores), (token, style) in zip(self._curves, self._ways(), strict=False):
            text = f"{'—' if style == Qt.PenStyle.SolidLine else '- -'} {one_line(name)}"
            text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, plot.width() * _MOST_OF_NAME)
            painter.setPen(QColor(token))
            room = QRectF(left, 0, plot.right() - left, px(_HEAD))
            painter.drawText(room, middle | int(Qt.AlignmentFlag.AlignLeft), text)
            left += metrics.horizontalAdvance(text) + px(12)
        painter.setPen(QColor(theme.dim))
        painter.setFont(mono_font(TEXT_SMALL))
        if self._cursor_s is not None:
            painter.drawText(head, middle | int(Qt.AlignmentFlag.AlignRight), self._at_cursor())
