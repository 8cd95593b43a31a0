"""How many threads torch computes with, for as long as a job runs."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")

THREADS_VARIABLE = "OFFCUT_THREADS"
"""Names the environment variable that allows a job more threads than one."""


@contextmanager
def few_threads() -> Iterator[None]:
    """Let torch use few threads within, so that the window stays smooth: one, unless the user allowed more.

    With one, sums come out the same on every machine.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(_allowed())
    try:
        yield
    finally:
        torch.set_num_threads(before)


def side_by_side(work: Callable[[_Item], _Found], items: Iterable[_Item]) -> Iterator[_Found]:
    """Yield `work(item)` of each item in order, computed on as many threads as torch has.

    Small networks gain little from several threads each, so every thread computes with one. The first item
    is computed alone, since it loads the models of all.

    Parameters
    ----------
    work : used by several threads at once
    items : taken from one thread, a few ahead of those that are yielded
    """
    threads, left = torch.get_num_threads(), iter(items)
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
    waiting: deque[Future[_Found]] = deque()
    try:
        for item in left:
            yield work(item)
            break
        for item in left:
            waiting.append(pool.submit(work, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def _allowed() -> int:
    stated = os.environ.get(THREADS_VARIABLE, "")
    return max(1, int(stated)) if stated.isdecimal() else 1
