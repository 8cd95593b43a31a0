"""Prepare the day: import its files, find its songs, and open the overview."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop.features.day.overview import Overview
from desktop.recordings.recordings import Recordings
from desktop.shell.dialogs import questions
from desktop.shell.shell import Shell
from engine.document.state import Change

if TYPE_CHECKING:
    from engine.features.registry import FoundEdits


class Preparing(QObject):
    """Does the steps one after the other, while the user reviews finished ones."""

    said = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, recordings: Recordings, overview: Overview) -> None:
        super().__init__(window)
        self._window, self._shell, self._recordings, self._overview = window, shell, recordings, overview
        self._waits = False
        shell.session.changed.connect(self._follow)
        shell.session.replaced.connect(self._replaced)
        shell.finders.add_form("day", self.find)

    def ask(self) -> None:
        """Ask for the recordings of a day, and prepare it."""
        paths = questions.ask_recordings(self._window, "Recordings of the day", self._shell.session.folder)
        if paths is not None:
            self.prepare(paths)

    def prepare(self, paths: tuple[Path, ...]) -> None:
        """Import recordings, then find their songs."""
        self._waits = True
        self._recordings.import_files(paths)

    def find(self) -> None:
        """Find the songs of the document, and open the overview.

        Raises
        ------
        UsageError : no recording, or the networks of voices are not installed
        """
        self._shell.finders.start("day", {}, "Finding songs", self._take)

    def _follow(self, change: Change) -> None:
        if self._waits and change.tracks:
            self._waits = False
            QTimer.singleShot(0, self, self.find)  # once the analysis has begun, which it waits for

    def _replaced(self) -> None:
        if self._shell.session.state.tracks:
            self._waits = False

    def _take(self, found: FoundEdits) -> None:
        self._shell.finders.take(found)
        if not self._overview.is_open:
            self._overview.toggle()
