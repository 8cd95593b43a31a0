"""What a close view misses: gathered while it is drawn, made off the window's thread, kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.job_lanes import JobHandle, JobLane
from engine.audio.reader import SourceReader
from engine.errors import SourceError
from engine.progress import Progress

Piece = TypeVar("Piece", bound=Hashable)
Array = NDArray[Any]


class Kept(Generic[Piece]):
    """The arrays used last; read by the window's thread while another one fills it."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._arrays: OrderedDict[Piece, Array] = OrderedDict()
        self._lock = Lock()

    def get(self, piece: Piece) -> Array | None:
        """Return the array of a piece, or None."""
        with self._lock:
            if piece in self._arrays:
                self._arrays.move_to_end(piece)
            return self._arrays.get(piece)

    def put(self, piece: Piece, array: Array) -> None:
        """Keep a piece; those used longest ago make room."""
        with self._lock:
            if piece not in self._arrays:
                self._bytes += array.nbytes
            self._arrays[piece] = array
            while self._bytes > self._limit_bytes and len(self._arrays) > 1:
                self._bytes -= self._arrays.popitem(last=False)[1].nbytes


class OfRecording(Hashable, Protocol):
    """A piece that is made from one recording."""

    @property
    def media(self) -> Path: ...


RecordingPiece = TypeVar("RecordingPiece", bound=OfRecording)


def from_recordings(
    make_one: Callable[[SourceReader, RecordingPiece], Array],
) -> Callable[[tuple[RecordingPiece, ...], Kept[RecordingPiece], Progress], None]:
    """Return what makes pieces in their order, each recording opened once.

    One that cannot be read has no pieces, and what is coarser stands in.
    """

    def make(wanted: tuple[RecordingPiece, ...], kept: Kept[RecordingPiece], progress: Progress) -> None:
        with ExitStack() as opened:
            readers: dict[Path, SourceReader | None] = {}
            for done, piece in enumerate(wanted, start=1):
                progress.check_cancelled()
                try:
                    if piece.media not in readers:
                        readers[piece.media] = None  # stays where opening fails
                        readers[piece.media] = opened.enter_context(SourceReader(piece.media))
                    reader = readers[piece.media]
                    if reader is not None:
                        kept.put(piece, make_one(reader, piece))
                except SourceError:
                    readers[piece.media] = None
                progress.report(done / len(wanted), "")

    return make


class Details(QObject, Generic[Piece]):
    """Has made what frames ask for, the newest wish first; what no frame asks for any more is given up.

    Parameters
    ----------
    make : puts all that it is asked for into `Kept` in that order, on a thread of its own

    Signals
    -------
    arrived : more can be drawn
    """

    arrived = Signal()

    def __init__(
        self,
        make: Callable[[tuple[Piece, ...], Kept[Piece], Progress], None],
        limit_bytes: int,
        name: str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._make_pieces = make
        self._name = name
        self._lane = JobLane(f"{name} lane", self)
        self._limit_bytes = limit_bytes
        self._kept: Kept[Piece] = Kept(limit_bytes)
        self._asked: dict[Piece, None] = {}
        self._making: frozenset[Piece] = frozenset()
        self._job: JobHandle | None = None
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._make)

    @property
    def is_busy(self) -> bool:
        """Whether something is being made."""
        return self._lane.is_busy or self._soon.isActive()

    def get(self, piece: Piece) -> Array | None:
        """Return a piece, or ask for it and return None."""
        array = self._kept.get(piece)
        if array is None:
            self._asked[piece] = None
            self._soon.start()
        return array

    def forget(self) -> None:
        """Let go of all pieces: what they were made of may be another now."""
        if self._job is not None:
            self._job.cancel()
        self._job, self._making = None, frozenset()
        self._asked.clear()
        self._kept = Kept(self._limit_bytes)

    def close(self) -> None:
        """End the thread."""
        self._soon.stop()
        self._lane.close()

    def _make(self) -> None:
        wanted, self._asked = tuple(self._asked), {}
        if self._making.issuperset(wanted):
            return
        if self._job is not None:
            self._job.cancel()
        job = self._lane.submit(self._make_pieces, wanted, self._kept, title=self._name)
        self._job, self._making = job, frozenset(wanted)
        job.progressed.connect(self.arrived)
        for ended in (job.finished, job.failed, job.cancelled):
            ended.connect(lambda *_: self._ended(job))

    def _ended(self, job: JobHandle) -> None:
        if self._job is job:
            self._job = None
            # `_making` stays: what could not be made is not asked for again and again
            self.arrived.emit()
