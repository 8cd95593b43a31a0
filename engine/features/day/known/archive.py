"""The index of an archive: a fingerprint of every recording in folders, in one SQLite file.

Only new and changed files are analysed, with several processes or the workers of a dask cluster. Each file is
stored when it is ready, so a killed run goes on where it was. One fingerprint is in memory at a time.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path

from engine.analysis.signal.streams import mono_of
from engine.core.errors import OffcutError, UsageError
from engine.core.files.places import data_folder
from engine.core.files.safe_write import shown
from engine.core.progress import SILENT, Progress, ReportingProgress
from engine.core.timebase import format_time
from engine.core.wording import counted, percent
from engine.document.file.transaction import connect
from engine.features.day.known.fingerprints import VERSION, Fingerprint
from engine.features.day.known.matching import Recognition
from engine.features.day.known.passages import Sought, passages
from engine.features.day.known.sqlite_file import StoredFile
from engine.features.takes.features import frames_of
from engine.features.taste.archive import AHEAD_PER_THREAD, Pending, cluster, in_order, size_of
from engine.features.taste.archive_workers import one_thread_each, worker_context
from engine.recordings.stated.file_head import read_head
from engine.sound.decoders.registry import audio_files
from engine.sound.reader import SourceReader

DOCUMENT = ".offcut"
_POLL_S = 0.2
_FILE = StoredFile(
    "fingerprints of the archive",
    "Its recordings are analysed again (offcut find --in FOLDER).",
    0x4F415243,
    1,
    (
        "CREATE TABLE files (path BLOB PRIMARY KEY, size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, "
        "version INTEGER NOT NULL, day TEXT NOT NULL, rows BLOB NOT NULL)",
    ),
)


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A recording of an archive, as it was when it was listed."""

    path: Path
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Analysed:
    """A recording with its fingerprint.

    Attributes
    ----------
    day : the date of the recording in ISO 8601
    rows : see `Fingerprint.to_bytes`; empty if it was refused
    refusal : why it cannot be used, in one sentence
    """

    file: ArchiveFile
    day: str = ""
    rows: bytes = b""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Indexed:
    """The result of an update.

    Attributes
    ----------
    files : number of recordings in the folders
    added : number of those that were analysed now
    removed : number of files that are gone
    refusals : a sentence for each file or folder that cannot be read
    """

    files: int
    added: int
    removed: int
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundTake:
    """A take of a song in an archive.

    Attributes
    ----------
    document : that uses the recording; None without one
    day : the date of the recording in ISO 8601
    """

    path: Path
    document: Path | None
    day: str
    found: Recognition

    @property
    def words(self) -> str:
        """Return its place in the recording, its length, and tempo and key relative to the known take."""
        one = self.found
        length, tempo = f"{format_time(one.stop_s - one.start_s, 0)} long", f"tempo {percent(one.speed)}"
        parts = [f"at {format_time(one.start_s, 0)}", length, tempo]
        if one.semitones:
            higher = "higher" if one.semitones > 0 else "lower"
            parts.append(f"{counted(abs(one.semitones), 'semitone')} {higher}")
        return ", ".join(parts)


def archive_path() -> Path:
    """Return the path of the user's index; its folder is made."""
    return data_folder("songs") / "archive.sqlite"


def analysed(file: ArchiveFile, progress: Progress = SILENT) -> Analysed:
    """Return the fingerprint of a recording of many; its errors do not stop the others."""
    try:
        if size_of(file.path) != file.size_bytes:
            raise OffcutError(f"{shown(file.path)} is missing or another file here: share its folder.")
        return Analysed(file, _day(file.path), fingerprint_of(file.path, progress).to_bytes())
    except OffcutError as error:
        return Analysed(file, refusal=str(error))


