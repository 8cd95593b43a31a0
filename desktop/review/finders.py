"""Finders in the window: which one is asked, with which settings, and its proposals in the queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.recordings.recordings import Analysing
from desktop.shell.dialogs import form_dialogs, questions
from desktop.shell.session import Session
from desktop.shell.user_settings.preferences import Look
from desktop.shell.work.jobs import find_edits
from desktop.shell.work.work import Again, Work
from desktop.timeline.selecting import Selecting
from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.document.analysis import require_recording
from engine.document.tracks import sound_of

if TYPE_CHECKING:
    from engine.features.registry import FoundEdits
    from engine.review.finders import Finder, FinderRequest

ANY = "taste.maker"
"""The command that asks which finder is meant."""


class Finders(QObject):
    """Asks finders for edits, and puts these into the queue.

    Parameters
    ----------
    commands : ids of the commands that run a finder, by its name

    Signals
    -------
    said : a sentence about the result
    """

    said = Signal(str)

    def __init__(
        self,
        window: QWidget,
        session: Session,
        work: Work,
        selecting: Selecting,
        look: Look,
        analysing: Analysing,
        commands: Mapping[str, str],
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._work = window, session, work
        self._selecting, self._look, self._analysing = selecting, look, analysing
        self._commands = commands
        self._settings: dict[str, Mapping[str, object]] = {}
        self._forms: dict[str, Callable[[], object]] = {}

    def add_form(self, name: str, form: Callable[[], object]) -> None:
        """Have a finder started by a form of its own instead of the usual one."""
        self._forms[name] = form

    def ask(self) -> None:
        """Ask which finder is to look for edits, then run it.

        Raises
        ------
        UsageError : no recording
        """
        from engine.features.registry import FINDERS

        require_recording(self._session.state, "analyse")
        names = {one: f"{finder.title}: {finder.about}" for one, finder in FINDERS.items()}
        name = questions.ask_finder(self._window, names)
        if name is not None:
            self.run(name)

    def run(self, name: str) -> None:
        """Ask for the settings of a finder that has any, then start it.

        Raises
        ------
        UsageError : the document is empty, or the finder refuses it
        """
        from engine.features.registry import require_finder

        finder = require_finder(name)
        if (form := self._forms.get(name)) is not None:
            form()
            return
        self.request(name, self._settings.get(name, {}))  # refuses before it asks
        settings = self._asked(name, finder)
        if settings is not None:
            self._settings[name] = settings
            self.start(name, settings)

    def start(
        self,
        name: str,
        settings: Mapping[str, object],
        title: str = "",
        take: Callable[[FoundEdits], None] | None = None,
        tracks: tuple[str, ...] | None = None,
    ) -> None:
        """Have a finder find edits with these settings, as soon as the recording is analysed.

        Parameters
        ----------
        title : of the job; empty for that of the finder
        take : takes the result; None for `take`
        tracks : ids of tracks; None for those that are selected

        Raises
        ------
        UsageError : as `run`
        """
        from engine.features.registry import require_finder

        finder, request = require_finder(name), self.request(name, settings, tracks)
        if finder.needs and self._analysing.is_listening:
            again_later = partial(self.start, name, settings, title, take, tracks)
            self._analysing.once_listened(again_later)
            self.said.emit(f"{finder.title}: proposed as soon as the recording is analysed")
            return
        again = Again(self._commands.get(name, ANY))
        self._work.compute(find_edits, request, title or finder.title, take or self.take, again=again)

    def _asked(self, name: str, finder: Finder) -> Mapping[str, object] | None:
        """Return the settings that the user chose; None where they went back."""
        from engine.features.registry import find_edits as find
        from engine.features.registry import missing_analyses
        from engine.review.finders import fields_of
        from widgets.forms.settings_form import SettingsForm

        fields = fields_of(finder.settings)
        if not fields:
            return {}

        def outlook(values: Mapping[str, object]) -> str:
            request = self.request(name, values)
            shows = finder.is_quick and not missing_analyses(request, finder.needs)
            return find(request, SILENT).sentence if shows else ""

        before = self.request(name, self._settings.get(name, {})).settings.model_dump()
        said = f"{finder.about} Your decisions do not change."
        tracks = [track.name for track in self._session.state.tracks]
        form = SettingsForm(self._look.theme, fields, before, said, outlook, tracks=tracks)
        return form_dialogs.ask_settings(self._window, finder.title, form, "Propose")

    def request(
        self, name: str, settings: Mapping[str, object], tracks: tuple[str, ...] | None = None
    ) -> FinderRequest:
        """Return the request for a finder; see `start`."""
        from engine.features.registry import request_of

        session = self._session
        known = {**session.stored_analyses, "beats": session.grid}
        chosen = self._selecting.tracks if tracks is None else tracks
        return request_of(name, session.state, session.media, known, settings, chosen)

    def take(self, found: FoundEdits, sentences: Sequence[str] = (), merges_as: str = "") -> None:
        """Put a result into the document, and report it.

        Parameters
        ----------
        sentences : about the result, a message each; none for the lines of that of the finder
        merges_as : see `FoundEdits.edits`; with it, the user stays at the current proposal

        Raises
        ------
        UsageError : the tracks were changed meanwhile, or the finder refuses the document as it is by now
        """
        before, name = self._session.state, found.request.name
        if sound_of(found.request.state.tracks) != sound_of(before.tracks):
            raise UsageError(
                f"The tracks were changed meanwhile: propose again ‹{self._commands.get(name, ANY)}›."
            )
        for edit, analyses, audio in found.edits(before, merges_as):
            self._session.apply(edit, analyses, audio)
        *rest, last = sentences or found.sentence.splitlines()
        whole = " ".join(filter(None, (last, found.known_sentence(before))))  # the bar shows the last message
        for sentence in filter(None, (*rest, whole, found.warning)):
            self.said.emit(sentence)
        new = self._session.state.proposals.keys() - before.proposals.keys()
        if new and not merges_as:
            self._work.proposed.emit(frozenset(new))
