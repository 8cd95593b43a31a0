"""State of the pages while they are served: recordings, results and tastes, under keys of ours."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from engine.core.build import RESOURCES
from engine.core.errors import Cancelled, UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import ReportingProgress
from engine.sound.pictures.peaks import PeakPyramid, build_peaks
from engine.sound.reader import SourceReader
from engine.web.files import inside, recordings_in, tastes_inside
from engine.web.work import Work

SHIPPED = RESOURCES / "demo"
MOST_OPEN = 40
MOST_RESULTS = 12
MOST_MADE = 160
"""Scores and embeddings that are stored: those of twenty recordings with five tastes, and more."""
Made = TypeVar("Made")


class OpenRecording:
    """A recording that pages look at and listen to; any thread may.

    Attributes
    ----------
    name : as it is shown
    read_share : how much of it was read for its peaks, 0 to 1
    is_ours : whether the file was uploaded and is removed once unused
    """

    def __init__(self, path: Path, name: str, *, is_ours: bool) -> None:
        self.key = secrets.token_hex(8)
        self.path, self.name, self.is_ours = path, name, is_ours
        self.lock = threading.Lock()
        self.reader = SourceReader(path)
        self._cancelled = threading.Event()
        self._pyramid: Future[PeakPyramid] | None = None
        self.read_share = 0.0

    def _built(self) -> Future[PeakPyramid]:
        """Begin to build the peaks, once."""
        with self.lock:
            if self._pyramid is None:
                thread = ThreadPoolExecutor(1, "peaks")
                progress = ReportingProgress(self._note, self._cancelled)
                self._pyramid = thread.submit(build_peaks, self.path, progress)
                thread.shutdown(wait=False)
            return self._pyramid

    def _note(self, fraction: float, _text: str, _figures: dict[str, float]) -> None:
        self.read_share = fraction

    def peaks(self, patience_s: float) -> PeakPyramid | None:
        """Return its peaks, built the first time; None where they are not ready within the time.

        Raises
        ------
        SourceError : it cannot be read
        """
        with suppress(TimeoutError, Cancelled):
            return self._built().result(patience_s)
        return None

    @property
    def duration_s(self) -> float:
        """How long it is."""
        return self.reader.frames / self.reader.rate_hz

    def for_pages(self, sentence: str) -> str:
        """Return a sentence about the file with the name it is shown by."""
        return sentence.replace(shown(self.path), self.name)

    def close(self) -> None:
        """Close the file, and remove it where it was sent to us."""
        self._cancelled.set()
        with self.lock:
            self.reader.close()
        if self.is_ours:
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A recording with its windows changed.

    Attributes
    ----------
    of : the recording as it was
    written : the recording as it became; its name is the one it is downloaded with
    windows : [start, stop) in samples, ascending and apart
    keeps : whether the named sound is isolated; else it is removed
    fade_samples : how long the change comes and goes inside each window
    """

    of: OpenRecording
    written: OpenRecording
    windows: tuple[tuple[int, int], ...]
    keeps: bool
    fade_samples: int


