"""Histogram of scores in the references and in a recording, with a draggable threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from engine.wording import percent
from widgets.taste.keyed_view import KeyedView
from widgets.theme import TEXT_SMALL, Theme, color, mono_font, px, ui_font

BINS = 50
STEP, COARSE_STEP = 0.01, 0.05
_GRAB = 8
_FOOT = 18
_HEAD = 20
NOTHING = "No scores yet. Import a recording, or drop one here."

Scores = NDArray[np.float32]


def densities(scores: Scores) -> NDArray[np.float64]:
    """Return the share of scores in each of `BINS` equal bins from 0 to 1; zeros for an empty input."""
    counts, _ = np.histogram(np.clip(scores, 0.0, 1.0), BINS, (0.0, 1.0))
    shares: NDArray[np.float64] = counts / max(len(scores), 1)
    return shares


class Distribution(KeyedView):
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
        super().__init__(theme, "Distribution of scores", parent)
        self._kept = self._heard = np.zeros(BINS)
        self._heard_scores = self._kept_scores = np.zeros(0, np.float32)
        self._name = ""
        self._threshold: float | None = None
        self._dragged: float | None = None
        self._outlook = ""
        self.setMouseTracking(True)
        self.setMinimumHeight(px(120))

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
        self._kept, self._heard = densities(kept), densities(heard)
        self._tell()

    def set_threshold(self, threshold: float | None) -> None:
        """Show the active threshold; None without proposed cuts."""
        self._threshold = threshold
        self._tell()

    def set_outlook(self, sentence: str) -> None:
        """Show the preview of the dragged threshold."""
        self._outlook = sentence
        self.update()

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
        self.update()

    def _plot(self) -> QRectF:
        return QRectF(self.rect()).adjusted(px(8), px(_HEAD), -px(8), -px(_FOOT))

    def _x(self, score: float) -> float:
        plot = self._plot()
        return plot.left() + min(max(score, 0.0), 1.0) * plot.width()

    def _score(self, x: float) -> float:
        plot = self._plot()
        return min(max((x - plot.left()) / max(plot.width(), 1.0), 0.0), 1.0)

    def _grabs(self, x: float) -> bool:
        return self._threshold is not None and abs(x - self._x(self._threshold)) <= px(_GRAB)

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

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_ground(painter)
        if not len(self._heard_scores) and not len(self._kept_scores):
            self.paint_empty(painter, NOTHING)
        else:
            self._paint_scores(painter)
            self._paint_axis(painter)
            self._paint_threshold(painter)
        self.paint_focus(painter)

    def _paint_scores(self, painter: QPainter) -> None:
        theme, plot = self.theme, self._plot()
        highest = max(self._kept.max(), self._heard.max(), 1e-9)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for shares, token, filled in (
            (self._kept, theme.wave2, True),
            (self._heard, theme.score_line, False),
        ):
            if not shares.any():
                continue
            outline = _steps(shares / highest, plot)
            painter.setPen(QPen(QColor(token), px(1.5)))
            painter.setBrush(color(token, 0.45) if filled else Qt.BrushStyle.NoBrush)
            painter.drawPolygon(outline) if filled else painter.drawPolyline(outline)

    def _paint_axis(self, painter: QPainter) -> None:
        theme, plot = self.theme, self._plot()
        painter.setFont(ui_font(TEXT_SMALL))
        painter.setPen(QColor(theme.dim))
        foot = QRectF(plot.left(), plot.bottom(), plot.width(), px(_FOOT))
        for text, place in (
            ("0", Qt.AlignmentFlag.AlignLeft),
            ("0.5 typical of your edits", Qt.AlignmentFlag.AlignHCenter),
            ("1 anomalous", Qt.AlignmentFlag.AlignRight),
        ):
            painter.drawText(foot, int(place | Qt.AlignmentFlag.AlignVCenter), text)
        head = QRectF(plot.left(), 0, plot.width(), px(_HEAD))
        painter.setPen(QColor(theme.wave))
        left = painter.boundingRect(head, int(Qt.AlignmentFlag.AlignLeft), "■ your edits")
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(head, flags, "■ your edits")
        painter.setPen(QColor(theme.score_line))
        if self._name:
            room = head.adjusted(left.width() + px(12), 0, 0, 0)
            words = painter.fontMetrics().elidedText(
                f"— {self._name}", Qt.TextElideMode.ElideRight, int(room.width())
            )
            painter.drawText(room, flags, words)

    def _paint_threshold(self, painter: QPainter) -> None:
        at = self.threshold
        if at is None:
            return
        theme, plot, x = self.theme, self._plot(), self._x(at)
        is_dragged = self._dragged is not None
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(
            QRectF(x, plot.top(), plot.right() - x, plot.height()), color(theme.score_line, 0.10)
        )
        pen = QPen(QColor(theme.text), px(2) if is_dragged else px(1))
        pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        painter.setFont(mono_font(TEXT_SMALL))
        text = f"{at:.2f}" + (f"  {self._outlook}" if is_dragged and self._outlook else "")
        width = painter.fontMetrics().horizontalAdvance(text) + px(8)
        left = min(max(x - width / 2, plot.left()), max(plot.left(), plot.right() - width))
        box = QRectF(left, plot.top(), width, px(16))
        painter.fillRect(box, color(theme.panel2))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _steps(heights: NDArray[np.float64], plot: QRectF) -> QPolygonF:
    """Return the outline of a histogram, from the ground up and back to it."""
    edges = plot.left() + np.linspace(0.0, 1.0, len(heights) + 1) * plot.width()
    tops = plot.bottom() - heights * plot.height()
    xs = np.repeat(edges, 2)
    ys = np.concatenate([[plot.bottom()], np.repeat(tops, 2), [plot.bottom()]])
    return QPolygonF([QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)])
