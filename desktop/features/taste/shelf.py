"""Asks for a taste: recent, included, next to the document and in a folder of the user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings
from PySide6.QtWidgets import QWidget

from desktop.demo_files import DEMO_FOLDER
from desktop.features.taste.widgets.forms.shelf import Elsewhere, TasteShelf
from desktop.features.taste.widgets.forms.shelf_rows import Shelf
from desktop.shell.dialogs import file_dialogs
from desktop.shell.dialogs.form_dialogs import ask, dialog_of
from desktop.shell.session import Session
from desktop.shell.user_settings.recents import TASTES, Recents
from desktop.shell.work.job_lanes import JobHandle, JobLane
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.wording import reason_of
from engine.features.taste.anomaly.taste_summary import TasteSummary, summaries, tastes_in
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

    def __init__(
        self,
        window: QWidget,
        session: Session,
        settings: QSettings,
        theme: Callable[[], Theme],
    ) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._settings, self._theme = settings, theme
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
            shelf = TasteShelf(self._theme(), self._in_use)
            self._fill(shelf)
            chosen = ask_shelf(self._window, title, shelf, do)
            self._stop_reading()
            if chosen is Elsewhere.FILE:
                chosen = file_dialogs.ask_taste(self._window, title, self._last_folder)
            elif chosen is Elsewhere.FOLDER:
                folder = file_dialogs.ask_folder(self._window, "Folder with tastes", self._last_folder)
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
