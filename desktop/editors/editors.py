"""What an editor would do: as whom, how long, which of many, and the proposals it becomes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QWidget

from desktop import dialogs
from desktop.editors.comparing import Comparing
from desktop.editors.learning import LearningEditors
from desktop.jobs import arrange
from desktop.parts import Parts
from desktop.user_settings.recents import EDITORS, Recents
from engine.arranging.editor_card import cards_of
from engine.document.tracks.track import sound_of
from engine.errors import UsageError
from engine.files.safe_write import shown
from engine.timebase import samples_to_s
from widgets.editors.compare_panel import ComparePanel
from widgets.editors.editor_list import EditorList
from widgets.forms.numbers_form import Number, NumbersForm
from widgets.theme import Theme

if TYPE_CHECKING:
    from engine.jobs.arrangements.requests import ArrangeRequest, ProposedArrangement

_TITLE = "Arrange to a length"
_LEAST_MINUTES = 0.1


class Editors(QObject):
    """Has a document arranged as an editor would, and puts the arrangement into the queue.

    Attributes
    ----------
    path : the .editor file of whom; None for what editors have in common
    learning : what learns an editor
    comparing : the last two arrangements by ear
    panel : shows them

    Signals
    -------
    said : what was proposed
    """

    said = Signal(str)

    def __init__(
        self, window: QWidget, parts: Parts, theme: Callable[[], Theme], settings: QSettings
    ) -> None:
        super().__init__(window)
        self._window, self._parts, self._theme = window, parts, theme
        self._session = parts.session
        self.path: Path | None = None
        self._recents = Recents(settings, self, EDITORS)
        self.learning = LearningEditors(window, parts, self.arrange_as)
        self.panel = ComparePanel(theme(), parts.caps)
        self.panel.command_requested.connect(parts.commands.run)
        self.comparing = Comparing(parts.session, parts.transport, self.panel, self)
        for part in (self.learning, self.comparing):
            part.said.connect(self.said)
        self._start_over()
        parts.session.replaced.connect(self._start_over)

    def propose(self) -> None:
        """Propose the likeliest arrangement, as long as the editor would make it."""
        self._arrange(None, 0)

    def surprise(self) -> None:
        """Propose another arrangement, as long as the one before."""
        self._arrange(self._minutes, self._seed + 1)

    def ask_length(self) -> None:
        """Ask how long the result is to be, and propose that."""
        self._require()
        state = self._session.state
        whole_min = max(_LEAST_MINUTES, samples_to_s(state.length_samples, state.rate_hz) / 60.0)
        minutes = Number("&Minutes", round(whole_min / 2.0, 1), _LEAST_MINUTES, whole_min, 1)
        said = "Approximate length of the result: segments stay whole, and your keeps stay."
        values = dialogs.ask_numbers(
            self._window, _TITLE, NumbersForm(self._theme(), [minutes], said), "Propose"
        )
        if values is not None:
            self._arrange(values[0], 0)

    def choose(self) -> None:
        """Ask as which editor to arrange, and propose what they would do."""
        self._require()
        folder = self._parts.files.folder
        cards = cards_of(self._recents.paths, [folder])
        if cards:
            form = EditorList(self._theme(), cards)
            path = dialogs.ask_listed_editor(self._window, form, folder)
        else:
            path = dialogs.ask_editor(self._window, folder)
        if path is not None:
            self.arrange_as(path)

    def arrange_as(self, path: Path) -> None:
        """Propose what an editor would do whose file this is, now and from now on.

        Raises
        ------
        UsageError : there is nothing to arrange yet
        """
        self._require()
        self.path = path
        self._recents.note(path)
        self._arrange(None, 0)

    def _start_over(self) -> None:
        self.comparing.forget()
        self._minutes: float | None = None
        self._seed = 0

    def _require(self) -> None:
        from engine.jobs.arrangements.requests import require_arranging

        require_arranging(self._session.state, None)
        if self._session.grid is None:
            raise UsageError("No beats detected yet. Analyse the recording first ‹taste.listen›.")

    def _arrange(self, minutes: float | None, seed: int) -> None:
        from engine.jobs.arrangements.requests import ArrangeRequest

        self._require()
        session, grid = self._session, self._session.grid
        assert grid is not None
        request = ArrangeRequest(
            session.state, session.media, grid, session.curve, self.path, minutes=minutes, seed=seed
        )
        self._parts.work.compute(arrange, request, "Arranging", partial(self._put, request))

    def _put(self, request: ArrangeRequest, made: ProposedArrangement) -> None:
        state = self._session.state
        if sound_of(request.state.tracks) != sound_of(state.tracks):
            raise UsageError("The tracks were changed meanwhile: arrange again ‹editor.propose›.")
        self._minutes, self._seed = request.minutes, request.seed
        edit = made.put_into(state)
        if edit.changes:
            self._session.apply(edit)
        if made.proposals:
            self.comparing.hold(made, request.words, state.tracks)
        whom = "" if request.editor is None else f" As {shown(request.editor.stem)} would."
        self.said.emit(f"{made.sentence}{whom}" + (f" Seed {request.seed}." if request.seed else ""))
        if made.proposals:
            self._parts.work.proposed.emit(frozenset(one.id for one in made.proposals))
