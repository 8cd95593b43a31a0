"""Frames of a stream with another consumer: computed while its blocks pass, so that it is read once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from engine.features.takes.features import Floats, Frames, frames_from, power_blocks


class FramesInPassing:
    """Analyses a mono stream that passes through it, and has its frames once it has passed.

    It holds 27 MB an hour, and of the blocks themselves a minute at most.

    Parameters
    ----------
    rate_hz : of the stream
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._powers: list[Floats] = []

    def passing(self, blocks: Iterable[Floats]) -> Iterator[Floats]:
        """Yield the same blocks, each of shape (n,), as they came; once for each of these."""
        drawn: deque[Floats] = deque()
        for power in power_blocks(_noted(blocks, drawn), self._rate_hz):
            self._powers.append(power)
            while drawn:
                yield drawn.popleft()
        yield from drawn

    def frames(self) -> Frames:
        """Return the frames of the stream."""
        return frames_from(self._powers)


def _noted(blocks: Iterable[Floats], drawn: deque[Floats]) -> Iterator[Floats]:
    for block in blocks:
        drawn.append(block)
        yield block
