"""Find all takes of a song in an archive: a known song or a recording of one, in a folder of recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, QSize, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from desktop.shell.dialogs import form_dialogs, questions
from desktop.shell.files import Files
from desktop.shell.shell import Shell
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples
from engine.core.wording import begun
from widgets.controls.key_caps import column, label
from widgets.theme import ROW, px

if TYPE_CHECKING:
    from engine.features.day.known.archive import FoundTake
    from engine.features.day.known.search import SearchedArchive, SearchRequest

_FOLDER = "day/archive"
_TITLE = "Find a song in an archive"
_ABOUT = "Finds takes of a song in the recordings of a folder. The first search is the longest."


class SongSearch(QObject):
    """Asks for song and folder, searches in a job, and opens the take that the user chooses."""

    said = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, files: Files, settings: QSettings) -> None:
        super().__init__(window)
        self._window, self._shell, self._files, self._settings = window, shell, files, settings

    def ask(self) -> None:
        """Ask for a song and a folder, then search."""
        self._shell.work.once_loaded("engine.features.day.known.search", "Preparing the search", self._ask)

    def _ask(self) -> None:
        from engine.features.day.known.search import SearchRequest

        song = self._song() if self._is_allowed() else None
        if song is None:
            return
        stored = Path(str(self._settings.value(_FOLDER, "")))
        start = stored if stored.is_absolute() else self._shell.session.folder
        folder = questions.ask_folder(self._window, "Folder of the archive", start)
        if folder is not None:
            self._settings.setValue(_FOLDER, str(folder))
            request = SearchRequest(song, folder)
            self._shell.work.compute(
                search, request, "Finding the song", self._show, ends_with_document=False
            )

    def _is_allowed(self) -> bool:
        """Return whether fingerprints may be stored; asks where the user has not allowed it yet."""
        from engine.features.day.known.library import Library

        library = Library()
        if library.is_allowed():
            return True
        answer = questions.ask_indexes_archive(self._window)
        if answer is not None:
            library.allow(answer)
        return bool(answer)

    def _song(self) -> str | None:
        """Ask for a known song, or a recording of one; return its name or path."""
        from engine.features.day.known.library import Library
        from engine.review.finders import Field
        from widgets.forms.settings_form import SettingsForm

        names = [song.name for song in Library().songs()]
        field = Field("song", str, (), None, None, True, "", "Song", "", no_track="A recording of the song…")
        chosen = {"song": names[0] if names else ""}
        form = SettingsForm(self._shell.look.theme, [field], chosen, _ABOUT, tracks=names)
        values = form_dialogs.ask_settings(self._window, _TITLE, form, "Continue…")
        if values is None or values["song"]:
            return None if values is None else str(values["song"])
        path = questions.ask_recording(self._window, "Recording of the song", self._shell.session.folder)
        return None if path is None else str(path)

    def _show(self, found: SearchedArchive) -> None:
        self.said.emit(found.sentence)
        if not found.takes:
            return
        form = FoundTakes(found.takes, found.sentence)
        form.opened.connect(lambda: form_dialogs.dialog_of(form).accept())
        if form_dialogs.ask(self._window, f"Takes of {found.song}", form, form.problem, "Open"):
            self._open(found.takes[form.row])

    def _open(self, take: FoundTake) -> None:
        """Open the document that uses a recording, at the take; import the recording where none does."""
        if take.document is None:
            self._files.bring_in((take.path,))
            return
        session = self._shell.session
        if session.path != take.document:
            session.open(take.document)
        state = session.state
        own = {key for key, source in state.sources.items() if source.path == str(take.path)}
        clips = [clip for track in state.tracks for clip in track.clips if clip.source_id in own]
        if clips:
            start = s_to_samples(take.found.start_s, state.rate_hz)
            self._shell.transport.seek(clips[0].shift_samples + start)


class FoundTakes(QWidget):
    """A list of takes, one a row, of which one is chosen.

    Signals
    -------
    changed : another row is chosen
    opened : Enter or a double click on a row
    """

    changed = Signal()
    opened = Signal()

    def __init__(self, takes: Sequence[FoundTake], about: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._list = QListWidget()
        self._list.setAccessibleName("Found takes")
        self._list.setProperty("surface", "ground")
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setMinimumSize(px(680), px(310))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for take in takes:
            where = take.document or take.path
            item = QListWidgetItem("  ·  ".join(filter(None, (take.day, where.name, begun(take.words)))))
            item.setToolTip(str(where))
            item.setSizeHint(QSize(1, px(ROW)))
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        self._list.currentRowChanged.connect(lambda _row: self.changed.emit())
        self._list.itemActivated.connect(lambda _item: self.opened.emit())
        column(label(about, "dim", wraps=True), (self._list, 1), gap=8, owner=self)
        self.setFocusProxy(self._list)

    @property
    def row(self) -> int:
        """The chosen row."""
        return self._list.currentRow()

    def problem(self) -> str:
        """Return why none can be opened: always ""."""
        return ""


def search(request: SearchRequest, progress: Progress) -> SearchedArchive:
    """Search an archive, as a job."""
    from engine.features.day.known.search import search_archive

    return search_archive(request, progress)
