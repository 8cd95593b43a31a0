"""Arrangement proposals: choice of the editor, length and seed, and two results compared by ear.

One key switches between two arrangements, another accepts the playing one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QWidget

from desktop.features.arrangement.learning import LearningEditors
from desktop.features.arrangement.panel import ArrangementRow, ComparePanel, EditorList
from desktop.shell.dialogs import form_dialogs, questions
from desktop.shell.dialogs.form_dialogs import ask, dialog_of
from desktop.shell.session import Session
from desktop.shell.shell import Shell
from desktop.shell.transport import Transport
from desktop.shell.user_settings.remembered import EDITORS, Recents
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.timebase import format_time, samples_to_s
from engine.document.analysis import require_recording
from engine.document.state import Change, DocumentState
from engine.document.tracks import sound_of
from engine.features.arrangement.editor_files import cards_of
from engine.review.answers import Accepted, accept_all
from engine.sound.edl.build import played_samples
from widgets.forms.short_forms import Number, NumbersForm

if TYPE_CHECKING:
    from engine.features.registry import FoundEdits


_LETTERS = ("A", "B")
NO_TWO = "Two arrangements are needed. Propose one ‹editor.propose›, then another ‹editor.surprise›."


@dataclass(frozen=True, slots=True, eq=False)
class HeldArrangement:
    """An arrangement that was proposed.

    Attributes
    ----------
    words : whose it is and its seed
    """

    made: FoundEdits
    words: str

    def accepted(self, state: DocumentState) -> Accepted:
        """Return a document with the arrangement accepted; answers of the user stay as they are."""
        proposals = self.made.found.proposals
        return accept_all(state, self.made.proposing(state), proposals, "Took an arrangement of")


@dataclass(frozen=True, slots=True, eq=False)
class _Preview:
    """The document as it would be with an arrangement, and how long its result is."""

    state: DocumentState
    length_s: float


class Comparing(QObject):
    """Holds the last two arrangements until one is taken, and has the result play either.

    Signals
    -------
    said : the playing or accepted arrangement
    """

    said = Signal(str)

    def __init__(self, session: Session, transport: Transport, panel: ComparePanel, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._transport, self._panel = session, transport, panel
        self._held: list[HeldArrangement] = []
        self._at = 0
        self._made_of: object = None
        self._found: tuple[tuple[object, ...], tuple[_Preview, ...]] = ((), ())
        self._is_put_away = self._is_changing = False
        panel.chosen.connect(self.hear)
        session.changed.connect(self._follow)
        transport.result_chosen.connect(lambda _result: self._show())

    @property
    def is_on(self) -> bool:
        """Whether one of them plays in place of the result."""
        return self._transport.tried is not None

    def hold(self, made: FoundEdits, words: str) -> None:
        """Add an arrangement: it replaces the older one, or the one that is not playing."""
        sound, proposals = sound_of(made.request.state.tracks), made.found.proposals
        if sound != self._made_of:
            self.forget()
        self._made_of, self._is_put_away = sound, False
        one = HeldArrangement(made, words)
        alike = [at for at, held in enumerate(self._held) if held.made.found.proposals == proposals]
        if alike:
            self._at = alike[0]
        elif len(self._held) < len(_LETTERS):
            self._held.append(one)
            self._at = len(self._held) - 1
        else:
            self._at = 1 - self._at
            self._held[self._at] = one
        if self.is_on:
            self._try_out()
        self._show()

    def forget(self) -> None:
        """Hold none any more; the result is the document's own."""
        self._held, self._at, self._made_of = [], 0, None
        self._try_out()
        self._show()

    def turn(self) -> None:
        """Play the newer one; after that, switch to the other one.

        Raises
        ------
        UsageError : fewer than two arrangements
        """
        if len(self._held) < len(_LETTERS):
            raise UsageError(NO_TWO)
        self.hear(1 - self._at if self.is_on and self._transport.plays_result else self._at)

    def hear(self, number: int) -> None:
        """Play one of them as the result, and show which."""
        self._at, self._is_put_away = number, False
        self._try_out(True)
        heard, other = self._rows()[number], self._rows()[1 - number]
        self.said.emit(
            f"{heard.letter}: {heard.words}, {heard.length}. The other one: {other.words}, {other.length}"
        )

    def take(self) -> None:
        """Accept all edits of the playing one as one step, and discard the other one.

        Raises
        ------
        UsageError : none is playing
        """
        if not self.is_on or not self._transport.plays_result:
            raise UsageError("No arrangement is active. Compare two first ‹editor.compare›.")
        was = self._session.state
        row, edit = self._rows()[self._at], self._held[self._at].accepted(was).edit
        self._is_changing = True
        try:
            if edit.changes:
                self._session.apply(edit)
        finally:
            self._is_changing = False
        self.forget()
        took = f"Took {row.letter}: {row.words}, {row.length}; its edits are accepted"
        self.said.emit(self._session.with_lost_takes(took, was))

    def leave(self) -> bool:
        """Return to the document's own result, and close the panel; False if neither applies."""
        was_on, is_shown = self.is_on, len(self._held) == len(_LETTERS) and not self._is_put_away
        if not was_on and not is_shown:
            return False
        self._is_put_away = True
        if was_on:
            self._transport.try_out(None, self._transport.plays_result)
            self.said.emit("The result is the document's own again; compare them again ‹editor.compare›")
        self._show()
        return True

    def _try_out(self, plays_result: bool | None = None) -> None:
        """Have the result be the one that is meant, or the document's own where none is held."""
        plays = self._transport.plays_result if plays_result is None else plays_result
        if self._held:
            self._transport.try_out(self._heard()[self._at].state, plays)
        elif self.is_on:
            self._transport.try_out(None, plays)

    def _heard(self) -> tuple[_Preview, ...]:
        """Return the state of the document with each of them, computed once for each state."""
        state, held = self._session.state, tuple(self._held)
        known = self._found[0]
        if len(known) != len(held) + 1 or any(a is not b for a, b in zip(known, (state, *held), strict=True)):
            rate_hz = max(state.rate_hz, 1)
            states = [one.accepted(state).state for one in held]
            found = tuple(_Preview(one, samples_to_s(played_samples(one), rate_hz)) for one in states)
            self._found = (state, *held), found
        return self._found[1]

    def _follow(self, change: Change) -> None:
        """Update the previews after answers; drop arrangements of other tracks."""
        if self._is_changing or not self._held:
            return
        if sound_of(self._session.state.tracks) != self._made_of:
            self.forget()
        elif change.proposals:
            if self.is_on:
                self._try_out()
            self._show()

    def _show(self) -> None:
        self._panel.show_rows(self._rows() if not self._is_put_away else ())

    def _rows(self) -> tuple[ArrangementRow, ...]:
        return tuple(self._each_row()) if len(self._held) == len(_LETTERS) else ()

    def _each_row(self) -> Iterator[ArrangementRow]:
        heard_at = self._at if self.is_on and self._transport.plays_result else None
        for number, (one, heard) in enumerate(zip(self._held, self._heard(), strict=True)):
            length = format_time(heard.length_s, 0)
            yield ArrangementRow(_LETTERS[number], one.words, length, number == heard_at)


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
