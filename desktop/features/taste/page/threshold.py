"""Threshold of the Taste page: the document's if its cuts come from this taste, else a trial one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from desktop.features.taste.threshold_drag import ThresholdDrag
from desktop.recordings.analysing import Analysing
from desktop.shell.shell import Shell
from engine.features.taste.anomaly.threshold import USUAL_LIMIT, to_scores

if TYPE_CHECKING:
    from desktop.features.taste.widgets.distribution import Distribution

USUAL_SCORE = float(to_scores(np.array([USUAL_LIMIT]))[0])
"""Usual threshold; default for a taste without cuts in the document."""


class TasteThreshold(QObject):
    """Passes the threshold of the page to the same handlers as that of the timeline.

    Signals
    -------
    moved : threshold of a taste other than the document's, which reports its own
    """

    moved = Signal()

    def __init__(
        self, shell: Shell, analysing: Analysing, drag: ThresholdDrag, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._shell, self._analysing, self._drag_line = shell, analysing, drag
        self._tried = USUAL_SCORE
        self.maker = ""

    def connect_view(self, view: Distribution) -> None:
        """Follow the line of a distribution."""
        view.threshold_moved.connect(self._move)
        view.threshold_dragged.connect(self._drag)
        view.threshold_stepped.connect(self._step)
        self._drag_line.foreseen.connect(view.set_outlook)

    @property
    def score(self) -> float:
        """Position of the threshold."""
        return self._shell.review.threshold if self._proposes else self._tried

    @property
    def _proposes(self) -> bool:
        """Whether the document's cuts come from the displayed taste, whose maker is `maker`."""
        curve = self._shell.session.curve
        return curve is not None and curve.maker == self.maker

    def _move(self, score: float | None) -> None:
        if self._proposes:
            self._shell.timeline.canvas.threshold_moved.emit(score)

    def _drag(self, score: float) -> None:
        if self._proposes:
            self._shell.timeline.canvas.threshold_dragged.emit(score)
        else:
            self._tried = score
            self.moved.emit()

    def _step(self, score: float) -> None:
        if self._proposes:
            self._analysing.propose({"threshold_mode": "score", "score": score}, merges_as="threshold")
        else:
            self._drag(score)
