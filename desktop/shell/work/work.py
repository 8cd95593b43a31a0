"""Running jobs: each is started on a lane, followed to its end, and handed over on the window's thread.

An `Again` says how a stopped job is started again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.shell.session import Session
from desktop.shell.work.job_lanes import JobHandle, JobLane, JobLanes
from desktop.shell.work.window_thread import is_loaded, load, with_types_of_qt
from engine.core.errors import OffcutError, UsageError
from engine.core.files.safe_write import shown


@dataclass(frozen=True, slots=True)
class Again:
    """Restart information of a job.

    Attributes
    ----------
    command : id of the command that asks for it
    request : JSON values of the job's request, if it can restart without a question
    """

    command: str
    request: Mapping[str, object] = field(default_factory=dict)


_COMMANDS: Mapping[str, str] = {
    "guess_frame_rate": "file.import_edits",
    "detect_sounds": "sounds.hear",
    "find_sections": "sections.find",
    "import_edits": "file.import_edits",
    "learn_editor": "editor.learn",
    "preview_repair": "repair.open",
    "survey_recordings": "taste.page",
    "transcribe": "words.transcribe",
}
"""The command of each job that `Work.compute` or `Work.read` runs, by the name of its function."""


def again_of(job: Callable[..., object]) -> Again | None:
    """Return how to restart a job of either lane, or None if a restart is not worth an offer."""
    function = job.func if isinstance(job, partial) else job
    command = _COMMANDS.get(getattr(function, "__name__", ""))
    return None if command is None else Again(command)


def existing_files(stored: object) -> tuple[Path, ...]:
    """Return the files of a stored request.

    Raises
    ------
    UsageError : none, or one that no longer exists
    """
    paths = tuple(map(Path, map(str, stored))) if isinstance(stored, list) else ()
    gone = next((path for path in paths if not path.is_file()), None)
    if gone is not None or not paths:
        what = "A required file" if gone is None else shown(gone.name)
        raise UsageError(f"{what} no longer exists: start the work again from the menus.")
    return paths


def stored_number(stored: object, usual: int) -> int:
    """Return a number of a stored request; the usual one if it is unusable."""
    return stored if isinstance(stored, int) and not isinstance(stored, bool) and stored >= 0 else usual


class Work(QObject):
    """Starts jobs on the lanes, and hands over their results on the window's thread.

    Signals
    -------
    said, failed : one message
    began : the `JobHandle` of a job that can be started again, and an `Again`
    progressed : title, fraction, seconds left or None, of the job that is running
    rested : nothing is running
    proposed : the ids of new proposals that the user asked for
    """

    began = Signal(object, object)
    said = Signal(str)
    failed = Signal(str)
    progressed = Signal(str, float, object)
    rested = Signal()
    proposed = Signal(object)

    def __init__(self, session: Session, lanes: JobLanes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        # Whether each running job ends with the document it was started in.
        self._running: dict[JobHandle, bool] = {}
        self._can_start_again = set[JobHandle]()
        self._shown = ""
        self._jobs_stay = False
        session.replaced.connect(self._end_with_document)

    @property
    def is_busy(self) -> bool:
        """Whether a job is running or waiting."""
        return bool(self._running)

    @property
    def lost_titles(self) -> tuple[str, ...]:
        """Titles of the jobs whose work would be lost if they stopped now."""
        return tuple(handle.title for handle in self._running if handle in self._can_start_again)

    def cancel(self) -> None:
        """Cancel all running work; the document stays as it was."""
        for handle in list(self._running):
            handle.cancel()

    def close(self) -> None:
        """Cancel everything."""
        self._lanes.close()

    @contextmanager
    def staying(self) -> Iterator[None]:
        """Let jobs go on when the document is replaced inside the block: they are of the new one."""
        self._jobs_stay = True
        try:
            yield
        finally:
            self._jobs_stay = False

    def _end_with_document(self) -> None:
        """Cancel the jobs of the document before; learning and exporting do not depend on it and go on."""
        for handle, ends_with_document in list(self._running.items()):
            if ends_with_document and not self._jobs_stay:
                handle.cancel()

    def compute(
        self,
        job: Callable[..., object],
        request: object,
        title: str,
        take: Callable[[Any], None],
        *,
        ends_with_document: bool = True,
        again: Again | None = None,
    ) -> JobHandle:
        """Run a heavy job, and hand over its result; `again` as in `watch`."""
        return self._run(self._lanes.compute, job, request, title, take, ends_with_document, again)

    def read(
        self,
        job: Callable[..., object],
        request: object,
        title: str,
        take: Callable[[Any], None],
        *,
        ends_with_document: bool = True,
        again: Again | None = None,
    ) -> JobHandle:
        """Run a job that reads or writes files while a heavy one goes on; parameters as in `compute`."""
        return self._run(self._lanes.io, job, request, title, take, ends_with_document, again)

    def _run(
        self,
        lane: JobLane,
        job: Callable[..., object],
        request: object,
        title: str,
        take: Callable[[Any], None],
        ends_with_document: bool,
        again: Again | None,
    ) -> JobHandle:
        handle = lane.submit(job, request, title=title)
        self.watch(handle, take, ends_with_document=ends_with_document, again=again or again_of(job))
        return handle

    def submit(self, job: Callable[..., object], request: object, title: str) -> JobHandle:
        """Run a job that reads files; the caller follows it."""
        return self._lanes.io.submit(job, request, title=title)

    def once_loaded(
        self, module: str, title: str, then: Callable[[], object], lane: JobLane | None = None
    ) -> None:
        """Do something once a heavy module is imported: now, or after a worker imported it.

        Parameters
        ----------
        lane : where a package of widgets is imported, after all types of Qt were created; None for the lane
            of heavy jobs
        """

        def go_on(_: object) -> None:
            then()

        def start() -> None:
            handle = (lane or self._lanes.compute).submit(load, module, title=title)
            self.watch(handle, go_on, ends_with_document=False)

        if is_loaded(module):
            then()
        elif lane is not None:
            with_types_of_qt(start, self)
        else:
            start()

    def read_aside(self, job: Callable[..., object], title: str, take: Callable[[Any], None]) -> None:
        """Read data of no document, and pass it to the one that is open at the end."""
        self.watch(self._lanes.io.submit(job, title=title), take, ends_with_document=False)

    def watch(
        self,
        handle: JobHandle,
        apply: Callable[[Any], None],
        *,
        ends_with_document: bool = True,
        again: Again | None = None,
    ) -> None:
        """Follow a job to its end; its result becomes an edit, or a message about the failure.

        Parameters
        ----------
        again : how it is started again, for work that the user would miss
        """

        def take(result: object) -> None:
            try:
                apply(result)
            except OffcutError as error:
                self.failed.emit(str(error))

        def tell(fraction: float, text: str, _figures: object, left_s: float | None) -> None:
            self._shown = handle.title
            says_more = text and text != handle.title
            self.progressed.emit(f"{handle.title} · {text}" if says_more else handle.title, fraction, left_s)

        self._running[handle] = ends_with_document
        if again is not None:
            self._can_start_again.add(handle)
            self.began.emit(handle, again)
        if handle.title != self._shown:  # else it is the next step of the same work
            self.progressed.emit(handle.title, 0.0, None)
        handle.progressed.connect(tell)
        handle.finished.connect(take)
        handle.failed.connect(self.failed)
        handle.cancelled.connect(lambda: self.said.emit(f"Cancelled: {handle.title}"))
        handle.ended.connect(lambda: self._end(handle))  # the result may have started a follow-up job

    def _end(self, handle: JobHandle) -> None:
        del self._running[handle]
        self._can_start_again.discard(handle)
        if not self._running:
            self._shown = ""
            self.rested.emit()


def joined_sentences(done: str, warnings: tuple[str, ...]) -> str:
    """Join a result with its notices."""
    return ". ".join((done, " ".join(warnings))) if warnings else done
