"""How a recording is brought to an embedding: at which level and rate, in which windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.embeddings.embedder import Embedder
from engine.analysis.embeddings.windows import at_playing_level, embedded_windows
from engine.analysis.signal.mono import resampled
from engine.core.timebase import s_to_samples


@dataclass(frozen=True, slots=True)
class Hearing:
    """Windowing settings; with the embedding they determine the vectors of a recording.

    Attributes
    ----------
    window_s, hop_s : length of a window, and distance between windows
    rate_hz : the rate that a recording is resampled to first, which limits its bandwidth
    """

    window_s: float = 10.0
    hop_s: float = 1.0
    rate_hz: int = 32_000


def heard(
    blocks: Iterable[NDArray[np.float32]], level_db: float, hearing: Hearing, embedder: Embedder
) -> Iterator[NDArray[np.float32]]:
    """Yield the embeddings of one window after another, in batches of shape (n, size).

    Parameters
    ----------
    blocks : mono at `hearing.rate_hz`, each of shape (n,); too few to fill a window are repeated
    level_db : the level the stream is played at
    """
    levelled = at_playing_level(blocks, level_db)
    filled = repeated_to_fill(levelled, s_to_samples(hearing.window_s, hearing.rate_hz))
    return embedded_windows(
        resampled(filled, hearing.rate_hz, embedder.rate_hz), embedder, hearing.window_s, hearing.hop_s
    )


def repeated_to_fill(
    blocks: Iterable[NDArray[np.float32]], least_samples: int
) -> Iterator[NDArray[np.float32]]:
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
