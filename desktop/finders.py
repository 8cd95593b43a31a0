"""Finders in the window: which one is asked, with which settings, and its proposals in the queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop import dialogs
from desktop.again import Again
from desktop.jobs import find_edits
from desktop.session import Session
from desktop.timeline.selecting import Selecting
from desktop.work import Work
from engine.document.recorded import require_recording
from engine.document.tracks.track import sound_of
from engine.errors import UsageError
from engine.progress import SILENT
from widgets.forms.numbers_form import Number, NumbersForm
from widgets.theme import Theme

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from engine.finders.finder import Finder, FinderRequest
    from engine.finders.registry import FoundEdits

_UNITS = {"_s": "s", "_ms": "ms", "_db": "dB", "_hz": "Hz", "_percent": "%"}
ANY = "taste.maker"
"""The command that asks which finder is meant."""
COMMANDS: Mapping[str, str] = {
    "dead-air": "taste.pauses",
    "pauses": "taste.shorten",
    "talk": "sounds.talk",
    "recorders": "timing.recorders",
    "tempo": "timing.tempo",
}
"""Finders with a command of their own."""


class Finders(QObject):
    """Asks finders for edits, and puts these into the queue.

    Signals
    -------
    said : a sentence about the result
    """

    said = Signal(str)

    def __init__(
        self, window: QWidget, session: Session, work: Work, selecting: Selecting, theme: Callable[[], Theme]
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._work, self._theme = window, session, work, theme
        self._selecting = selecting
        self._settings: dict[str, Mapping[str, object]] = {}

    def ask(self) -> None:
        """Ask which finder is to look for edits, then run it.

        Raises
        ------
        UsageError : there is no recording yet
        """
        from engine.finders.registry import FINDERS

        require_recording(self._session.state, "analyse")
        names = {one: f"{finder.title}: {finder.about}" for one, finder in FINDERS.items()}
        name = dialogs.ask_finder(self._window, names)
        if name is not None:
            self.run(name)

    def run(self, name: str) -> None:
        """Ask for the settings of a finder that has any, then start it.

        Raises
        ------
        UsageError : there is no recording yet, or the finder refuses the document
        """
        from engine.finders.registry import require_finder

        finder = require_finder(name)
        self._request(name, self._settings.get(name, {}))  # refuses before it asks
        settings = self._asked(name, finder)
        if settings is not None:
            self._settings[name] = settings
            self.start(name, settings)

    def start(self, name: str, settings: Mapping[str, object]) -> None:
        """Have a finder find edits with these settings, as soon as the recording is analysed.

        Raises
        ------
        UsageError : as `run`
        """
        from engine.finders.registry import require_finder

        finder, request = require_finder(name), self._request(name, settings)
        if finder.needs and self._work.is_listening:
            self._work.once_listened(partial(self.start, name, settings))
            self.said.emit(f"{finder.title}: proposed as soon as the recording is analysed")
            return
        again = Again(COMMANDS.get(name, ANY))
        self._work.compute(find_edits, request, finder.title, self._take, again=again)

    def _asked(self, name: str, finder: Finder) -> Mapping[str, object] | None:
        """Return the settings that the user chose; None where they went back."""
        from engine.finders.analyses import missing_analyses
        from engine.finders.registry import find_edits as find

        fields = finder.settings.model_fields
        if not fields:
            return {}

        def outlook(values: tuple[float, ...]) -> str:
            request = self._request(name, dict(zip(fields, values, strict=True)))
            shows = finder.is_quick and not missing_analyses(request, finder.needs)
            return find(request, SILENT).sentence if shows else ""

        before = self._request(name, self._settings.get(name, {})).settings.model_dump()
        numbers = _numbers({title: before[title] for title in fields}, fields)
        said = f"{finder.about} Your decisions do not change."
        form = NumbersForm(self._theme(), numbers, said, outlook)
        values = dialogs.ask_numbers(self._window, finder.title, form, "Propose")
        return None if values is None else dict(zip(fields, values, strict=True))

    def _request(self, name: str, settings: Mapping[str, object]) -> FinderRequest:
        from engine.finders.finder import KNOWN
        from engine.finders.registry import request_of

        session = self._session
        known = {**session.analyses(KNOWN), "beats": session.grid}
        return request_of(name, session.state, session.media, known, settings, self._selecting.tracks)

    def _take(self, found: FoundEdits) -> None:
        before, name = self._session.state, found.request.name
        if sound_of(found.request.state.tracks) != sound_of(before.tracks):
            raise UsageError(f"The tracks were changed meanwhile: propose again ‹{COMMANDS.get(name, ANY)}›.")
        for edit, analyses in found.edits(before):
            self._session.apply(edit, analyses)
        self.said.emit(found.sentence)
        if new := self._session.state.proposals.keys() - before.proposals.keys():
            self._work.proposed.emit(frozenset(new))


def _numbers(values: Mapping[str, float], fields: Mapping[str, FieldInfo]) -> Iterator[Number]:
    """Yield the lines of a form for the settings of a finder."""
    from engine.finders.settings import limits_of

    taken = ""
    for name, setting in fields.items():
        title = setting.title or name
        unit = next((f" ({sign})" for suffix, sign in _UNITS.items() if name.endswith(suffix)), "")
        at = next((place for place, letter in enumerate(title.lower()) if letter not in f" {taken}"), 0)
        taken += title[at].lower()
        least, most = limits_of(setting)
        decimals = 0 if setting.annotation is int else 2
        yield Number(
            f"{title[:at]}&{title[at:]}{unit}",
            values[name],
            -inf if least is None else least,
            inf if most is None else most,
            decimals,
            step=0.1 if decimals else 1.0,
        )