@dataclass(slots=True, eq=False)
class Session:
    """State of one run of the server; closing it removes its files.

    Attributes
    ----------
    root : the folder to pick recordings and tastes from; None for none
    own : where uploads and results are written
    cluster : address of a dask scheduler whose workers score compared recordings; "" without one
    """

    root: Path | None
    own: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="offcut-serve-")))
    cluster: str = ""
    work: Work = field(init=False)
    recordings: dict[str, OpenRecording] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    _made: dict[tuple[object, ...], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Begin to take work."""
        self.work = Work(self.for_pages)

    def for_pages(self, sentence: str) -> str:
        """Return a sentence with the paths of files as pages show them: from the folder they are in."""
        roots = {self.own, SHIPPED} if self.root is None else {self.own, SHIPPED, self.root}
        spellings = {f"{kind(root)}{os.sep}" for root in roots for kind in (Path.absolute, os.path.realpath)}
        for spelling in sorted(spellings - {os.sep * 2}, key=len, reverse=True):
            sentence = sentence.replace(shown(spelling), "")
        return sentence

    def pick(self, name: str) -> OpenRecording:
        """Open a recording of the folder.

        Raises
        ------
        UsageError : it is not in the folder
        SourceError : it cannot be read
        """
        if self.root is None:
            raise UsageError("No folder is served: start offcut serve with one, or send a recording.")
        path = inside(self.root, name)
        for known in list(self.recordings.values()):
            if known.path == path:
                return known
        return self.add(OpenRecording(path, name.rpartition("/")[2], is_ours=False))

    def add(self, recording: OpenRecording) -> OpenRecording:
        """Keep an open recording; of many the first is closed, unless a result is of it."""
        with self._lock:
            self.recordings[recording.key] = recording
            needed = {id(result.of) for result in self.results.values()} | {id(recording)}
            spare = [one for one in self.recordings.values() if id(one) not in needed]
            closing = spare[: max(0, len(self.recordings) - MOST_OPEN)]
            for one in closing:
                del self.recordings[one.key]
        _close(closing)
        return recording

    def add_result(self, result: Result) -> Result:
        """Keep a result; of many the first goes."""
        with self._lock:
            self.results[result.written.key] = result
            old = list(self.results)[:-MOST_RESULTS]
            closing = [self.results.pop(key).written for key in old]
        _close(closing)
        return result

    def recording(self, key: str) -> OpenRecording:
        """Return an open recording.

        Raises
        ------
        UsageError : it is not open
        """
        try:
            return self.recordings[key]
        except KeyError:
            raise UsageError("This recording is not open any more: choose it again.") from None

    def result(self, key: str) -> Result:
        """Return a result.

        Raises
        ------
        UsageError : it does not exist
        """
        try:
            return self.results[key]
        except KeyError:
            raise UsageError("This result is no longer stored: separate again.") from None

    def tastes(self) -> dict[str, tuple[Path, str]]:
        """Return the tastes there are, those of the folder before those that come with Offcut.

        Each under a name of its own, with its root and its name in there.
        """
        found: dict[str, tuple[Path, str]] = {}
        for shelf, root in (("folder", self.root), ("shipped", SHIPPED)):
            if root is not None:
                found |= {f"{shelf}/{name}": (root, name) for name in tastes_inside(root)}
        return found

    def taste(self, listed_name: str) -> tuple[Path, Path]:
        """Return the file of a taste by its name in `tastes`, and its root folder.

        Raises
        ------
        UsageError : it does not exist
        """
        shelf, _slash, name = listed_name.partition("/")
        root = {"folder": self.root, "shipped": SHIPPED}.get(shelf)
        if root is None or not name.endswith(".taste"):
            raise UsageError("This taste was not found: choose one from the list.")
        return inside(root, name), root

    def has(self, key: tuple[object, ...]) -> bool:
        """Return whether `once` has a value for a key."""
        return key in self._made

    def once(self, key: tuple[object, ...], make: Callable[[], Made]) -> Made:
        """Return the value of a key; the first call makes it, and the oldest of many values is dropped.

        Only the thread of the work calls this.
        """
        if key not in self._made:
            self._made[key] = make()
            for old in list(self._made)[:-MOST_MADE]:
                del self._made[old]
        made: Made = self._made[key]
        return made

    def names(self) -> tuple[str, ...]:
        """Return the names of the recordings of the folder."""
        return () if self.root is None else recordings_in(self.root)

    def close(self) -> None:
        """End the jobs, close every file, and remove our files."""
        self.work.close()
        _close([*(result.written for result in self.results.values()), *self.recordings.values()])
        shutil.rmtree(self.own, ignore_errors=True)


def _close(recordings: Iterable[OpenRecording]) -> None:
    for one in recordings:
        one.close()
