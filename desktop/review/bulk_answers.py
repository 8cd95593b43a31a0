"""Bulk answers: one for the selected proposals, else for all that filter, search and folding leave."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from desktop.review.review import Review
from desktop.shell.session import Session
from engine.document import edits
from engine.document.change import Edit
from engine.document.decisions import Decision, Verdict
from engine.errors import UsageError
from engine.review.bulk import BulkAccept, accept_in_bulk, accept_selected

NOTHING_LEFT = BulkAccept(())


@dataclass(frozen=True, slots=True)
class Scope:
    """Scope of a bulk answer: the proposals in their order, and "selected" or "shown".

    Without a name there is nothing that it could mean.
    """

    ids: tuple[str, ...] = ()
    name: str = ""


class BulkAnswers(QObject):
    """Answers many proposals as one step of undo, and reports their number.

    Signals
    -------
    said : message about the result
    """

    said = Signal(str)

    def __init__(self, session: Session, review: Review, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._review = review

    def scope(self) -> Scope:
        """Return the proposals that would be answered.

        Nothing where no row is selected and none left out: all of a document is never meant by accident.
        """
        review = self._review
        if review.selected:
            return Scope(tuple(key for key in review.ids if key in review.selected), "selected")
        return Scope(review.ids, "shown") if review.choices.narrows and review.ids else Scope()

    def accepted(self) -> BulkAccept:
        """Return the proposals that would be accepted, and those with weak evidence that would be left."""
        scope, state = self.scope(), self._session.state
        divide = accept_selected if scope.name == "selected" else accept_in_bulk
        return divide(state, scope.ids)

    def _required_scope(self) -> Scope:
        scope = self.scope()
        if not scope.ids:
            raise UsageError("Choose several first: select rows in the queue, search, or filter.")
        return scope

    def decide(self, verdict: Verdict) -> None:
        """Answer them, and go on where the current one was among them."""
        scope = self._required_scope()
        bulk = self.accepted() if verdict is Verdict.ACCEPTED else BulkAccept(scope.ids)
        if not bulk.ids:
            self.said.emit(bulk.after(f"Accepted 0 {scope.name}"))
            return
        edit = self._session.answer(bulk.ids, verdict)
        self._apply(replace(scope, ids=bulk.ids), edit, verdict.value, bulk)
        if self._review.current in scope.ids:
            self._review.go_on()

    def flag(self) -> None:
        """Flag them; where all of them are flagged, take the flags away."""
        scope, decisions = self._required_scope(), self._session.state.decisions
        flagged = not all(key in decisions and decisions[key].flagged for key in scope.ids)
        edit = edits.flag_all(self._session.state, scope.ids, flagged)
        self._apply(scope, edit, "flagged" if flagged else "unflagged")

    def _apply(self, scope: Scope, edit: Edit, became: str, left: BulkAccept = NOTHING_LEFT) -> None:
        count = f"{len(scope.ids):,} {scope.name}"
        answered = sum(change.row_type is Decision for change in edit.changes)
        if not answered:
            self.said.emit(left.after(f"All {count} were {became} before"))
            return
        some = f"{answered:,} of " if answered < len(scope.ids) else ""
        label = f"{became.capitalize()} {some}{count}"
        was = self._session.state
        self._session.apply(replace(edit, label=label))
        before = len(scope.ids) - answered
        were = f"; {before:,} {'was' if before == 1 else 'were'} {became} before" if before else ""
        self.said.emit(self._session.with_lost_takes(left.after(f"{label}{were}"), was))
        self._review.select_none()
