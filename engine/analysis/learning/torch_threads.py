"""How many threads torch computes with, for as long as a job runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

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


def _allowed() -> int:
    stated = os.environ.get(THREADS_VARIABLE, "")
    return max(1, int(stated)) if stated.isdecimal() else 1
