"""What the networks hear: an embedding of every window of a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.recipes.frame_observer import observed
from engine.anomaly.recipes.recipe import Passing
from engine.anomaly.recipes.svdd.settings import DeepSvddConfig
from engine.embeddings.embedder import Embedder
from engine.embeddings.hearing import Hearing, heard

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
    return heard(observed(blocks, level_db, config.mel, passing), level_db, hearing_of(config), embedder)
