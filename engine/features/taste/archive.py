"""Score many recordings, with several processes of this machine or with the workers of a dask cluster.

A worker of a cluster (extra `offcut[cluster]`) needs Offcut installed and the recordings under the same paths
as here, as in a shared folder; the taste itself is sent to it once. Recordings are not sent: they are large,
and each would pass through this machine. So that no worker scores another file that happens to have the same
path, sizes are compared.
"""

from __future__ import annotations

import signal
import socket
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from engine.core.build import how_to_add
from engine.core.errors import OffcutError, UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import SILENT, Progress, ReportingProgress
from engine.features.taste.anomaly.score import Scores, score_file
from engine.features.taste.anomaly.taste import Taste, load_taste, taste_from_bytes
from engine.features.taste.archive_workers import one_thread_each, worker_context

if TYPE_CHECKING:
    from distributed import Client

Prediction = Literal["anomalous", "kept"]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A recording and its scores over time."""

    path: Path
    scores: Scores

    @property
    def overall(self) -> float | None:
        """Score of the whole recording, see `overall_score`."""
        return overall_score(self.scores.scores)


@dataclass(frozen=True, slots=True)
class Refused:
    """A recording that could not be scored, and why, in one sentence."""

    path: Path
    sentence: str


Outcome = Scored | Refused


def score_recording(taste: Taste, path: Path, progress: Progress = SILENT) -> Outcome:
    """Score one recording of many; its errors do not stop the others."""
    try:
        # The search for references takes time and does not change scores.
        scores = score_file(replace(taste, kept=None), path, progress)
    except OffcutError as error:
        return Refused(path, str(error))
    return Scored(path, scores)


def overall_score(scores: NDArray[np.float32]) -> float | None:
    """Return the mean of the highest quarter of a recording's scores, shape (n,); None without scores.

    Faults often affect a part of a recording only. A mean over the whole hides them, and the maximum is high
    in many good recordings.
    """
    if not len(scores):
        return None
    oddest = np.sort(scores)[3 * len(scores) // 4 :]
    return float(oddest.mean(dtype=np.float64))


def prediction(score: float | None, threshold: float) -> Prediction | None:
    """Return the prediction: anomalous from the threshold on; None without a score."""
    if score is None:
        return None
    return "anomalous" if score >= threshold else "kept"


Given = TypeVar("Given")
Done = TypeVar("Done", covariant=True)


class Pending(Protocol[Done]):
    """Work that was given out."""

    def result(self) -> Done:
        """Wait for its result."""

    def cancel(self) -> object:
        """Give it up where it has not begun."""


def in_order(submit: Callable[[Given], Pending[Done]], work: Iterable[Given], ahead: int) -> Iterator[Done]:
    """Yield the result of each piece of work in order, with at most `ahead` pieces pending.

    Neither pending work nor results accumulate. Pending work is cancelled when the caller stops iterating.
    """
    waiting: deque[Pending[Done]] = deque()
    try:
        for piece in work:
            waiting.append(submit(piece))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for pending in waiting:
            pending.cancel()


AHEAD_PER_THREAD = 3
_CONNECT_S = 10


def score_on_cluster(taste_path: Path, paths: Iterable[Path], address: str) -> Generator[Outcome, None, None]:
    """Score recordings with all workers of a cluster; results come in order.

    Parameters
    ----------
    address : of the scheduler, such as ``tcp://192.168.1.20:8786``

    Raises
    ------
    UsageError, OffcutError : see `cluster`
    """
    content = taste_path.read_bytes()
    with cluster(address) as (client, threads):
        sent = client.scatter(content, broadcast=True, hash=False)  # type: ignore[no-untyped-call]

        def submit(path: Path) -> Pending[Outcome]:
            whole = path.absolute()
            pending: Pending[Outcome] = client.submit(
                _score_on_worker, sent, taste_path, path, whole, size_of(whole), pure=False
            )
            return pending

        yield from in_order(submit, paths, AHEAD_PER_THREAD * threads)


@contextmanager
def cluster(address: str) -> Iterator[tuple[Client, int]]:
    """Connect to a cluster; yield the client and the number of threads of all workers.

    Raises
    ------
    UsageError : the extra is not installed, no scheduler answers there, or it has no workers
    OffcutError : the cluster lost the work
    """
    try:
        from distributed import CancelledError, Client, KilledWorker
    except ImportError as error:
        raise UsageError(f"Work on a cluster needs more packages: {how_to_add('cluster')}.") from error
    try:  # a client without a scheduler leaves a thread and logs errors later
        parts = urlsplit(address)
        socket.create_connection((parts.hostname or "", parts.port or 0), _CONNECT_S).close()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"No cluster answers at {address!r}: give the address its scheduler shows, such as tcp://HOST:8786."
        ) from error
    connected = Client(address, timeout=_CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]
    with connected as client:
        threads = sum(client.ncores().values())
        if not threads:
            raise UsageError(f"The cluster at {address} has no workers: start some, then try again.")
        try:
            yield client, threads
        except (CancelledError, KilledWorker, OSError) as error:
            raise OffcutError(
                f"The cluster at {address} lost its workers or its scheduler: start them, then try again."
            ) from error


def size_of(path: Path) -> int | None:
    """Return the size of a file in bytes; workers report files that cannot be read here."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _score_on_worker(
    content: bytes, taste_path: Path, given: Path, path: Path, size_bytes: int | None
) -> Outcome:
    """Score a recording on a worker."""
    if size_bytes is not None and size_of(path) != size_bytes:
        sentence = f"{shown(path)} is missing or another file on the worker: share the folder under one path."
        return Refused(given, sentence)
    return replace(score_recording(_taste(content, taste_path), path), path=given)


@lru_cache(maxsize=1)
def _taste(content: bytes, path: Path) -> Taste:
    """Read a taste once for all recordings that follow; a worker holds its bytes as one object."""
    return taste_from_bytes(content, path)


_AHEAD_PER_WORKER = 3


def score_by_processes(taste_path: Path, paths: Iterable[Path], workers: int) -> Iterator[Outcome]:
    """Score recordings in processes that each load the taste once; results come in order.

    Closing the iterator stops the processes within a fraction of a second, wherever they are.

    Raises
    ------
    OffcutError : a process ended
    """
    context = worker_context()
    cancelled = context.Event()
    with one_thread_each(), ProcessPoolExecutor(workers, context, _start, (taste_path, cancelled)) as pool:

        def submit(path: Path) -> Future[Outcome]:
            return pool.submit(_score_in_process, path)

        try:
            yield from in_order(submit, paths, _AHEAD_PER_WORKER * workers)
        except BrokenProcessPool as error:
            raise OffcutError(
                "A scoring process ended before its work was done; free some memory, or use --workers 1."
            ) from error
        finally:
            cancelled.set()


class _Worker:
    """State of one process between recordings."""

    taste: Taste
    progress: Progress


def _start(taste_path: Path, cancelled: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all; the first process stops the rest
    _Worker.taste = load_taste(taste_path)
    _Worker.progress = ReportingProgress(cancelled=cancelled)


def _score_in_process(path: Path) -> Outcome:
    return score_recording(_Worker.taste, path, _Worker.progress)
