"""The user's notes on the current proposal and on the document."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.review.review import Review
from desktop.shell.dialogs import form_dialogs
from desktop.shell.session import Session
from engine.core.errors import UsageError
from engine.document.edits.proposals import document_note, set_document_note, set_note, span_text
from engine.document.limits import LONGEST_NOTE
from engine.document.state import Edit
from widgets.forms.short_forms import NoteForm


class Notes(QObject):
    """Asks for notes and stores them.

    Signals
    -------
    said : message about the result
    """

    said = Signal(str)

    def __init__(self, window: QWidget, session: Session, review: Review) -> None:
        super().__init__(window)
        self._window, self._session, self._review = window, session, review

    def about_proposal(self) -> None:
        """Write about the current proposal."""
        state, here = self._session.state, self._review.here()
        decision = state.decisions.get(here)
        said = f"About the {span_text(state, here)}. The search of the queue finds it."
        note = self._ask("Note on this proposal", said, "" if decision is None else decision.note)
        if note is not None:
            self._apply(set_note(self._session.state, here, note))

    def about_document(self) -> None:
        """Write about the document."""
        if not self._session.is_open:
            raise UsageError("No document for the note. Import a recording first ‹file.import›.")
        said = f"About {self._session.name}. It stays in the document."
        note = self._ask("Note about the document", said, document_note(self._session.state))
        if note is not None:
            self._apply(set_document_note(self._session.state, note))

    def _ask(self, title: str, said: str, note: str) -> str | None:
        return form_dialogs.ask_note(self._window, title, NoteForm(said, note, LONGEST_NOTE))

    def _apply(self, edit: Edit) -> None:
        if edit.changes:
            self.said.emit(self._session.apply(edit).label)
