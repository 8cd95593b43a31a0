"""Read ahead from a stream while earlier items are being processed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Generic, TypeVar

from engine.core.processes.side_by_side import on_threads

Item = TypeVar("Item")


_BEFORE_THREAD = 3
"""Items that are drawn before the thread starts: it costs more than all of a recording of a second."""


@contextmanager
def read_ahead(source: Iterable[Item], most: int) -> Iterator[Iterator[Item]]:
    """Read from an iterable on a separate thread, at most `most` items ahead of the consumer.

    The first few items are read at once, and a source that ends with them needs no thread. A consumer without
    a ready item reads the next one itself, since the thread may not have started. Errors of the source reach
    the consumer after the items before them. The thread stops reading when the context is left, even by an
    error; until then no other code may touch the source.
    """
    ahead = _Ahead(iter(source))
    for _ in range(min(_BEFORE_THREAD, most - 1)):
        ahead.draw(most)
    if ahead.has_ended:
        yield ahead.items()
        return
    with on_threads(lambda: ahead.keep_drawing(most), 1):
        try:
            yield ahead.items()
        finally:
            ahead.stop()


class _Ahead(Generic[Item]):
    """Items that were drawn and not taken yet."""

    def __init__(self, source: Iterator[Item]) -> None:
        self._source = source
        self._drawn = deque[Item]()
        self._drawing, self._taken = Lock(), Lock()
        self._is_waiting = self._is_stopped = False
        self._error: BaseException | None = None
        self.has_ended = False

    def draw(self, most: int) -> bool:
        """Draw one item unless `most` are drawn or the source has ended; return whether one was drawn."""
        with self._drawing:
            if self.has_ended or len(self._drawn) >= most:
                return False
            try:
                self._drawn.append(next(self._source))
            except StopIteration:
                self.has_ended = True
            except BaseException as raised:
                self._error = raised
                self.has_ended = True
            return not self.has_ended

    def keep_drawing(self, most: int) -> None:
        """Read until the source ends or the context is left; runs on the thread."""
        while not (self.has_ended or self._is_stopped):
            # Who waits gets what was drawn before the next item is drawn: a lock knows no turns.
            if (self._is_waiting and self._drawn) or not self.draw(most):
                self._taken.acquire()

    def items(self) -> Iterator[Item]:
        """Yield the items as they come."""
        while True:
            if not self._drawn:
                self._is_waiting = True
                self.draw(1)
                self._is_waiting = False
            if not self._drawn:
                break
            item = self._drawn.popleft()
            self._wake()
            yield item
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Let the thread end at the next item."""
        self._is_stopped = True
        self._wake()

    def _wake(self) -> None:
        """Let the thread look again whether it may draw."""
        if self._taken.locked():
            self._taken.release()
