"""Taking the edit from an edited file: asking for it, the job that matches, the proposals it becomes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop import dialogs
from desktop.jobs import take_edit
from desktop.session import Session
from desktop.work import Work
from engine.document.recorded import require_recording
from engine.document.tracks.track import sound_of
from engine.errors import UsageError
from engine.files.safe_write import shown

if TYPE_CHECKING:
    from engine.jobs.matched.edit import MatchedEdit, MatchedEditRequest


class TakingEdit(QObject):
    """Has a file matched with the recording, and puts what was done to it into the document.

    Signals
    -------
    said : what was taken; before it, what could not be
    """

    said = Signal(str)

    def __init__(
        self, window: QWidget, session: Session, work: Work, folder: Callable[[], Path], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._session, self._work, self._folder = window, session, work, folder

    def ask(self) -> None:
        """Ask for the edited file, then take the edit from it.

        Raises
        ------
        UsageError : there is no recording yet
        """
        require_recording(self._session.state, "compare a file with")
        path = dialogs.ask_edited(self._window, self._folder())
        if path is not None:
            self.take(path)

    def take(self, path: Path) -> None:
        """Match a file with the unedited mix, and make its edit the document's."""
        title = f"Taking the edit from {shown(path.name)}"
        self._work.once_loaded("engine.jobs.matched.edit", title, lambda: self._match(path, title))

    def _match(self, path: Path, title: str) -> None:
        from engine.jobs.matched.edit import MatchedEditRequest

        request = MatchedEditRequest(self._session.state, self._session.media, path)
        self._work.compute(take_edit, request, title, partial(self._put, request))

    def _put(self, request: MatchedEditRequest, made: MatchedEdit) -> None:
        state = self._session.state
        if sound_of(request.state.tracks) != sound_of(state.tracks):
            raise UsageError("The tracks were changed meanwhile: take the edit again ‹file.take_edit›.")
        self._session.apply(made.put_into(state))
        for note in made.notes[1:]:  # each has a line of its own in the list of what was said
            self.said.emit(note)
        self.said.emit(made.sentence)
        self._work.proposed.emit(frozenset(one.id for one in made.proposals))
