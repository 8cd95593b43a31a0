"""Connect the queue panel with the review."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from desktop.review.bulk_answers import BulkAnswers
from desktop.review.moved_edges import MovedEdges
from desktop.review.review import Review
from desktop.shell.session import Session
from engine.document.kinds import Edge
from engine.document.state import DocumentState
from engine.errors import OffcutError
from widgets.controls.later import Later
from widgets.review.queue_panel import QueuePanel

_EDGE_NAMES = {Edge.START: "left", Edge.STOP: "right"}


class QueueSide(QObject):
    """Wires the panel to the review.

    Parameters
    ----------
    leave : gives the focus back to the timeline

    Attributes
    ----------
    panel : the queue panel
    bulk : the bulk answers
    moved_edges : reason of the current proposal after its edges were moved

    Signals
    -------
    refused : one sentence; the search found nothing to go to
    """

    refused = Signal(str)

    def __init__(
        self, session: Session, review: Review, panel: QueuePanel, leave: Callable[[], object]
    ) -> None:
        super().__init__(panel)
        self._session = session
        self._review = review
        self._leave = leave
        self._shown: tuple[DocumentState, str | None] = (DocumentState(), None)
        self._following = Later(self._show_queue, self, is_next=True)
        self._counting = Later(self._show_figures, self)
        self.panel = panel
        self.bulk: BulkAnswers = BulkAnswers(session, review, self)
        self.moved_edges = MovedEdges(session, review, self)
        self.moved_edges.found.connect(lambda: panel.set_moved(self.moved_edges.said()))
        panel.proposal_chosen.connect(review.visit)
        panel.proposal_toggled.connect(review.toggle_selected)
        panel.range_chosen.connect(review.select_to)
        panel.group_toggled.connect(review.fold)
        panel.filter_chosen.connect(review.set_filter)
        panel.search_changed.connect(review.search)
        panel.search_entered.connect(self._go_to_found)
        panel.search_given_up.connect(leave)
        session.replaced.connect(panel.clear_search)

    def _go_to_found(self) -> None:
        try:
            self._review.go_to_found()
        except OffcutError as error:
            self.refused.emit(str(error))
        else:
            self._leave()

    def close(self) -> None:
        """Close the helpers of the panel."""
        self.moved_edges.close()

    def show(self) -> None:
        """Show the queue as it is now."""
        self._counting.now()
        self._following.now()

    def follow(self) -> None:
        """Show the queue after a key.

        The user looks at the lanes while answering: they are painted first, then the queue. The progress of
        the review comes last, once for several answers.
        """
        (before, current), now = self._shown, self._session.state
        if now.proposals is not before.proposals or not self._review.ids:
            self.show()
            return
        if now.decisions is not before.decisions and self._review.current != current:
            self._following.ask()
        else:
            self._following.now()
        self._counting.ask()

    def _show_queue(self) -> None:
        self._shown = self._session.state, self._review.current
        review, choices, scope = self._review, self._review.choices, self.bulk.scope()
        self.panel.set_choices(choices.filter_name, choices.sorting, choices.grouping)
        self.panel.set_search(choices.text)
        edge, moved = _EDGE_NAMES[review.edge], self.moved_edges.said()
        state, learned = self._session.state, review.learned
        self.panel.set_queue(state, review.listing, review.current, edge, learned, moved)
        left = len(self.bulk.accepted().left)
        self.panel.set_scope(review.selected, len(scope.ids), scope.name, left)

    def _show_figures(self) -> None:
        review, state = self._review, self._session.state
        self.panel.set_figures(state, review.statistics, review.threshold, len(review.above()))
        self.panel.set_learning(review.calibrating.sentence, is_on=review.calibrating.is_on)
