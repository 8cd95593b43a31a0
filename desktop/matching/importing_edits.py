"""Importing the edits of another program: asking for the file, the preview, one step of undo."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop import dialogs
from desktop.jobs import import_edits
from desktop.session import Session
from desktop.work import Work
from engine.document.recorded import require_recording
from engine.edl.imports.formats import IMPORTS
from engine.errors import UsageError
from engine.files.safe_write import shown
from engine.jobs.imported.requests import ReadEditsRequest

if TYPE_CHECKING:
    from engine.jobs.imported.edit import ImportedEdit


class ImportingEdits(QObject):
    """Has a file of edits compared with the document, shows what would change, and accepts it.

    Signals
    -------
    said : what was imported; before it, what was left out
    """

    said = Signal(str)

    def __init__(
        self, window: QWidget, session: Session, work: Work, folder: Callable[[], Path], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._session, self._work, self._folder = window, session, work, folder

    def ask(self) -> None:
        """Ask for a file of edits, and read it.

        Raises
        ------
        UsageError : there is no recording yet
        """
        require_recording(self._session.state, "import edits into")
        path = dialogs.ask_edits(self._window, self._folder())
        if path is None:
            return
        form = IMPORTS.get(path.suffix.lower())
        labels_as = None
        if form is not None and form.asks_labels:
            labels_as = dialogs.ask_labels_as(self._window, shown(path.name))
            if labels_as is None:
                return
        request = ReadEditsRequest(self._session.state, self._session.media, path, labels_as)
        title = f"Reading the edits in {shown(path.name)}"
        self._work.compute(import_edits, request, title, partial(self._put, request))

    def _put(self, request: ReadEditsRequest, made: ImportedEdit) -> None:
        """Show what changes, and change it where the user agrees."""
        if made.is_empty:
            self.said.emit(made.sentence)
            return
        if not dialogs.confirm_import(self._window, made.sentence, made.left_out):
            self.said.emit(f"Cancelled: {made.label}")
            return
        state = self._session.state
        if (request.state.sources, request.state.tracks) != (state.sources, state.tracks):
            raise UsageError("The tracks were changed meanwhile: import the edits again ‹file.import_edits›.")
        self._session.apply(made.put_into(state))
        for note in made.left_out:
            self.said.emit(note)
        self.said.emit(made.sentence)
        self._work.proposed.emit(frozenset(one.id for one in made.proposals))
