"""How many calls something makes, which its time grows with: the same on a busy machine as on a quiet one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from inspect import unwrap
from types import FrameType


def calls_of(work: Callable[[], object], of: Callable[..., object] | None = None) -> int:
    """Return how many functions, of Python and of C, are called in this thread while something is done.

    Parameters
    ----------
    of : count the calls of this function of Python alone
    """
    calls = 0
    code = None if of is None else unwrap(of).__code__

    def count(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call") if code is None else event == "call" and frame.f_code is code

    before, cores = sys.getprofile(), os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})  # so that nothing is done on another thread
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
        os.sched_setaffinity(0, cores)
    return calls
