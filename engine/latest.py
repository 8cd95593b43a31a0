"""What several parts ask for in turn of the same document is found once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def found_once(find: Callable[[T], R]) -> Callable[[T], R]:
    """Return the function; of the same object as last time it returns what it returned then.

    What is asked about and what is found must not change. Only the last of them are held.
    """
    latest: tuple[T, R] | None = None

    @wraps(find)
    def find_once(about: T) -> R:
        nonlocal latest
        known = latest  # another thread may ask about another object meanwhile
        if known is None or known[0] is not about:
            latest = known = about, find(about)
        return known[1]

    return find_once
