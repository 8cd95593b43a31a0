"""Prepare the day: import its files, find its songs, and open the overview."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.features.day.overview import Overview
from desktop.recordings.recordings import Recordings
from desktop.shell.dialogs import questions
from desktop.shell.shell import Shell
from engine.analysis.detection.voices import require_installed
from engine.sound.decoders.registry import recordings_in

if TYPE_CHECKING:
    from engine.features.registry import FoundEdits

_REMEDY = "choose a folder with audio files"


class Preparing(QObject):
    """Does the steps one after the other, while the user reviews finished ones."""

    said = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, recordings: Recordings, overview: Overview) -> None:
        super().__init__(window)
        self._window, self._shell, self._recordings, self._overview = window, shell, recordings, overview
        shell.finders.add_form("day", self.find)

    def ask(self) -> None:
        """Ask for the recordings of a day, and prepare it."""
        paths = questions.ask_recordings(self._window, "Recordings of the day", self._shell.session.folder)
        if paths is not None:
            self.prepare(paths)

    def ask_folder(self) -> None:
        """Ask for the folder of a day, and prepare all recordings in it and in the folders below it.

        Raises
        ------
        UsageError : no recordings in the folder, or the networks of voices are not installed
        """
        folder = questions.ask_folder(self._window, "Folder of the day", self._shell.session.folder)
        if folder is not None:
            self.prepare(recordings_in(folder, _REMEDY))

    def prepare(self, paths: tuple[Path, ...]) -> None:
        """Import recordings, then find their songs.

        Raises
        ------
        UsageError : the networks of voices are not installed
        """
        require_installed()
        self._recordings.import_files(paths, prepare=self.find)

    def find(self) -> None:
        """Find the songs of the document, and open the overview.

        Raises
        ------
        UsageError : no recording, or the networks of voices are not installed
        """
        self._shell.finders.start("day", {}, "Finding songs", self._take)

    def _take(self, found: FoundEdits) -> None:
        self._shell.finders.take(found)
        if not self._overview.is_open:
            self._overview.toggle()
