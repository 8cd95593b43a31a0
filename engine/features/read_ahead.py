"""Draw what comes next of a stream while what came before is still being worked on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")


_BEFORE_THREAD = 3
"""Items that are drawn before the thread starts: it costs more than all of a recording of a second."""


@contextmanager
def read_ahead(source: Iterable[Item], most: int) -> Iterator[Iterator[Item]]:
    """Draw from an iterable on a thread of its own, at most `most` items ahead of who takes them.

    The first few items are drawn at once, and a source that ends with them needs no thread.
    What the source raises, whoever takes the items gets, after the items before it. The thread has ended
    when the context is left, however that happens; until then nobody else may touch the source.
    """
    ahead = _Ahead(iter(source), most)
    if ahead.draw_first(min(_BEFORE_THREAD, most - 1)):
        yield ahead.items()
        return
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

    def __init__(self, source: Iterator[Item], most: int) -> None:
        self._source = source
        self._free = Semaphore(most - 1)
        self._drawn: SimpleQueue[Item | _End] = SimpleQueue()
        self._is_stopped = False

    def draw_first(self, count: int) -> bool:
        """Draw up to `count` items, fewer than are allowed; return whether the source has ended."""
        return any(self._draws_end() for _ in range(count))

    def draw(self) -> None:
        """Draw until the source ends or nobody wants more; runs on the thread."""
        while not self._draws_end() and not self._is_stopped:
            pass

    def _draws_end(self) -> bool:
        """Draw one item and wait until another is allowed; return whether there was none."""
        try:
            item = next(self._source)
        except StopIteration:
            self._drawn.put(_End(None))
        except BaseException as raised:
            self._drawn.put(_End(raised))
        else:
            self._drawn.put(item)
            self._free.acquire()
            return False
        return True

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
