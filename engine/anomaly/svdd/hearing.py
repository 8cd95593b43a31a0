"""What the networks hear: an embedding of every window of a stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.recipe import Passing
from engine.anomaly.svdd.settings import DeepSvddConfig
from engine.embeddings.embedder import Embedder
from engine.embeddings.hearing import Hearing, heard
from engine.features.mel import log_mel_blocks

Blocks = Iterable[NDArray[np.float32]]


def hearing_of(config: DeepSvddConfig) -> Hearing:
    """Return how recordings are brought to the embedding."""
    return Hearing(config.window_s, config.hop_s, config.mel.rate_hz)


def embeddings(
    blocks: Blocks, level_db: float, config: DeepSvddConfig, embedder: Embedder, passing: Passing
) -> Iterator[NDArray[np.float32]]:
    """Yield the embeddings of one window after another, in batches of shape (n, size).

    Parameters
    ----------
    blocks : mono at the recipe's rate, each of shape (n,)
    level_db : the level the stream is played at; everything is heard relative to it
    passing : sees the log-mel frames on their way
    """
    return heard(_seen(blocks, level_db, config, passing), level_db, hearing_of(config), embedder)


def _seen(
    blocks: Blocks, level_db: float, config: DeepSvddConfig, passing: Passing
) -> Iterator[NDArray[np.float32]]:
    """Yield the blocks as they are, each after its log-mel frames have passed."""
    gain = np.float32(10.0 ** (-level_db / 20.0))
    waiting: deque[NDArray[np.float32]] = deque()

    def levelled() -> Iterator[NDArray[np.float32]]:
        for block in blocks:
            waiting.append(block)
            yield block * gain

    for _ in passing(log_mel_blocks(levelled(), config.mel)):
        while waiting:
            yield waiting.popleft()
    yield from waiting
