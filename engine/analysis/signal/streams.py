"""Mono blocks at the analysis rate, streamed: no recording is held whole; and reading ahead on a thread."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.analysis.signal.loudness import finite
from engine.core.side_by_side import on_threads
from engine.sound.reader import SourceReader

_log = logging.getLogger(__name__)
_BLOCK_FRAMES = 65_536  # 1.5 s at 44.1 kHz: a cancel between two blocks is quick


def mono_blocks(path: Path, rate_hz: int) -> Iterator[NDArray[np.float32]]:
    """Yield a file's mean over channels at `rate_hz`, in blocks of shape (n,).

    Raises
    ------
    SourceError : the file cannot be read
    """
    with SourceReader(path) as reader:
        yield from mono_of(reader, rate_hz)


def mono_of(reader: SourceReader, rate_hz: int) -> Iterator[NDArray[np.float32]]:
    """Yield the mono blocks of an open file; see `mono_blocks`.

    Invalid samples that the reader leaves out are logged at the end, as one sentence.
    """
    mixed = map(folded, reader.blocks(_BLOCK_FRAMES))
    yield from resampled(mixed, reader.rate_hz, rate_hz)
    if reader.left_out:
        _log.warning(reader.left_out)


def folded(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean over channels, shape (n,), of samples, shape (n, channels)."""
    if block.shape[1] > 2:
        mean: NDArray[np.float32] = block.mean(axis=1, dtype=np.float32)
        return mean
    # The mean of numpy over so short an axis takes ten times as long.
    return block[:, 0] if block.shape[1] == 1 else (block[:, 0] + block[:, 1]) * np.float32(0.5)


def overlapping_pieces(
    blocks: Iterable[NDArray[np.float32]], step: int, margin: int = 0
) -> Iterator[tuple[NDArray[np.float32], int, int]]:
    """Yield pieces of a stream with context: samples, how many come before its own, and how many are own.

    Parameters
    ----------
    blocks : each of shape (n,)
    step : own samples of each piece; the last may have fewer
    margin : samples of context to either side, where the stream has them; at most `step`
    """
    held, before = np.zeros(0, np.float32), 0
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) >= before + step + margin:
            yield held[: before + step + margin], before, step
            held = held[before + step - margin :]
            before = margin
    if len(held) > before:
        yield held, before, len(held) - before


def resampled(
    blocks: Iterable[NDArray[np.float32]], from_hz: int, to_hz: int
) -> Iterator[NDArray[np.float32]]:
    """Convert mono blocks, each of shape (n,), from one rate to another as one stream.

    Samples that are not finite count as silence: one of them would poison a whole length of the filter.
    """
    if from_hz == to_hz:
        yield from (finite(np.ascontiguousarray(block, np.float32)) for block in blocks)
        return
    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality="HQ")
    for block in blocks:
        converted = stream.resample_chunk(finite(np.ascontiguousarray(block, np.float32)))
        if converted.size:
            yield converted
    tail = stream.resample_chunk(np.zeros(0, np.float32), last=True)
    if tail.size:
        yield tail


Item = TypeVar("Item")


_BEFORE_THREAD = 3
"""Items that are drawn before the thread starts: it costs more than all of a recording of a second."""


def alongside(
    blocks: Iterable[NDArray[np.float32]],
    consume: Callable[[Iterator[NDArray[np.float32]]], Iterator[object]],
) -> Iterator[NDArray[np.float32]]:
    """Yield the blocks of a stream unchanged, and have a second consumer read the same blocks.

    The second consumer is ahead by the blocks that it holds back: one pass over a recording serves both.

    Parameters
    ----------
    consume : reads blocks, and yields after each of its own pieces
    """
    drawn: deque[NDArray[np.float32]] = deque()

    def noted() -> Iterator[NDArray[np.float32]]:
        for block in blocks:
            drawn.append(block)
            yield block

    for _ in consume(noted()):
        while drawn:
            yield drawn.popleft()
    yield from drawn


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
