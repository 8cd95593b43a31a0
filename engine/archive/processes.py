"""Score recordings with several processes of this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

from engine.anomaly.taste import Taste, load_taste
from engine.archive.in_order import in_order
from engine.archive.outcome import Outcome, score_recording
from engine.errors import OffcutError
from engine.progress import Progress, ReportingProgress

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_AHEAD_PER_WORKER = 3
_FILES_PER_WORKER = 24
"""A process takes two seconds to start, in which another scores so many short recordings."""


def fitting_workers(files: int) -> int:
    """Return how many processes so many recordings are worth: at most one a core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, files // _FILES_PER_WORKER))


def score_by_processes(taste_path: Path, paths: Iterable[Path], workers: int) -> Iterator[Outcome]:
    """Score recordings with several processes, each of which loads the taste once; results come in order.

    Closing the iterator stops the processes within a fraction of a second, wherever they are.

    Raises
    ------
    OffcutError : a process ended
    """
    context = get_context("spawn")  # a fork would copy locks that other threads hold
    cancelled = context.Event()
    with _one_thread_each(), ProcessPoolExecutor(workers, context, _start, (taste_path, cancelled)) as pool:

        def submit(path: Path) -> Future[Outcome]:
            return pool.submit(_score, path)

        try:
            yield from in_order(submit, paths, _AHEAD_PER_WORKER * workers)
        except BrokenProcessPool as error:
            raise OffcutError(
                "A scoring process ended before its work was done; free some memory, or use --workers 1."
            ) from error
        finally:
            cancelled.set()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that start within compute with one thread, unless the user said otherwise.

    Two processes with a thread for every core each spend a third of their time waiting for each other. numpy
    reads this when it is imported, which a process does before it can be told anything.
    """
    added = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


class _Worker:
    """What one process keeps between recordings."""

    taste: Taste
    progress: Progress


def _start(taste_path: Path, cancelled: Event) -> None:
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl+C reaches all; the process that was asked stops the rest
    _Worker.taste = load_taste(taste_path)
    _Worker.progress = ReportingProgress(cancelled=cancelled)


def _score(path: Path) -> Outcome:
    return score_recording(_Worker.taste, path, _Worker.progress)
