"""Bulk answers: one for the selected proposals, else for all that filter, search and folding leave."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from desktop.review.review import Review
from desktop.session import Session
from engine.document import edits
from engine.document.change import Edit
from engine.document.decisions import Verdict
from engine.errors import UsageError


@dataclass(frozen=True, slots=True)
class Scope:
    """What a bulk answer answers: the proposals in their order, and "selected" or "shown".

    Without a name there is nothing that it could mean.
    """

    ids: tuple[str, ...] = ()
    name: str = ""


class BulkAnswers(QObject):
    """Answers many as one step of undo, and says how many it were.

    Signals
    -------
    said : what was done
    """

    said = Signal(str)

    def __init__(self, session: Session, review: Review, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._review = review

    def scope(self) -> Scope:
        """Return what would be answered.

        Nothing where no row is selected and none left out: all of a document is never meant by accident.
        """
        review = self._review
        if review.selected:
            return Scope(tuple(key for key in review.ids if key in review.selected), "selected")
        return Scope(review.ids, "shown") if review.choices.narrows and review.ids else Scope()

    def _required_scope(self) -> Scope:
        scope = self.scope()
        if not scope.ids:
            raise UsageError("Choose several first: select rows in the queue, search, or filter.")
        return scope

    def decide(self, verdict: Verdict) -> None:
        """Answer them, and go on where the current one was among them."""
        scope = self._required_scope()
        self._apply(scope, edits.decide(self._session.state, scope.ids, verdict), verdict.value)
        if self._review.current in scope.ids:
            self._review.go_on()

    def flag(self) -> None:
        """Flag them; where all of them are flagged, take the flags away."""
        scope, decisions = self._required_scope(), self._session.state.decisions
        flagged = not all(key in decisions and decisions[key].flagged for key in scope.ids)
        edit = edits.flag_all(self._session.state, scope.ids, flagged)
        self._apply(scope, edit, "flagged" if flagged else "unflagged")

    def _apply(self, scope: Scope, edit: Edit, became: str) -> None:
        count, answered = f"{len(scope.ids):,} {scope.name}", len(edit.changes)
        if not answered:
            self.said.emit(f"All {count} were {became} before")
            return
        some = f"{answered:,} of " if answered < len(scope.ids) else ""
        label = f"{became.capitalize()} {some}{count}"
        self._session.apply(replace(edit, label=label))
        self.said.emit(f"{label}; the others were before" if some else label)
        self._review.select_none()
