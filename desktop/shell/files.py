"""Commands that open and import files by a dialog; and extensions that were left out, reported once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop.recordings.recordings import Recordings
from desktop.shell.dialogs import form_dialogs, questions
from desktop.shell.shell import Shell
from desktop.shell.work.jobs import left_out_extensions
from desktop.shell.work.work import Work
from engine.core.errors import UsageError
from engine.core.extensions.names import any_named
from engine.core.files.safe_write import shown
from engine.document.analysis import require_recording
from engine.exchange.imports.formats import IMPORTS
from engine.recordings.import_audio import Split, offered, rates_of
from engine.sound.decoders.registry import audio_suffixes, recordings_in

_REMEDY = "drop audio files, or a folder with some"


class Extending(QObject):
    """Loads extensions from packages, and reports unusable ones.

    Signals
    -------
    refused : the extensions that were left out
    """

    refused = Signal(str)

    def __init__(self, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        if any_named():
            QTimer.singleShot(0, self, self._look)  # once the window is painted: imports take their time

    def _look(self) -> None:
        self._work.read_aside(left_out_extensions, "Loading extensions", self._tell)

    def _tell(self, sentences: tuple[str, ...]) -> None:
        if sentences:
            more = f" And {len(sentences) - 1} more:" if len(sentences) > 1 else ""
            self.refused.emit(f"{sentences[0]}{more} 'offcut doctor' lists all.")


class Files(QObject):
    """Shows a dialog, then has the work done.

    Parameters
    ----------
    read_edits, take_edit : read the edits of another program, or take the edit from an audio file

    Attributes
    ----------
    extending : reports of failed extensions

    Signals
    -------
    said : message about the result
    refused : error message
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(
        self,
        window: QWidget,
        shell: Shell,
        recordings: Recordings,
        read_edits: Callable[[Path], object],
        take_edit: Callable[[Path], object],
    ) -> None:
        super().__init__(window)
        self._window, self._session = window, shell.session
        self._recordings, self._read_edits, self._take_edit = recordings, read_edits, take_edit
        self.extending = Extending(shell.work, self)
        self.extending.refused.connect(self.refused)

    def new(self) -> None:
        """Start an empty document."""
        path = questions.ask_new_document(self._window, self._session.folder)
        if path is not None:
            self._session.create(path)
            self.said.emit(f"Made {path.name}")

    def open(self) -> None:
        """Open a document."""
        path = questions.ask_document(self._window, self._session.folder)
        if path is not None:
            self._session.open(path)
            self.said.emit(self._session.notice or f"Opened {path.name}")

    def open_backup(self) -> None:
        """Open the backup of a document that is damaged."""
        path = questions.ask_document(self._window, self._session.folder)
        if path is not None:
            self._session.open_backup(path)
            self.said.emit(f"Opened a backup of {path.name}")

    def relink(self) -> None:
        """Search a folder recursively for missing recordings."""
        require_recording(self._session.state, "analyse")
        folder = questions.ask_folder(self._window, "Folder to search", self._session.folder)
        if folder is not None:
            self._recordings.relink(folder)

    def copy_recordings(self) -> None:
        """Copy the recordings into a folder, such as from a card that is to be removed."""
        require_recording(self._session.state, "copy")
        folder = questions.ask_folder(self._window, "Copy recordings to", self._session.folder)
        if folder is not None:
            self._recordings.copy_to(folder)

    def import_recordings(self) -> None:
        """Import recordings as tracks."""
        paths = questions.ask_recordings(self._window, "Import recordings", self._session.folder)
        if paths is not None:
            self.bring_in(paths)

    def bring_in(self, paths: tuple[Path, ...]) -> None:
        """Import recordings; asks for a sample rate if the first ones differ, and for tracks of channels."""
        rates = {} if self._session.state.rate_hz else rates_of(paths)
        rate_hz = questions.ask_rate(self._window, rates) if len(rates) > 1 else 0
        if rate_hz is None:
            return
        several = offered(paths)
        split = questions.ask_split(self._window, several) if several else Split.NONE
        if split is not None:
            self._recordings.import_files(paths, rate_hz, split)

    def drop(self, paths: Sequence[str]) -> None:
        """Open a dropped document, or import dropped recordings; of a single one the edit may be wanted.

        Raises
        ------
        UsageError : a document among others, or a folder without recordings or one that cannot be listed
        """
        dropped = tuple(found for path in paths for found in recordings_in(Path(path), _REMEDY))
        documents = [path for path in dropped if path.suffix == ".offcut"]
        if len(dropped) > 1 and documents:
            raise UsageError(f"{shown(documents[0])} is a document: open it separately, or leave it out.")
        if documents:
            self._session.open(documents[0])
        elif len(dropped) == 1 and self._session.state.tracks and _is_list(dropped[0]):
            self._read_edits(dropped[0])
        elif len(dropped) == 1 and self._session.state.tracks and _is_recording(dropped[0]):
            takes_edit = questions.ask_takes_edit(self._window, shown(dropped[0].name))
            if takes_edit:
                self._take_edit(dropped[0])
            elif takes_edit is not None:
                self.bring_in(dropped)
        else:
            self.bring_in(dropped)

    def snapshot(self) -> None:
        """Keep the document as it is under a name."""
        require_recording(self._session.state, "analyse")
        name = form_dialogs.ask_snapshot_name(self._window)
        if name is not None:
            self.said.emit(f"Saved a snapshot: {self._session.snapshot(name).name}")


def _is_recording(path: Path) -> bool:
    """Return whether a file is there that has the suffix of a recording."""
    is_there = os.path.isfile(path)  # noqa: PTH113 - False for what may not be looked at, too
    return is_there and path.suffix.lower() in audio_suffixes()


def _is_list(path: Path) -> bool:
    """Return whether a file holds edits and no sound."""
    suffix = path.suffix.lower()
    return suffix in IMPORTS and suffix not in audio_suffixes()
