"""Histogram of scores in the references and in a recording, with a draggable threshold."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from desktop.features.taste.widgets.plot_view import PlotView, pen
from engine.core.wording import percent
from widgets.theme import TEXT_SMALL, Theme, color, mono_font, px

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
