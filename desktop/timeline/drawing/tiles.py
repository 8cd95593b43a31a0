"""Tiles for close views: requested while drawing, computed on a separate thread, and cached."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.shell.work.job_lanes import JobHandle, JobLane
from engine.core.errors import SourceError
from engine.core.progress import Progress
from engine.sound.reader import SourceReader

Tile = TypeVar("Tile", bound=Hashable)
Array = NDArray[Any]


class TileCache(Generic[Tile]):
    """The tiles used last; read by the window's thread while another one fills it."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._arrays: OrderedDict[Tile, Array] = OrderedDict()
        self._lock = Lock()

    def get(self, tile: Tile) -> Array | None:
        """Return the array of a tile, or None."""
        with self._lock:
            if tile in self._arrays:
                self._arrays.move_to_end(tile)
            return self._arrays.get(tile)

    def put(self, tile: Tile, array: Array) -> None:
        """Take a tile; those used longest ago make room."""
        with self._lock:
            if tile not in self._arrays:
                self._bytes += array.nbytes
            self._arrays[tile] = array
            while self._bytes > self._limit_bytes and len(self._arrays) > 1:
                self._bytes -= self._arrays.popitem(last=False)[1].nbytes


class TileOfRecording(Hashable, Protocol):
    """A tile that is made from one recording."""

    @property
    def media(self) -> Path: ...


RecordingTile = TypeVar("RecordingTile", bound=TileOfRecording)


def from_recordings(
    make_one: Callable[[SourceReader, RecordingTile], Array],
) -> Callable[[tuple[RecordingTile, ...], TileCache[RecordingTile], Progress], None]:
    """Return a function that computes tiles in order, opening each recording once.

    An unreadable one has no tiles, and coarser data replaces them.
    """

    def make(wanted: tuple[RecordingTile, ...], cache: TileCache[RecordingTile], progress: Progress) -> None:
        with ExitStack() as opened:
            readers: dict[Path, SourceReader | None] = {}
            for done, tile in enumerate(wanted, start=1):
                progress.check_cancelled()
                try:
                    if tile.media not in readers:
                        readers[tile.media] = None  # stays where opening fails
                        readers[tile.media] = opened.enter_context(SourceReader(tile.media))
                    reader = readers[tile.media]
                    if reader is not None:
                        cache.put(tile, make_one(reader, tile))
                except SourceError:
                    readers[tile.media] = None
                progress.report(done / len(wanted), "")

    return make


class TileLoader(QObject, Generic[Tile]):
    """Computes the tiles that frames request, newest request first; others are cancelled.

    Parameters
    ----------
    make : puts all that it is asked for into `TileCache` in that order, on a thread of its own

    Signals
    -------
    arrived : more can be drawn than was when a tile was missed
    """

    arrived = Signal()

    def __init__(
        self,
        make: Callable[[tuple[Tile, ...], TileCache[Tile], Progress], None],
        limit_bytes: int,
        name: str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._make_tiles = make
        self._name = name
        self._lane = JobLane(f"{name} lane", self)
        self._limit_bytes = limit_bytes
        self._cache: TileCache[Tile] = TileCache(limit_bytes)
        self._asked: dict[Tile, None] = {}
        self._making: frozenset[Tile] = frozenset()
        self._job: JobHandle | None = None
        self._is_missed = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._make)

    @property
    def is_busy(self) -> bool:
        """Whether something is being made."""
        return self._lane.is_busy or self._soon.isActive()

    def get(self, tile: Tile) -> Array | None:
        """Return a tile, or request it and return None: a drawing without it has to be repeated."""
        array = self._cache.get(tile)
        if array is None:
            self._is_missed = True
            self._ask(tile)
        return array

    def read_ahead(self, tile: Tile) -> None:
        """Ask for a tile that nothing is drawn of yet."""
        if self._cache.get(tile) is None:
            self._ask(tile)

    def _ask(self, tile: Tile) -> None:
        self._asked[tile] = None
        self._soon.start()

    def forget(self) -> None:
        """Drop all tiles after a change of their sources."""
        if self._job is not None:
            self._job.cancel()
        self._job, self._making = None, frozenset()
        self._asked.clear()
        self._cache = TileCache(self._limit_bytes)

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
        job = self._lane.submit(self._make_tiles, wanted, self._cache, title=self._name)
        self._job, self._making = job, frozenset(wanted)
        job.progressed.connect(lambda *_: self._tell())
        job.ended.connect(lambda: self._ended(job))

    def _ended(self, job: JobHandle) -> None:
        if self._job is job:
            self._job = None
            # `_making` stays: what could not be made is not asked for again and again
            self._tell()

    def _tell(self) -> None:
        if self._is_missed:
            self._is_missed = False
            self.arrived.emit()
