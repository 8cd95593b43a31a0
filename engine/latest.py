"""What several parts ask for in turn of the same document, or of the same arrays, is found once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")


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


def found_once_of(count: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return what makes a function answer at once what it was asked before.

    Numbers and texts are known by their value, all else by being the same object: nobody may write into it.

    Parameters
    ----------
    count : how many of the latest answers are held, and what they are of
    """

    def holding(find: Callable[P, R]) -> Callable[P, R]:
        latest: tuple[tuple[tuple[Any, ...], R], ...] = ()

        @wraps(find)
        def find_once(*args: P.args, **kwargs: P.kwargs) -> R:
            nonlocal latest
            asked = (*args, *kwargs.values())
            for known, found in latest:  # another thread may ask of something else meanwhile
                if all(map(_is_same, known, asked)):
                    return found
            found = find(*args, **kwargs)
            latest = ((asked, found), *latest[: count - 1])
            return found

        return find_once

    return holding


def _is_same(one: object, other: object) -> bool:
    return one is other or (isinstance(one, int | float | str) and one == other)
