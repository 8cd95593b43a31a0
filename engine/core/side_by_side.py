"""Independent parts of a computation on all cores: numpy, scipy and torch let other threads run meanwhile."""

from __future__ import annotations

import os
from _thread import start_new_thread
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from threading import Lock
from typing import Any, TypeVar

One = TypeVar("One")
Result = TypeVar("Result")


def side_by_side(work: Callable[[One], Result], ones: Iterable[One]) -> list[Result]:
    """Return the result for each item, in their order.

    The calling thread works, too: where no other thread can begin, it does everything.

    Raises
    ------
    Exception : raised by the first item that failed; items that were not started are left out
    """
    waiting = deque(enumerate(ones))
    results: list[Any] = [None] * len(waiting)
    errors: list[BaseException | None] = [None] * len(waiting)

    def work_off() -> None:
        # Between taking an item and storing its result or error nothing needs memory, so that none is lost.
        with suppress(IndexError):
            while True:
                number, one = waiting.popleft()
                try:
                    results[number] = work(one)
                except BaseException as raised:
                    errors[number] = raised
                    waiting.clear()

    with on_threads(work_off, min(usable_cores(), len(waiting)) - 1):
        try:
            work_off()
        finally:
            waiting.clear()
    for error in errors:
        if error is not None:
            raise error
    return results


def in_groups(work: Callable[[One], Result], ones: Iterable[One]) -> Iterator[Result]:
    """Yield the result for each item, in their order; as many items are held at once as there are cores.

    Raises
    ------
    Exception : raised by the first item of a group that failed
    """
    left = iter(ones)
    while group := list(islice(left, usable_cores())):
        yield from side_by_side(work, group)


def usable_cores() -> int:
    """Return how many cores this thread may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def on_threads(work: Callable[[], None], count: int) -> Iterator[None]:
    """Run `work` on up to `count` threads within the context, and wait at its end for those that started.

    `threading.Thread.start` waits until the thread has started: forever if it gets no memory. This function
    does not wait for the start, so the caller must do any work that no thread does. `work` must not raise.
    """
    is_over = False
    at_work = [Lock() for _ in range(count)]

    def run(own: Lock) -> None:
        with own:
            if not is_over:
                work()

    for own in at_work:
        with suppress(MemoryError, RuntimeError):  # no thread: the caller works alone
            start_new_thread(run, (own,))
    try:
        yield
    finally:
        is_over = True
        for own in at_work:
            with own:
                pass
