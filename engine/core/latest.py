"""Caches for results that several parts request in turn for the same document or the same arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")


def found_once(find: Callable[[T], R]) -> Callable[[T], R]:
    """Return the function with a cache of its latest result, for the same object.

    Arguments and results must not change. Only the latest pair is held.
    """
    return found_once_of(1)(find)


def found_once_of(count: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that caches the latest results of a function.

    Numbers and texts are compared by value, all else by identity: cached objects must not be modified.

    Parameters
    ----------
    count : number of cached results, with their arguments
    """

    def holding(find: Callable[P, R]) -> Callable[P, R]:
        latest: tuple[tuple[tuple[Any, ...], R], ...] = ()

        @wraps(find)
        def find_once(*args: P.args, **kwargs: P.kwargs) -> R:
            nonlocal latest
            given = (*args, *kwargs.values())
            for known, found in latest:  # another thread may ask of something else meanwhile
                if all(map(_is_same, known, given)):
                    return found
            found = find(*args, **kwargs)
            latest = ((given, found), *latest[: count - 1])
            return found

        return find_once

    return holding


def _is_same(one: object, other: object) -> bool:
    return one is other or (isinstance(one, int | float | str) and one == other)
