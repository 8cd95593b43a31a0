"""Draw what comes next of a stream while what came before is still being worked on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")


@contextmanager
def read_ahead(source: Iterable[Item], most: int) -> Iterator[Iterator[Item]]:
    """Draw from an iterable on a thread of its own, at most `most` items ahead of who takes them.

    What the source raises, whoever takes the items gets, after the items before it. The thread has ended
    when the context is left, however that happens; until then nobody else may touch the source.
    """
    ahead = _Ahead(source, most)
    thread = Thread(target=ahead.draw, name="reading ahead")
    thread.start()
    try:
        yield ahead.items()
    finally:
        ahead.stop()
        thread.join()


class _End:
    """Stands after the last item, with what was raised instead of a further one."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Ahead(Generic[Item]):
    """Items that were drawn and not taken yet."""

    def __init__(self, source: Iterable[Item], most: int) -> None:
        self._source = source
        self._free = Semaphore(most - 1)
        self._drawn: SimpleQueue[Item | _End] = SimpleQueue()
        self._is_stopped = False

    def draw(self) -> None:
        """Draw until the source ends or nobody wants more; runs on the thread."""
        error = None
        try:
            for item in self._source:
                self._drawn.put(item)
                self._free.acquire()
                if self._is_stopped:
                    break
        except BaseException as raised:
            error = raised
        self._drawn.put(_End(error))

    def items(self) -> Iterator[Item]:
        """Yield the items as they come."""
        while not isinstance(item := self._drawn.get(), _End):
            self._free.release()
            yield item
        if item.error is not None:
            raise item.error

    def stop(self) -> None:
        """Let the thread end at the next item."""
        self._is_stopped = True
        self._free.release()
