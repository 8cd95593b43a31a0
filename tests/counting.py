"""How many calls something makes, which its time grows with: the same on a busy machine as on a quiet one."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from inspect import unwrap
from types import FrameType


def calls_of(work: Callable[[], object], of: Callable[..., object] | None = None) -> int:
    """Return how many functions, of Python and of C, are called in this thread and those that it starts.

    Parameters
    ----------
    of : count the calls of this function of Python alone
    """
    calls: list[bool] = []  # to append is safe in several threads
    code = None if of is None else unwrap(of).__code__

    def count(frame: FrameType, event: str, _argument: object) -> None:
        if event in ("call", "c_call") if code is None else event == "call" and frame.f_code is code:
            calls.append(True)

    before = sys.getprofile()
    threading.setprofile(count)
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
        threading.setprofile(None)  # type: ignore[arg-type]
    return len(calls)
