"""Arrangement proposals: choice of the editor, length and seed, and the resulting proposals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QWidget

from desktop.features.arrangement.comparing import Comparing
from desktop.features.arrangement.learning import LearningEditors
from desktop.features.arrangement.widgets.panel import ComparePanel, EditorList
from desktop.shell.dialogs import form_dialogs, questions
from desktop.shell.dialogs.form_dialogs import ask, dialog_of
from desktop.shell.shell import Shell
from desktop.shell.user_settings.remembered import EDITORS, Recents
from engine.core.files.safe_write import shown
from engine.core.timebase import samples_to_s
from engine.document.analysis import require_recording
from engine.features.arrangement.editor_files import cards_of
from widgets.forms.short_forms import Number, NumbersForm

if TYPE_CHECKING:
    from engine.features.registry import FoundEdits

_TITLE = "Arrange to a length"
_LEAST_MINUTES = 0.1


class Editors(QObject):
    """Has a document arranged as an editor would, and puts the arrangement into the queue.

    Attributes
    ----------
    path : the .editor file; None for the base model
    learning : the training of an editor
    comparing : the last two arrangements
    panel : shows them

    Signals
    -------
    said : message about the proposals
    """

    said = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, settings: QSettings) -> None:
        super().__init__(window)
        self._window, self._shell = window, shell
        self._session = shell.session
        self.path: Path | None = None
        self._recents = Recents(settings, self, EDITORS)
        self.learning: LearningEditors = LearningEditors(window, shell, self.arrange_as)
        self.panel = ComparePanel(shell.look.theme, shell.caps)
        self.panel.command_requested.connect(shell.commands.run)
        self.comparing: Comparing = Comparing(shell.session, shell.transport, self.panel, self)
        for part in (self.learning, self.comparing):
            part.said.connect(self.said)
        self._start_over()
        shell.finders.add_form("arrangement", self.propose)
        shell.session.replaced.connect(self._start_over)

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
        values = form_dialogs.ask_numbers(
            self._window, _TITLE, NumbersForm(self._shell.look.theme, [minutes], said), "Propose"
        )
        if values is not None:
            self._arrange(values[0], 0)

    def choose(self) -> None:
        """Ask for an editor, and propose its arrangement."""
        self._require()
        folder = self._session.folder
        cards = cards_of(self._recents.paths, [folder])
        if cards:
            form = EditorList(self._shell.look.theme, cards)
            path = ask_listed_editor(self._window, form, folder)
        else:
            path = questions.ask_editor(self._window, folder)
        if path is not None:
            self.arrange_as(path)

    def arrange_as(self, path: Path) -> None:
        """Propose the arrangement of this editor file, and use it for later proposals.

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
        require_recording(self._session.state, "arrange")

    def _arrange(self, minutes: float | None, seed: int) -> None:
        editor = "" if self.path is None else str(self.path)
        settings = {"editor": editor, "minutes": minutes, "seed": seed}
        self._shell.finders.start("arrangement", settings, "Arranging", self._take)

    def _take(self, found: FoundEdits) -> None:
        from engine.features.arrangement.finder.finder import arrangement_settings

        settings = arrangement_settings(found.request)
        name = shown(Path(settings.editor).stem) if settings.editor else ""
        by_whom = f" Editor: {name}." if name else ""
        which = f" Seed {settings.seed}." if settings.seed else ""
        self._shell.finders.take(found, (f"{found.sentence}{by_whom}{which}",))
        self._minutes, self._seed = settings.minutes, settings.seed
        if found.found.proposals:
            length = "" if settings.minutes is None else f"to {settings.minutes:g} min"
            seed = f"seed {settings.seed}" if settings.seed else "the likeliest"
            words = ", ".join(filter(None, (name and f"as {name}", length, seed)))
            self.comparing.hold(found, words)


def ask_listed_editor(parent: QWidget, form: EditorList, folder: Path) -> Path | None:
    """Ask for an editor of a list, or for another file."""
    found: list[Path] = []

    def look_elsewhere() -> None:
        path = questions.ask_editor(form, folder)
        if path is not None:
            found.append(path)
            dialog_of(form).accept()

    form.other_requested.connect(look_elsewhere)
    form.taken.connect(lambda: dialog_of(form).accept())
    if not ask(parent, "Arrange as an editor", form, form.problem, "Arrange"):
        return None
    return found[0] if found else form.chosen()