def fingerprint_of(path: Path, progress: Progress = SILENT) -> Fingerprint:
    """Return the fingerprint of a whole recording.

    Raises
    ------
    SourceError : it cannot be read
    Cancelled : the user asked for it
    """
    with SourceReader(path) as reader:
        return Fingerprint.of(
            frames_of(mono_of(reader, reader.rate_hz), reader.rate_hz, reader.frames, progress)
        )


def _day(path: Path) -> str:
    """Return the date on which a recording began, by its header or else by the date of its file."""
    head = read_head(path, datetime.now(UTC).replace(tzinfo=None))
    stated = head.time or head.file_time
    if stated is None:
        return ""
    start = stated.start.replace(tzinfo=UTC).astimezone() if stated.is_utc else stated.start
    return start.date().isoformat()


def update(
    folders: Sequence[Path],
    index: Path,
    progress: Progress = SILENT,
    *,
    workers: int = 1,
    address: str | None = None,
) -> Indexed:
    """Bring the index of folders up to date: new and changed files are analysed, missing ones removed.

    Parameters
    ----------
    workers : number of processes
    address : of the scheduler of a dask cluster, whose workers see the folders under the same paths

    Raises
    ------
    UsageError : there is nothing to index
    OffcutError : the index cannot be used, or workers were lost
    Cancelled : the user asked for it
    """
    refusals: list[str] = []
    listed = list(_listed(folders, refusals))
    with _FILE.reading(index) as connection:
        rows = connection.execute("SELECT path, size_bytes, mtime_ns, version FROM files").fetchall()
    known = {path: tuple(state) for path, *state in rows}
    left = [
        file
        for file in listed
        if known.get(os.fsencode(file.path)) != (file.size_bytes, file.mtime_ns, VERSION)
    ]
    total = max(1, sum(file.size_bytes for file in left))
    added = done = 0
    with closing(_in_order(left, progress, workers, address)) as results:
        for result in results:
            done += result.file.size_bytes
            if result.refusal:
                refusals.append(result.refusal)
            else:
                _store(index, result)
                added += 1
            progress.check_cancelled()
            progress.report(done / total, f"Analysing {counted(len(left), 'recording')}")
    gone = set() if refusals else _gone(known, listed, folders)
    with _FILE.writing(index) as connection:
        connection.executemany("DELETE FROM files WHERE path = ?", [(path,) for path in gone])
    return Indexed(len(listed), added, len(gone), tuple(refusals))


def _listed(folders: Sequence[Path], refusals: list[str]) -> Iterator[ArchiveFile]:
    """Yield the recordings in folders, each once."""
    seen: set[Path] = set()
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{shown(folder)} is not a folder: name a folder of recordings.")
        for path in audio_files(folder.absolute(), lambda error: refusals.append(f"{error}.")):
            if path not in seen:
                seen.add(path)
                with suppress(OSError):  # gone since it was listed
                    status = path.stat()
                    yield ArchiveFile(path, status.st_size, status.st_mtime_ns)
    if not seen:
        names = ", ".join(shown(folder) for folder in folders)
        raise UsageError(f"{names} holds no audio files: choose a folder of recordings.")


def _gone(known: Iterable[bytes], listed: Sequence[ArchiveFile], folders: Sequence[Path]) -> set[bytes]:
    """Return the indexed paths below folders whose files are missing."""
    present = {os.fsencode(file.path) for file in listed}
    return {path for path in known if path not in present and _is_below(path, folders)}


def _is_below(path: bytes, folders: Sequence[Path]) -> bool:
    return any(Path(os.fsdecode(path)).is_relative_to(folder.absolute()) for folder in folders)


def _store(index: Path, result: Analysed) -> None:
    file = result.file
    row = os.fsencode(file.path), file.size_bytes, file.mtime_ns, VERSION, result.day, result.rows
    with _FILE.writing(index) as connection:
        connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", row)


