"""What the networks hear: an embedding of every window of a recording."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.recipe import Passing
from engine.anomaly.svdd.settings import DeepSvddConfig
from engine.embeddings.embedder import Embedder
from engine.embeddings.windows import at_playing_level, embedded_windows
from engine.features.mel import log_mel_blocks
from engine.features.mono import resampled
from engine.timebase import s_to_samples

Blocks = Iterable[NDArray[np.float32]]


def embeddings(
    blocks: Blocks, level_db: float, config: DeepSvddConfig, embedder: Embedder, passing: Passing
) -> Iterator[NDArray[np.float32]]:
    """Yield the embeddings of one window after another, in batches of shape (n, size).

    Parameters
    ----------
    blocks : mono at the recipe's rate, each of shape (n,); what fills no window is repeated until it does
    level_db : the level the stream is played at; everything is heard relative to it
    passing : sees the log-mel frames on their way
    """
    seen = at_playing_level(_seen(blocks, level_db, config, passing), 0.0)
    filled = repeated_to_fill(seen, s_to_samples(config.window_s, config.mel.rate_hz))
    heard = resampled(filled, config.mel.rate_hz, embedder.rate_hz)
    return embedded_windows(heard, embedder, config.window_s, config.hop_s)


def repeated_to_fill(blocks: Blocks, least_samples: int) -> Iterator[NDArray[np.float32]]:
    """Yield a stream from its beginning again until it is `least_samples` long; an empty one stays empty."""
    short: list[NDArray[np.float32]] = []
    samples = 0
    for block in blocks:
        if samples < least_samples:
            short.append(block)
        samples += block.size
        yield block
    if 0 < samples < least_samples:
        yield np.resize(np.concatenate(short), least_samples)[samples:]


def _seen(
    blocks: Blocks, level_db: float, config: DeepSvddConfig, passing: Passing
) -> Iterator[NDArray[np.float32]]:
    """Yield the blocks at a level of 0 dB, each after its log-mel frames have passed."""
    gain = np.float32(10.0 ** (-level_db / 20.0))
    waiting: deque[NDArray[np.float32]] = deque()

    def levelled() -> Iterator[NDArray[np.float32]]:
        for block in blocks:
            waiting.append(block * gain)
            yield waiting[-1]

    for _ in passing(log_mel_blocks(levelled(), config.mel)):
        while waiting:
            yield waiting.popleft()
    yield from waiting
