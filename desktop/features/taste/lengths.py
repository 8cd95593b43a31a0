"""Durations of recordings, read in the background while the user chooses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from desktop.shell.work.job_lanes import JobHandle, JobLane
from engine.core.errors import SourceError
from engine.core.progress import Progress
from engine.sound.reader import SourceReader

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
