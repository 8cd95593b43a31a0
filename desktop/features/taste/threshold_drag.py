"""The threshold: forecast while it is dragged, and proposals on release."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.features.taste.cuts_ahead import submit_look
from desktop.review.queue_side import QueueSide
from desktop.shell.shell import Shell
from desktop.shell.work.job_lanes import JobLane
from engine.core.progress import Progress
from engine.document.analysis import BeatGrid, Listening, NearestReference, ScoreCurve
from engine.document.state import DocumentState
from engine.features.taste.finders.cuts.outlook import Outlook
from engine.features.taste.finders.cuts.propose import Proposed, propose


class ThresholdDrag(QObject):
    """Shows a forecast of a threshold while it is dragged; the document changes on release only.

    Work that takes longer than a frame runs on a lane of its own, so that learning does not delay it, and
    only for the newest position of the line.

    Signals
    -------
    foreseen : forecast of the dragged threshold, in words
    """

    foreseen = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, queue: QueueSide) -> None:
        super().__init__(window)
        self._session, self._work, self._timeline = shell.session, shell.work, shell.timeline
        self._panel, self._show_queue = queue.panel, queue.show
        self._timeline.canvas.threshold_moved.connect(self._move)
        self._timeline.canvas.threshold_dragged.connect(self._release)
        self._wanted: float | None = None
        self._lane = JobLane("threshold lane", self)

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
        asked = {"threshold_mode": "score", "score": self._wanted}
        handle = submit_look(self._lane, self._session, asked)
        handle.finished.connect(self._show)

    def _show(self, outlook: Outlook) -> None:
        if self._wanted is None:
            return
        self._timeline.canvas.set_outlook(outlook.sentence)
        self.foreseen.emit(outlook.sentence)
        self._panel.set_outlook(outlook.threshold, outlook.cuts.after, outlook.sentence)
        if outlook.threshold != self._wanted:
            self._look()

    def _release(self, score: float) -> None:
        self._end()
        self._propose(score)

    def _propose(self, score: float) -> None:
        """Propose in the background; with thousands of proposals that takes longer than a few frames."""
        session = self._session
        settings = {"threshold_mode": "score", "score": score}
        handle = self._lane.submit(
            propose_at,
            session.state,
            session.curve,
            session.grid,
            session.listening,
            settings,
            session.nearest,
            title="Proposing",
        )
        self._work.watch(handle, partial(self._proposed, session.state, score))

    def _proposed(self, made_for: DocumentState, score: float, made: Proposed) -> None:
        if self._session.state is not made_for:
            self._propose(score)  # something was decided meanwhile
            return
        self._work.said.emit(self._session.apply(made.edit).label)
        if self._wanted is not None:
            self._look()

    def _end(self) -> None:
        self._wanted = None
        self._timeline.canvas.set_outlook("")
        self._panel.end_outlook()
        self._show_queue()


def propose_at(
    state: DocumentState,
    curve: ScoreCurve | None,
    grid: BeatGrid | None,
    listening: Listening | None,
    settings: Mapping[str, object],
    nearest: NearestReference | None,
    progress: Progress,
) -> Proposed:
    """Propose cuts as `engine.features.taste.finders.cuts.propose.propose` does."""
    progress.check_cancelled()
    return propose(state, curve, grid, listening, settings, nearest=nearest)
