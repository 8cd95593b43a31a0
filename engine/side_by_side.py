"""Independent parts of a computation on all cores: numpy, scipy and torch let other threads run meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

One = TypeVar("One")
Result = TypeVar("Result")


def side_by_side(work: Callable[[One], Result], ones: Iterable[One]) -> list[Result]:
    """Return the result for each item, in their order.

    Raises
    ------
    Exception : raised by the first item that failed; items that were not started are left out
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ThreadPoolExecutor(cores, "side by side") as threads:
        running = [threads.submit(work, one) for one in ones]
        try:
            return [each.result() for each in running]
        finally:
            for each in running:
                each.cancel()
