"""Small curve of the scores around a proposal: its peak, and the context."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.document.analysis import ScoreCurve
from widgets.theme import Theme, color, px

_MOST_POINTS = 400


class ScoreSpark(QWidget):
    """A curve, the threshold as a dashed line, and the proposal's span as a band."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._threshold = 1.0
        self._band = (0.0, 0.0)
        self._points: NDArray[np.float64] = np.zeros((0, 2))
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

    def set_scores(
        self, curve: ScoreCurve | None, span: tuple[int, int], reach_samples: int, threshold: float
    ) -> None:
        """Show the scores of a span with a margin of its own length, at least `reach_samples`.

        Without scores there is nothing to see, and no room is taken.
        """
        reach = max(reach_samples, span[1] - span[0])
        first, last = span[0] - reach, span[1] + reach
        self._points = _window(curve, first, last)
        self._band = ((span[0] - first) / (last - first), (span[1] - first) / (last - first))
        self._threshold = threshold
        self.setVisible(len(self._points) > 1)
        self.setAccessibleName(f"Scores around the proposal, threshold {threshold:.2f}")
        self.setToolTip(f"Scores before, in and after the proposal; dashed line: threshold {threshold:.2f}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(200), px(34))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        area = QRectF(self.rect()).adjusted(0, px(3), 0, -px(3))
        left, right = (area.left() + share * area.width() for share in self._band)
        painter.fillRect(QRectF(left, 0, right - left, self.height()), color(theme.undecided, 0.18))
        hairline = 1 / painter.device().devicePixelRatio()
        painter.setPen(QPen(QColor(theme.dim), hairline, Qt.PenStyle.DashLine))
        level = area.bottom() - self._threshold * area.height()
        painter.drawLine(QPointF(area.left(), level), QPointF(area.right(), level))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.score_line), px(1.5)))
        placed = [
            QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())
            for x, y in self._points.tolist()
        ]
        painter.drawPolyline(QPolygonF(placed))


def _window(curve: ScoreCurve | None, first: int, last: int) -> NDArray[np.float64]:
    """Return the scores in [first, last) as points 0 to 1, shape (n, 2); decimated by maximum."""
    if curve is None or not len(curve.times_samples):
        return np.zeros((0, 2))
    low, high = np.searchsorted(curve.times_samples, (first, last))
    times, scores = curve.times_samples[low:high], curve.scores[low:high]
    if len(times) > _MOST_POINTS:
        starts = np.linspace(0, len(times), _MOST_POINTS, endpoint=False).astype(int)
        times, scores = times[starts], np.maximum.reduceat(scores, starts)
    return np.column_stack(((times - first) / (last - first), np.clip(scores, 0, 1)))
