"""Edits from files that others made of the recording: asking for the file, the job, its proposals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop.shell.dialogs import questions
from desktop.shell.shell import Shell
from engine.core.errors import OffcutError, UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.document.analysis import require_recording
from engine.document.tracks import sound_of
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.imports import asks_labels
from engine.exchange.imports.formats import IMPORTS, ReadEditsRequest

if TYPE_CHECKING:
    from engine.exchange.imports.proposals.edit import ImportedEdit


def guess_frame_rate(request: ReadEditsRequest, progress: Progress) -> FrameRate | None:
    """Guess the frame rate of a list without one; None for a list that has one."""
    from engine.exchange.imports.proposals.edit import guessed_rate

    return guessed_rate(request, progress)


def import_edits(request: ReadEditsRequest, progress: Progress) -> ImportedEdit:
    """Compute the changes that the edits in a file make to a document."""
    from engine.exchange.imports.proposals.edit import read_into

    return read_into(request, progress)


class EditsFromFiles(QObject):
    """Takes the edit from an edited recording, and imports the edits of other programs.

    Signals
    -------
    said : message about imported edits, and about premises and omissions before it
    """

    said = Signal(str)

    def __init__(self, window: QWidget, shell: Shell) -> None:
        super().__init__(window)
        self._window, self._shell = window, shell
        self._session, self._work = shell.session, shell.work
        shell.finders.add_form("match", self.ask_edited)

    def ask_edited(self) -> None:
        """Ask for an edited recording, then take the edit from it.

        Raises
        ------
        UsageError : the document has no recording
        """
        require_recording(self._session.state, "compare a file with")
        path = questions.ask_edited(self._window, self._session.folder)
        if path is not None:
            self.take(path)

    def take(self, path: Path) -> None:
        """Match a file with the unedited mix, and make its edit the document's."""
        title = f"Taking the edit from {shown(path.name)}"
        self._shell.finders.start("match", {"edited": str(path)}, title)

    def ask_edits(self) -> None:
        """Ask for a file of edits, and read it.

        Raises
        ------
        UsageError : the document has no recording
        """
        require_recording(self._session.state, "import edits into")
        path = questions.ask_edits(self._window, self._session.folder)
        if path is not None:
            self.read(path)

    def read(self, path: Path) -> None:
        """Read a file of edits; ask for the meaning of its labels or its frame rate if it lacks them."""
        form = IMPORTS.get(path.suffix.lower())
        request = ReadEditsRequest(self._session.state, self._session.media, path)
        if asks_labels(path):
            labels_as = questions.ask_labels_as(self._window, shown(path.name))
            if labels_as is not None:
                self._read(replace(request, labels_as=labels_as))
        elif form is not None and form.asks_frame_rate:
            title = f"Looking for the frame rate of {shown(path.name)}"
            self._work.read(guess_frame_rate, request, title, partial(self._asked, self._rate, request))
        else:
            self._read(request)

    def _asked(self, ask: Callable[..., None], *found: object) -> None:
        """Ask a question once the job before it has ended, so that its progress does not stay meanwhile."""

        def go_on() -> None:
            try:
                ask(*found)
            except OffcutError as error:
                self._work.failed.emit(str(error))

        QTimer.singleShot(0, self, go_on)

    def _rate(self, request: ReadEditsRequest, guess: FrameRate | None) -> None:
        """Ask for the frame rate of a list without one, and read the list."""
        if guess is not None:
            guess = questions.ask_frame_rate(self._window, shown(request.path.name), guess)
            if guess is None:
                return
        self._read(replace(request, frame_rate=guess))

    def _read(self, request: ReadEditsRequest) -> None:
        title = f"Reading the edits in {shown(request.path.name)}"
        self._work.read(import_edits, request, title, partial(self._asked, self._import, request))

    def _import(self, request: ReadEditsRequest, made: ImportedEdit) -> None:
        """Show the changes, and apply them after confirmation."""
        if made.is_empty:
            for note in made.notes:
                self.said.emit(note)
            self.said.emit(made.sentence)
        elif questions.confirm_import(self._window, made.sentence, made.notes, is_accepted=made.is_accepted):
            if sound_of(request.state.tracks) != sound_of(self._session.state.tracks):
                raise UsageError(
                    "The tracks were changed meanwhile: import the edits again ‹file.import_edits›."
                )
            self._session.apply(made.put_into(self._session.state))
            for sentence in (*made.notes, made.sentence):  # each has a line of its own in the message log
                self.said.emit(sentence)
            self._work.proposed.emit(frozenset(one.id for one in made.proposals))
        else:
            self.said.emit(f"Cancelled: {made.label}")
