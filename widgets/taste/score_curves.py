"""How odd a recording is over time, as one taste hears it or as two do; any moment of it can be heard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from engine.timebase import format_time
from widgets.taste.keyed_view import KeyedView
from widgets.theme import TEXT_SMALL, Theme, color, mono_font, px, ui_font
from widgets.timeline.sample_line import column_extents

_HEAD, _FOOT, _PAD = 20, 18, 8
STEP_S, COARSE_STEP_S = 1.0, 10.0
NOTHING = "Choose a recording in the ranking to see its scores."


class ScoreCurves(KeyedView):
    """The first taste is a solid line, a second one dashed; passages where they differ are bands.

    Signals
    -------
    chosen : a moment in seconds that was gone to; it should be shown
    clicked : the same; it should be heard, too
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
        """The moment gone to."""
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
        """Mark a moment."""
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
        return QRectF(self.rect()).adjusted(px(_PAD), px(_HEAD), -px(_PAD), -px(_FOOT))

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
            self._paint_bands(painter)
            self._paint_lines(painter)
            self._paint_words(painter)
        self.paint_focus(painter)

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
            pen = QPen(QColor(token), px(1.5), style)
            painter.setPen(pen)
            painter.drawPolyline(self._line(scores))
        if self._cursor_s is not None:
            plot, x = self._plot(), self._x(self._cursor_s)
            painter.setPen(QPen(QColor(self.theme.playhead), px(1)))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))

    def _ways(self) -> tuple[tuple[str, Qt.PenStyle], ...]:
        return (self.theme.score_line, Qt.PenStyle.SolidLine), (self.theme.undecided, Qt.PenStyle.DashLine)

    def _line(self, scores: NDArray[np.float32]) -> QPolygonF:
        """Return a curve; of more scores than columns, each column's lowest and highest."""
        plot = self._plot()
        columns = max(2, round(plot.width()))
        times_s, values = self._times_s, scores.astype(np.float64)
        if len(times_s) > 2 * columns:
            edges = np.linspace(0.0, self._duration_s, columns + 1)
            low, high = column_extents(times_s, scores, edges)
            known = ~np.isnan(low)
            middles = (edges[:-1] + edges[1:])[known] / 2
            times_s = np.repeat(middles, 2)
            values = np.stack([low[known], high[known]], axis=1).ravel().astype(np.float64)
        xs = plot.left() + times_s / max(self._duration_s, 1e-9) * plot.width()
        ys = plot.bottom() - np.clip(values, 0.0, 1.0) * plot.height()
        return QPolygonF([QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)])

    def _paint_words(self, painter: QPainter) -> None:
        plot, theme = self._plot(), self.theme
        head = QRectF(plot.left(), 0, plot.width(), px(_HEAD))
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(ui_font(TEXT_SMALL))
        left = head.left()
        for (name, _scores), (token, style) in zip(self._curves, self._ways(), strict=False):
            text = f"{'—' if style == Qt.PenStyle.SolidLine else '- -'} {name}"
            painter.setPen(QColor(token))
            room = QRectF(left, 0, plot.right() - left, px(_HEAD))
            painter.drawText(room, middle | int(Qt.AlignmentFlag.AlignLeft), text)
            left += painter.fontMetrics().horizontalAdvance(text) + px(12)
        painter.setPen(QColor(theme.dim))
        painter.setFont(mono_font(TEXT_SMALL))
        if self._cursor_s is not None:
            painter.drawText(head, middle | int(Qt.AlignmentFlag.AlignRight), self._at_cursor())
        foot = QRectF(plot.left(), plot.bottom(), plot.width(), px(_FOOT))
        painter.drawText(foot, middle | int(Qt.AlignmentFlag.AlignLeft), format_time(0.0, 0))
        painter.drawText(foot, middle | int(Qt.AlignmentFlag.AlignRight), format_time(self._duration_s, 0))
