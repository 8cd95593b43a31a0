"""The card's sentence and score follow edges that were moved, a moment behind the keys that move them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.review.review import Review
from desktop.shell.session import Session
from desktop.work.job_lanes import JobLane
from engine.document.decisions import decided_span
from engine.document.proposals import BY_HAND
from engine.finders.cuts.moved_edges import MovedRequest, said_of_moved
from engine.review.calibration.evidence import Analyses
from engine.review.said_of_span import SaidOfSpan

REST_MS = 60
"""Delay after the last move until the reason is computed: a held key moves edges faster."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A proposal, its edges, and the analyses of the recording."""

    proposal_id: str
    span: tuple[int, int]
    heard: Analyses


class MovedEdges(QObject):
    """Computes, on a thread of its own, the reason of the current proposal after its edges were moved.

    Signals
    -------
    found : `said` is of the present edges
    """

    found = Signal()

    def __init__(self, session: Session, review: Review, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._review = session, review
        self._lane = JobLane("card lane", self)
        self._known: tuple[_Asked, SaidOfSpan] | None = None
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._ask)
        session.replaced.connect(self._start_over)

    @property
    def is_waiting(self) -> bool:
        """Whether the reason of the current proposal is about to change."""
        return self._rest.isActive() or self._lane.is_busy

    def said(self) -> SaidOfSpan | None:
        """Return the reason of the current proposal if its edges were moved, else None.

        Right after a move it is still the former one, and `found` follows.
        """
        asked = self._asked()
        if asked is None:
            self._rest.stop()
            return None
        known = self._known
        if known is None or known[0] != asked:
            self._rest.start()
        return known[1] if known is not None and known[0].proposal_id == asked.proposal_id else None

    def close(self) -> None:
        """End the thread."""
        self._rest.stop()
        self._lane.close()

    def _asked(self) -> _Asked | None:
        session, key = self._session, self._review.current
        proposal = None if key is None else session.state.proposals.get(key)
        if proposal is None or proposal.maker == BY_HAND:
            return None
        span = session.state.span(proposal.id)
        if span == decided_span(proposal, None):
            return None
        heard = Analyses(session.curve, session.listening, None, session.nearest)
        return _Asked(proposal.id, span, heard)

    def _ask(self) -> None:
        asked = self._asked()
        if asked is not None:
            heard = asked.heard
            request = MovedRequest(
                self._session.state, asked.proposal_id, heard.curve, heard.listening, heard.nearest
            )
            handle = self._lane.submit(said_of_moved, request, title="Looking at the moved edges")
            handle.finished.connect(partial(self._take, asked))

    def _take(self, asked: _Asked, said: SaidOfSpan) -> None:
        if asked == self._asked():
            self._known = asked, said
            self.found.emit()

    def _start_over(self) -> None:
        self._known = None
        self._rest.stop()
