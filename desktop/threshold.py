"""The threshold: where it stands as a percentile of the scores, and what it leads to while it is dragged."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from PySide6.QtCore import QObject, Signal

from desktop.job_lanes import JobLane
from desktop.session import Session
from engine.document.analysis import ScoreCurve
from engine.jobs.outlook import Outlook, look_ahead
from engine.settings import cut_settings
from widgets.review.queue_panel import QueuePanel
from widgets.timeline.timeline_view import TimelineView


def percentile_in_force(settings: Mapping[str, object], curve: ScoreCurve) -> float:
    """Return the percentile in force; a threshold set otherwise is expressed as one, to the nearest point."""
    wanted = cut_settings(settings)
    threshold = settings.get("threshold")
    if wanted.threshold_mode == "percentile" or not isinstance(threshold, int | float):
        return wanted.percentile
    return float(round(100.0 * np.mean(curve.scores < threshold)))


class ThresholdDrag(QObject):
    """Shows what a threshold would lead to while it is dragged; the document hears of it on release only.

    What takes too long for a frame is done on a lane of its own, so that learning does not delay it, and only
    for the newest place of the line.

    Parameters
    ----------
    show_queue : shows the queue as the document has it

    Signals
    -------
    foreseen : what the dragged threshold would lead to, in words
    """

    foreseen = Signal(str)

    def __init__(
        self,
        session: Session,
        timeline: TimelineView,
        panel: QueuePanel,
        show_queue: Callable[[], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._timeline, self._panel = session, timeline, panel
        self._show_queue = show_queue
        self._wanted: float | None = None
        self._lane = JobLane("threshold lane", self)
        timeline.threshold_moved.connect(self._move)
        timeline.threshold_dragged.connect(self._end)

    def close(self) -> None:
        """End the thread."""
        self._lane.close()

    def _move(self, score: float | None) -> None:
        self._wanted = score
        if score is None:
            self._end()
        elif not self._lane.is_busy:
            self._look()

    def _look(self) -> None:
        session, score = self._session, self._wanted
        handle = self._lane.submit(
            look_ahead,
            session.state,
            session.curve,
            session.grid,
            session.listening,
            score,
            title="Looking ahead",
        )
        handle.finished.connect(self._show)

    def _show(self, outlook: Outlook) -> None:
        if self._wanted is None:
            return
        self._timeline.set_outlook(outlook.sentence)
        self.foreseen.emit(outlook.sentence)
        self._panel.set_outlook(outlook.score, outlook.cuts, outlook.sentence)
        if outlook.score != self._wanted:
            self._look()

    def _end(self) -> None:
        self._wanted = None
        self._timeline.set_outlook("")
        self._show_queue()
