"""How long something computes, whatever else the machine and the tests before it are doing."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import numpy as np


def fastest_cpu_s(work: Callable[[], object], times: int = 3) -> float:
    """Return the least that the work took of this thread's own time, of several times.

    What the tests before left in memory is put out of the garbage collector's sight: in a run of all tests
    one look through it takes longer than most of what is measured.
    """
    gc.collect()
    gc.freeze()
    took_s = []
    try:
        for _ in range(times):
            began_s = time.thread_time()
            work()
            took_s.append(time.thread_time() - began_s)
    finally:
        gc.unfreeze()
    return min(took_s)


def slowness() -> float:
    """Return how many times slower this machine computes than one on which stated limits hold: at least 1.

    A limit in milliseconds that is multiplied by it finds code that became slower, not a machine that is:
    rented ones differ by more than a factor of two, and by as much from hour to hour.
    """
    return max(1.0, fastest_cpu_s(_fixed_work, 5) / _FIXED_WORK_S)


_FIXED_WORK_S = 0.060


def _fixed_work() -> float:
    """Sort, sum and look up as drawing and the queue do: long arrays, and many small objects of Python."""
    numbers, total = np.arange(200_000, dtype=np.float64), 0.0
    for step in range(10):
        total += float(np.sort(np.sin(numbers * (step + 1)))[::1000].sum())
    spans = {f"p{number}": (number, 2 * number) for number in range(60_000)}
    return total + sum(start for start, _ in spans.values())
