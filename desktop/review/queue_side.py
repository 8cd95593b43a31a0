"""The queue panel and the review: what the panel is asked for, and what it shows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from desktop.review.bulk_answers import BulkAnswers
from desktop.review.moved_edges import MovedEdges
from desktop.review.review import Review
from desktop.session import Session
from engine.document.kinds import Edge
from engine.errors import OffcutError
from widgets.review.queue_panel import QueuePanel

_EDGE_NAMES = {Edge.START: "left", Edge.STOP: "right"}


class QueueSide(QObject):
    """Wires the panel to the review.

    Parameters
    ----------
    leave : gives the focus back to the timeline

    Attributes
    ----------
    panel : what is shown
    bulk : the bulk answers
    moved_edges : what is said of the current proposal where its edges were moved to

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
        self.panel = panel
        self.bulk = BulkAnswers(session, review, self)
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
        """Let go of what works for the panel."""
        self.moved_edges.close()

    def show(self) -> None:
        """Show the queue as it is now."""
        review, choices, scope = self._review, self._review.choices, self.bulk.scope()
        self.panel.set_choices(choices.filter_name, choices.sorting, choices.grouping)
        self.panel.set_review(
            self._session.state,
            review.listing,
            review.current,
            _EDGE_NAMES[review.edge],
            review.statistics,
            review.threshold,
            len(review.above()),
            review.learned,
            self.moved_edges.said(),
        )
        self.panel.set_learning(review.calibrating.sentence, is_on=review.calibrating.is_on)
        self.panel.set_scope(review.selected, len(scope.ids), scope.name)
