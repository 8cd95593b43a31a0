"""Named songs for later days: asks once for consent, then stores their fingerprints in a job."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.features.day.overview import Overview
from desktop.shell.dialogs import questions
from desktop.shell.messages import reporting_refusals
from desktop.shell.shell import Shell
from engine.core.progress import Progress
from engine.document.settings import starts_at

if TYPE_CHECKING:
    from engine.features.day.known.naming import SongRequest


_DOING = "Remembering the song"


class Remembering(QObject):
    """Follows the names that the user gives in the overview."""

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, overview: Overview) -> None:
        super().__init__(window)
        self._window, self._shell, self._overview = window, shell, overview
        overview.named.connect(reporting_refusals(self._remember, self.refused.emit))

    def _remember(self, name: str, former: str) -> None:
        from engine.features.day.known.library import Library

        library = Library()
        is_allowed = library.is_allowed()
        if is_allowed is None:
            is_allowed = questions.ask_remembers_songs(self._window)
            if is_allowed is not None:
                library.allow(is_allowed)
        if is_allowed:
            start = partial(self._start, name, former)
            self._shell.work.once_loaded("engine.features.day.known.naming", _DOING, start)

    def _start(self, name: str, former: str) -> None:
        from engine.features.day.known.naming import SongRequest

        session, day = self._shell.session, self._overview.required_day()
        at = starts_at(session.state)
        date = "" if at is None or at.day is None else at.day.isoformat()
        request = SongRequest(
            session.state, session.media, day, list(day.names).index(name), former, session.name, date
        )
        self._shell.work.compute(remember, request, _DOING, self._remembered)

    def _remembered(self, name: str) -> None:
        self.said.emit(f"{name} is recognised on later days")


def remember(request: SongRequest, progress: Progress) -> str:
    """Store the takes of a song, as a job."""
    from engine.features.day.known.naming import remember_song

    return remember_song(request, progress)
