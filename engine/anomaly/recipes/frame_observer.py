"""Streams whose log-mel frames an observer sees on their way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.recipes.recipe import Passing
from engine.features.mel import log_mel_blocks
from engine.features.mel_settings import MelSettings


def observed(
    blocks: Iterable[NDArray[np.float32]], level_db: float, mel: MelSettings, passing: Passing
) -> Iterator[NDArray[np.float32]]:
    """Yield the blocks of a stream as they are, each of shape (n,), once its log-mel frames were observed.

    Parameters
    ----------
    level_db : the level the stream is played at; the frames are heard relative to it
    passing : the observer
    """
    gain = np.float32(10.0 ** (-level_db / 20.0))
    waiting: deque[NDArray[np.float32]] = deque()

    def levelled() -> Iterator[NDArray[np.float32]]:
        for block in blocks:
            waiting.append(block)
            yield block * gain

    for _ in passing(log_mel_blocks(levelled(), mel)):
        while waiting:
            yield waiting.popleft()
    yield from waiting
