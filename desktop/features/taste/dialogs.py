"""Dialogs of tastes: learn one, choose one, and propose cuts by one.

Tastes are recent, included, next to the document, or in a folder of the user. Their summaries and the
durations of recordings are read in the background while the user chooses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings
from PySide6.QtWidgets import QWidget

from desktop.demo_files import DEMO_FOLDER, edited_examples, is_demo
from desktop.features.taste.diagnosing import Diagnosing
from desktop.features.taste.learning import Learning
from desktop.features.taste.threshold import CutsAhead
from desktop.features.taste.widgets.learn_panel import LearnPanel, LearnRequest
from desktop.features.taste.widgets.shelf import Elsewhere, Shelf, TasteShelf
from desktop.recordings.recordings import Analysing
from desktop.shell.dialogs import questions
from desktop.shell.dialogs.form_dialogs import ask, dialog_of
from desktop.shell.session import Session
from desktop.shell.shell import Shell
from desktop.shell.user_settings.preferences import Look
from desktop.shell.user_settings.remembered import TASTES, PerDocument, Recents
from desktop.shell.work.job_lanes import JobHandle, JobLane
from engine.core.errors import SourceError
from engine.core.files.safe_write import is_taken, shown
from engine.core.progress import Progress
from engine.core.timebase import samples_to_s
from engine.core.wording import reason_of
from engine.document.analysis import require_recording
from engine.document.settings import CutSettings, cut_settings
from engine.features.taste.anomaly.taste_header import TasteSummary, summaries, tastes_in
from engine.features.taste.cuts.propose import shortest_piece_s
from engine.features.taste.diagnoses.findings import Finding
from engine.sound.reader import SourceReader
from widgets.forms.propose_form import ProposeForm
from widgets.theme import Theme

_FOLDER = "taste_folder"
_AT_ONCE = 25
RECENT, SHIPPED, BESIDE = "Recent", "Included with Offcut", "Next to this document"


@dataclass(frozen=True, slots=True)
class Places:
    """Locations of tastes."""

    recent: tuple[Path, ...]
    beside: Path | None
    folder: Path | None


class Shelves(QObject):
    """Shows the list, reads tastes in the background, and stores recent choices."""

    def __init__(self, window: QWidget, session: Session, settings: QSettings, look: Look) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._settings, self._look = settings, look
        self._recents = Recents(settings, self, TASTES)
        self._lane = JobLane("taste shelf lane", self)
        self._known: dict[Path, TasteSummary] = {}
        self._reading: list[JobHandle] = []

    def close(self) -> None:
        """End the thread."""
        self._lane.close()

    def note(self, taste: Path) -> None:
        """Put a taste first of those used last."""
        self._recents.note(taste)

    def ask(self, title: str, do: str) -> Path | None:
        """Ask for a taste; None when nothing was chosen.

        Parameters
        ----------
        do : label of the button
        """
        while True:
            shelf = TasteShelf(self._look.theme, self._in_use)
            self._fill(shelf)
            chosen = ask_shelf(self._window, title, shelf, do)
            self._stop_reading()
            if chosen is Elsewhere.FILE:
                chosen = questions.ask_taste(self._window, title, self._last_folder)
            elif chosen is Elsewhere.FOLDER:
                folder = questions.ask_folder(self._window, "Folder with tastes", self._last_folder)
                if folder is not None:
                    self._settings.setValue(_FOLDER, str(folder))
                continue
            if isinstance(chosen, Path):
                self.note(chosen)
                return chosen
            return None

    @property
    def _in_use(self) -> Path | None:
        taste = self._session.state.settings.get("taste")
        return Path(taste) if isinstance(taste, str) else None

    @property
    def _folder(self) -> Path | None:
        stored = self._settings.value(_FOLDER)
        return Path(stored) if isinstance(stored, str) and stored else None

    @property
    def _last_folder(self) -> Path:
        beside = None if self._session.path is None else self._session.path.absolute().parent
        return self._folder or beside or Path.home()

    def _fill(self, shelf: TasteShelf) -> None:
        """Show entries at once, then the content of folders, then the summaries of the tastes."""
        beside = None if self._session.path is None else self._session.path.absolute().parent
        used = self._in_use
        recent = (() if used is None else (used,)) + self._recents.paths
        places = Places(tuple(dict.fromkeys(recent)), beside, self._folder)
        shelf.set_shelves((Shelf(RECENT, places.recent),))
        shelf.set_summaries(self._known)
        listing = self._lane.submit(list_places, places, title="Listing tastes")
        listing.finished.connect(partial(self._read, shelf))
        self._reading = [listing]

    def _read(self, shelf: TasteShelf, shelves: tuple[Shelf, ...]) -> None:
        shelf.set_shelves(shelves)
        paths = tuple(path for one in shelves for path in one.paths)
        for first in range(0, len(paths), _AT_ONCE):
            some = paths[first : first + _AT_ONCE]
            handle = self._lane.submit(summaries, some, dict(self._known), title="Reading tastes")
            handle.finished.connect(partial(self._take, shelf))
            self._reading.append(handle)

    def _take(self, shelf: TasteShelf, found: dict[Path, TasteSummary]) -> None:
        self._known |= found
        shelf.set_summaries(self._known)

    def _stop_reading(self) -> None:
        """Cancel pending reads and keep the results."""
        for handle in self._reading:
            handle.cancel()
        self._reading = []


def list_places(places: Places, progress: Progress) -> tuple[Shelf, ...]:
    """Return the tastes of all places, each in the first that has it."""
    listed = [Shelf(RECENT, places.recent)]
    listed.append(_shelf_of(SHIPPED, DEMO_FOLDER, ""))
    progress.check_cancelled()
    if places.beside is not None:
        listed.append(_shelf_of(BESIDE, places.beside, ""))
    progress.check_cancelled()
    if places.folder is not None:
        title = f"In {shown(places.folder)}"
        listed.append(_shelf_of(title, places.folder, "No taste in this folder."))
    seen: set[Path] = set()
    shelves = []
    for shelf in listed:
        fresh = tuple(path for path in shelf.paths if path not in seen)
        seen.update(fresh)
        shelves.append(Shelf(shelf.title, fresh, shelf.note))
    return tuple(shelves)


def _shelf_of(title: str, folder: Path, note_of_none: str) -> Shelf:
    try:
        paths = tastes_in(folder)
    except (OSError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        return Shelf(title, (), f"This folder cannot be read: {reason}.")
    return Shelf(title, paths, "" if paths else note_of_none)


def ask_shelf(parent: QWidget, title: str, shelf: TasteShelf, do: str) -> Path | Elsewhere | None:
    """Ask for a taste of a list, or for another location."""
    shelf.taken.connect(lambda: dialog_of(shelf).accept())
    return shelf.chosen() if ask(parent, title, shelf, shelf.problem, do) else None


Take = Callable[[dict[str, float | None]], None]


class Lengths(QObject):
    """Reads each recording once while its dialog is open, on its own lane."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = JobLane("lengths lane", self)
        self._handles: dict[str, JobHandle] = {}

    def close(self) -> None:
        """End the thread."""
        self._lane.close()

    def find(self, paths: tuple[str, ...], take: Take) -> None:
        """Emit the duration of each, by path, as it is read; None for an unreadable one."""
        for path in paths:
            if path not in self._handles:
                handle = self._lane.submit(length_of, path, title="Reading lengths")
                handle.finished.connect(take)
                self._handles[path] = handle

    def drop(self) -> None:
        """Cancel all requests."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles = {}


def length_of(path: str, progress: Progress) -> dict[str, float | None]:
    """Return the duration of a recording in seconds, None if unreadable."""
    progress.check_cancelled()
    try:
        with SourceReader(Path(path)) as reader:
            return {path: reader.frames / reader.rate_hz}
    except SourceError:
        return {path: None}


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
            shortest_piece_s(self._session.grid),
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
        panel.add_files(
            str(path) for path in questions.ask_recordings(panel, "Recordings you edited", folder) or ()
        )

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
