"""What other packages add, in the window: makers to choose from, and what was left out, told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop import dialogs
from desktop.jobs import left_out_extensions, make_proposals
from desktop.session import Session
from desktop.work import Work
from engine.document.recorded import require_recording
from engine.document.tracks.track import sound_of
from engine.errors import UsageError
from engine.extensions.names import any_named

if TYPE_CHECKING:
    from engine.jobs.makers import MadeProposals


class Extending(QObject):
    """Asks who is to propose, and puts into the queue what they do.

    Signals
    -------
    said : what was proposed
    refused : what packages add and cannot be used
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, window: QWidget, session: Session, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._session, self._work = window, session, work
        if any_named():
            QTimer.singleShot(0, self, self._look)  # once the window is painted: imports take their time

    def _look(self) -> None:
        self._work.read_aside(left_out_extensions, "Loading extensions", self._tell)

    def _tell(self, sentences: tuple[str, ...]) -> None:
        if sentences:
            more = f" And {len(sentences) - 1} more:" if len(sentences) > 1 else ""
            self.refused.emit(f"{sentences[0]}{more} 'offcut doctor' tells all.")

    def ask(self) -> None:
        """Ask which maker is to propose, and propose what it finds.

        Raises
        ------
        UsageError : there is no recording yet
        """
        from engine.jobs.makers import MAKERS

        require_recording(self._session.state, "listen to")
        name = dialogs.ask_maker(self._window, {one: f"{it.title}: {it.about}" for one, it in MAKERS.items()})
        if name is not None:
            self.propose(name)

    def propose(self, name: str) -> None:
        """Propose what a maker finds."""
        from engine.jobs.makers import MAKERS, request_of

        session = self._session
        heard = {"beats": session.grid, "listening": session.listening, "hits": session.hits}
        scored = {"score": session.curve, "nearest": session.nearest, "sounds": session.sounds}
        request = request_of(name, session.state, session.media, {**heard, **scored})

        def take(made: MadeProposals) -> None:
            state = self._session.state
            if sound_of(request.state.tracks) != sound_of(state.tracks):
                raise UsageError("The tracks were changed meanwhile: propose again ‹taste.maker›.")
            edit = made.put_into(state)
            if edit.changes:
                self._session.apply(edit)
            self.said.emit(made.sentence)
            if new := self._session.state.proposals.keys() - state.proposals.keys():
                self._work.proposed.emit(frozenset(new))

        self._work.compute(make_proposals, request, MAKERS[name].title, take)
