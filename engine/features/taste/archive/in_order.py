"""Work that others do at the same time, handed back in the order it was given out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Given = TypeVar("Given")
Done = TypeVar("Done", covariant=True)


class Pending(Protocol[Done]):
    """Work that was given out."""

    def result(self) -> Done:
        """Wait for its result."""

    def cancel(self) -> object:
        """Give it up where it has not begun."""


def in_order(submit: Callable[[Given], Pending[Done]], work: Iterable[Given], ahead: int) -> Iterator[Done]:
    """Yield the result of each piece of work in order, with at most `ahead` pieces pending.

    Neither pending work nor results accumulate. Pending work is cancelled when the caller
        stops iterating.
    """
    waiting: deque[Pending[Done]] = deque()
    try:
        for piece in work:
            waiting.append(submit(piece))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for pending in waiting:
            pending.cancel()