def _in_order(
    files: Sequence[ArchiveFile], progress: Progress, workers: int, address: str | None
) -> Generator[Analysed, None, None]:
    """Yield the analysed files in order, by this process, several or a cluster."""
    if not files:
        return
    if address is not None:
        with cluster(address) as (client, threads):

            def on_worker(file: ArchiveFile) -> Pending[Analysed]:
                pending: Pending[Analysed] = client.submit(analysed, file, pure=False)
                return pending

            yield from in_order(on_worker, files, AHEAD_PER_THREAD * threads)
    elif min(workers, len(files)) > 1:
        yield from _by_processes(files, min(workers, len(files)), progress)
    else:
        done, total = 0, max(1, sum(file.size_bytes for file in files))
        for file in files:
            share = progress.part(done / total, (done + file.size_bytes) / total)
            done += file.size_bytes
            yield analysed(file, share)


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A result that is awaited until the user cancels."""

    future: Future[Analysed]
    progress: Progress

    def result(self) -> Analysed:
        self.progress.check_cancelled()
        while not wait([self.future], _POLL_S).done:
            self.progress.check_cancelled()
        return self.future.result()

    def cancel(self) -> object:
        return self.future.cancel()


def _by_processes(files: Sequence[ArchiveFile], workers: int, progress: Progress) -> Iterator[Analysed]:
    """Yield the same by processes, which stop soon after the iterator is closed."""
    context = worker_context()
    cancelled = context.Event()
    with one_thread_each(), ProcessPoolExecutor(workers, context, _start, (cancelled,)) as pool:

        def submit(file: ArchiveFile) -> _Awaited:
            return _Awaited(pool.submit(_in_process, file), progress)

        try:
            yield from in_order(submit, files, AHEAD_PER_THREAD * workers)
        except BrokenProcessPool as error:
            raise OffcutError(
                "A process ended before its recording was analysed; free some memory, or use --workers 1."
            ) from error
        finally:
            cancelled.set()


class _Worker:
    """State of one process between recordings."""

    progress: Progress = SILENT


def _start(cancelled: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all; the first process stops the rest
    _Worker.progress = ReportingProgress(cancelled=cancelled)


def _in_process(file: ArchiveFile) -> Analysed:
    return analysed(file, _Worker.progress)


def takes_of_song(
    sought: Sought, index: Path, folders: Sequence[Path] = (), progress: Progress = SILENT
) -> Iterator[FoundTake]:
    """Yield the takes of a song in all recordings of the index, or of those below some folders, by path.

    Raises
    ------
    OffcutError : the index cannot be used
    Cancelled : the user asked for it
    """
    with _FILE.reading(index) as connection:
        rows = connection.execute(
            "SELECT path FROM files WHERE version = ? ORDER BY path", (VERSION,)
        ).fetchall()
    paths = [path for (path,) in rows if not folders or _is_below(path, folders)]
    users = _documents(folders) if folders else {}
    for number, path in enumerate(paths):
        progress.check_cancelled()
        progress.report(number / len(paths), f"Looking through {counted(len(paths), 'recording')}")
        with _FILE.reading(index) as connection:
            row = connection.execute("SELECT day, rows FROM files WHERE path = ?", (path,)).fetchone()
        if row is not None:  # another program may remove it meanwhile
            own = Path(os.fsdecode(path))
            for found in passages(sought, Fingerprint.from_bytes(row[1])):
                yield FoundTake(own, users.get(str(own)), row[0], found)
    progress.report(1.0, "Looked through all recordings")


def _documents(folders: Sequence[Path]) -> dict[str, Path]:
    """Return the document below the folders that uses each recording, by the path of the recording."""
    users: dict[str, Path] = {}
    for folder in folders:
        for document in sorted(folder.absolute().rglob(f"*{DOCUMENT}")):
            with suppress(sqlite3.Error, OSError), closing(connect(document, read_only=True)) as connection:
                for (source,) in connection.execute("SELECT path FROM source"):
                    users.setdefault(str(source), document)
    return users
