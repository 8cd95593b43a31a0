"""Worker processes: how many, and how they start. Light, so that they start before torch is imported here."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import BaseContext

from engine.core.side_by_side import usable_cores

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_FILES_PER_WORKER = 24
"""Number of short recordings that a process scores in the two seconds that another takes to start."""

_SERVER = "forkserver"
_HEAVY = "engine.features.taste.archive"


def fitting_workers(files: int) -> int:
    """Return the number of processes for a number of recordings: at most one per core."""
    return max(1, min(usable_cores(), files // _FILES_PER_WORKER))


def begin() -> None:
    """Start the fork server without waiting, on systems that have one."""
    context = worker_context()
    if context.get_start_method() == _SERVER:
        with one_thread_each():
            forkserver.ensure_running()


def worker_context() -> BaseContext:
    """Return how worker processes start: forked from a process that imported torch once, else spawned.

    That process has one thread: a fork of this one would copy locks that other threads hold.
    """
    if _SERVER not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context(_SERVER)
    context.set_forkserver_preload([_HEAVY])
    return context


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Limit processes that start within to one thread, unless the user set another number.

    Two processes with a thread for every core each spend a third of their time waiting for each other. numpy
    reads this when it is imported, before a process can be given anything.
    """
    added = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
