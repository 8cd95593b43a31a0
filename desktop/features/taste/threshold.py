"""The threshold of cuts: forecasts while settings are chosen, and proposals when it is released.

The Taste page shows the threshold of the document if its cuts come from this taste, else a trial one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.recordings.recordings import Analysing
from desktop.review.queue_side import QueueSide
from desktop.shell.session import Session
from desktop.shell.shell import Shell
from desktop.shell.work.job_lanes import JobHandle, JobLane
from engine.core.progress import Progress
from engine.document.analysis import BeatGrid, Listening, NearestReference, ScoreCurve
from engine.document.state import DocumentState
from engine.features.taste.anomaly.threshold import USUAL_LIMIT, to_scores
from engine.features.taste.document_cuts import Outlook, Proposed, look_ahead, propose

if TYPE_CHECKING:
    from desktop.features.taste.widgets.scores import Distribution


Settings = Mapping[str, object]
Tell = Callable[[str], object]


def submit_look(lane: JobLane, session: Session, settings: Settings) -> JobHandle:
    """Submit a forecast for the document's settings, changed by these."""
    return lane.submit(
        look_ahead,
        session.state,
        session.curve,
        session.grid,
        session.listening,
        settings,
        title="Looking ahead",
    )


class CutsAhead(QObject):
    """Looks ahead on a lane of its own, so that learning does not delay it; of several wishes the newest."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._lane = JobLane("outlook lane", self)
        self._wanted: tuple[Settings, Tell] | None = None

    def close(self) -> None:
        """End the thread."""
        self._lane.close()

    def look(self, settings: Settings, tell: Tell) -> None:
        """Forecast the effect of the document's settings, changed by these, and send it as a sentence."""
        self._wanted = (settings, tell)
        if not self._lane.is_busy:
            self._start()

    def forget(self) -> None:
        """Discard the pending answer."""
        self._wanted = None

    def _start(self) -> None:
        if (wanted := self._wanted) is None:
            return
        handle = submit_look(self._lane, self._session, wanted[0])

        def answer(sentence: str) -> None:
            if self._wanted is wanted:
                wanted[1](sentence)
            else:
                self._start()

        def show(outlook: Outlook) -> None:
            answer(outlook.sentence)

        handle.finished.connect(show)
        handle.failed.connect(answer)


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
    """Propose cuts as `engine.features.taste.document_cuts.propose` does."""
    progress.check_cancelled()
    return propose(state, curve, grid, listening, settings, nearest=nearest)


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
