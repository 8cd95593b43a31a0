"""Finding a sound in all of a recording, and proposing to take it out wherever it is heard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop import dialogs
from desktop.jobs import find_repairs
from desktop.separation.recent_words import RecentWords
from desktop.separation.sounds import Sounds
from desktop.session import Session
from desktop.timeline.selecting import Selecting
from desktop.transport import Transport
from desktop.work import Work
from engine.document.recorded import require_recording
from engine.document.tracks.track import sound_of
from engine.errors import UsageError
from engine.jobs.repairs.requests import FindRequest, RepairSettings, SpanRequest
from engine.wording import begun
from widgets.timeline.timeline_view import TimelineView

if TYPE_CHECKING:
    from engine.jobs.repairs.find_sounds import FoundRepairs


class Window(Protocol):
    """What finding needs of a window."""

    session: Session
    work: Work
    selecting: Selecting
    transport: Transport
    timeline: TimelineView


class Finding(QObject):
    """Asks for words, has all of the recording searched, and fills the queue.

    Attributes
    ----------
    sounds : what sounds where without being asked for, and what sounds like what is selected

    Signals
    -------
    said : what was found
    """

    said = Signal(str)

    def __init__(
        self, window: QWidget, parts: Window, recent: RecentWords, settings: Callable[[], RepairSettings]
    ) -> None:
        super().__init__(window)
        self._window, self._parts, self._recent = window, parts, recent
        self._session, self._settings = parts.session, settings
        self.sounds = Sounds(window, parts, settings)
        self.sounds.said.connect(self.said)

    def ask(self) -> None:
        """Ask which sound is meant, then look for it.

        Raises
        ------
        UsageError : there is no recording yet
        """
        require_recording(self._session.state, "search")
        settings = self._settings()
        words = settings.words or ", ".join(self._recent.words[:1])
        asked = dialogs.ask_sound(self._window, words)
        if asked is not None:
            self.find(RepairSettings(asked, settings.keeps, settings.strength_db, settings.fade_ms))

    def find(self, settings: RepairSettings) -> None:
        """Look for a sound in all of the recording, on the chosen tracks or on all."""
        spans = SpanRequest(self._session.state, self._session.media, self._parts.selecting.tracks)
        request = FindRequest(spans, settings)
        title = f"Finding {' or '.join(settings.texts)}"
        self._parts.work.compute(find_repairs, request, title, partial(self._take, request))

    def _take(self, request: FindRequest, found: FoundRepairs) -> None:
        state = self._session.state
        if sound_of(request.spans.state.tracks) != sound_of(state.tracks):
            raise UsageError("The tracks were changed meanwhile: look for it again ‹repair.find›.")
        self._recent.note(found.texts)
        if found.separations is None:
            self.said.emit(f"{begun(found.named)} was not found in this recording")
            return
        edit = found.put_into(state)
        self.said.emit(self._session.apply(edit, audio=found.separations.audio).label)
        if new := self._session.state.proposals.keys() - state.proposals.keys():
            self._parts.work.proposed.emit(frozenset(new))
