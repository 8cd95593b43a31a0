"""Score recordings with several processes of this machine."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from pathlib import Path

from engine.core.errors import OffcutError
from engine.core.progress import Progress, ReportingProgress
from engine.features.taste.anomaly.taste import Taste, load_taste
from engine.features.taste.archive.in_order import in_order
from engine.features.taste.archive.outcome import Outcome, score_recording
from engine.features.taste.archive.workers import one_thread_each, worker_context

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
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl+C reaches all; the process that was asked stops the rest
    _Worker.taste = load_taste(taste_path)
    _Worker.progress = ReportingProgress(cancelled=cancelled)


def _score_in_process(path: Path) -> Outcome:
    return score_recording(_Worker.taste, path, _Worker.progress)
