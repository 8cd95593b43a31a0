"""Commands of tastes with a dialog: learn one, use one, and propose cuts by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QSettings
from PySide6.QtWidgets import QWidget

from desktop.demo_files import DEMO_FOLDER, edited_examples, is_demo
from desktop.features.taste.cuts_ahead import CutsAhead
from desktop.features.taste.learning import Learning
from desktop.features.taste.lengths import Lengths
from desktop.features.taste.page.diagnosing import Diagnosing
from desktop.features.taste.shelf import Shelves
from desktop.features.taste.widgets.forms.learn_panel import LearnPanel, LearnRequest
from desktop.recordings.analysing import Analysing
from desktop.shell.dialogs import questions
from desktop.shell.dialogs.file_dialogs import ask_recordings
from desktop.shell.dialogs.form_dialogs import ask
from desktop.shell.shell import Shell
from desktop.shell.user_settings.per_document import PerDocument
from engine.core.files.safe_write import is_taken
from engine.core.timebase import samples_to_s
from engine.document.recorded import require_recording
from engine.document.settings import CutSettings, cut_settings
from engine.features.taste.cuts.propose import shortest_kept_s
from engine.features.taste.diagnoses.finding import Finding
from widgets.forms.propose_form import ProposeForm
from widgets.theme import Theme

_LEARN = "learn"


class TasteDialogs(QObject):
    """Shows a dialog, then has the work done."""

    def __init__(
        self,
        window: QWidget,
        shell: Shell,
        analysing: Analysing,
        learning: Learning,
        checks: Diagnosing,
        shelves: Shelves,
        settings: QSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._look = window, shell.session, shell.look
        self._analysing, self._learning = analysing, learning
        self._checks, self._shelves, self._settings = checks, shelves, settings
        self._ahead = CutsAhead(shell.session, self)
        self._lengths = Lengths(self)
        self._edited: tuple[Path, ...] = ()
        shell.finders.add_form("cuts", self.propose)

    def close(self) -> None:
        """Stop the background threads."""
        self._ahead.close()
        self._lengths.close()

    @property
    def edited(self) -> tuple[Path, ...]:
        """Recordings that were last learned from in this document; those of the demo in the demo alone."""
        path = self._session.path
        if path is None:
            return self._edited
        stored = PerDocument(self._settings, path).read(_LEARN).get("edited", ())
        listed = tuple(map(Path, map(str, stored))) if isinstance(stored, list) else ()
        chosen = tuple(one for one in listed if is_taken(one))
        return chosen or (edited_examples() if is_demo(path) else ())

    @edited.setter
    def edited(self, paths: tuple[Path, ...]) -> None:
        if self._session.path is None:
            self._edited = paths
        else:
            document = PerDocument(self._settings, self._session.path)
            document.write(_LEARN, {"edited": [str(one) for one in paths]})

    def learn(self, epochs: int | None = None) -> None:
        """Ask for edited recordings and learn a taste from them."""
        panel = LearnPanel(self._look.theme, epochs)
        edited = self.edited or self._learned_from
        asked = ask_learn(
            self._window, panel, edited, self._session.folder, self._checks.check, self._lengths.find
        )
        self._checks.drop()
        self._lengths.drop()
        if asked is None:
            return
        out = self._session.folder / f"{asked.name.replace('/', '-')}.taste"
        overwrite = is_taken(out)
        if overwrite and not questions.confirm_overwrite(self._window, (out,)):
            return
        self.edited = tuple(Path(path) for path in asked.edited)
        self._learning.learn(asked, out, overwrite)

    @property
    def _learned_from(self) -> tuple[Path, ...]:
        """Recordings that the taste in use was learned from, except those of the demo and missing ones."""
        nearest = self._session.nearest
        paths = () if nearest is None else map(Path, nearest.paths)
        return tuple(path for path in paths if is_taken(path) and DEMO_FOLDER not in path.parents)

    def use_taste(self) -> None:
        """Choose a taste that was learned before."""
        require_recording(self._session.state, "analyse")
        path = self._shelves.ask("Use a taste", "Use")
        if path is not None:
            self._analysing.use_taste(path)

    def propose(self) -> None:
        """Ask for the amount of cuts and propose them; during an analysis, propose after its end."""
        if self._analysing.is_scoring and self._session.state.tracks:
            self._analysing.propose_once_scored()
            return
        state = self._session.state
        self._session.required_curve()
        asked = ask_propose(
            self._window,
            self._look.theme,
            cut_settings(state.settings),
            samples_to_s(state.length_samples, state.rate_hz),
            shortest_kept_s(self._session.grid),
            self._ahead.look,
        )
        self._ahead.forget()
        if asked is not None:
            self._analysing.propose(asked)


def ask_learn(
    parent: QWidget,
    panel: LearnPanel,
    edited: tuple[Path, ...],
    folder: Path,
    check: Callable[[tuple[Path, ...], Callable[[tuple[Finding, ...]], None]], None],
    measure: Callable[[tuple[str, ...], Callable[[dict[str, float | None]], None]], None],
) -> LearnRequest | None:
    """Ask for the training data; `check` inspects recordings, `measure` reads their durations."""
    panel.files_changed.connect(lambda: measure(panel.paths, panel.set_lengths))
    panel.files_changed.connect(lambda: check(tuple(Path(path) for path in panel.paths), panel.set_findings))
    panel.add_files(str(path) for path in edited)

    def choose() -> None:
        panel.add_files(str(path) for path in ask_recordings(panel, "Recordings you edited", folder) or ())

    panel.files_requested.connect(choose)
    return panel.values() if ask(parent, "Learn from edits", panel, panel.problem, "Learn") else None


def ask_propose(
    parent: QWidget,
    theme: Theme,
    settings: CutSettings,
    length_s: float,
    material_s: float,
    look: Callable[[dict[str, object], Callable[[str], None]], object],
) -> dict[str, object] | None:
    """Ask for the amount of cuts; `look` computes the outcome of settings as a sentence."""
    form = ProposeForm(theme, settings, length_s, material_s)

    def look_ahead() -> None:
        if not form.problem():
            look(form.values(), form.set_outlook)

    form.changed.connect(look_ahead)
    look_ahead()
    return form.values() if ask(parent, "Propose cuts", form, form.problem, "Propose") else None
