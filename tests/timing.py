"""How long something computes, whatever else the machine and the tests before it are doing."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


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
