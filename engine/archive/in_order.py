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
        """Wait for what it came to."""

    def cancel(self) -> object:
        """Give it up where it has not begun."""


def in_order(submit: Callable[[Given], Pending[Done]], work: Iterable[Given], ahead: int) -> Iterator[Done]:
    """Yield what becomes of each piece of work; at most `ahead` pieces are waited for at a time.

    So neither what is still to do nor what is done already piles up. What was given out is given up where
    nobody wants it any more.
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
