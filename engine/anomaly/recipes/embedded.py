"""What recipes hear that take an embedding of every window: of recordings to learn from, and of a stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.anomaly.recipes.material import Array, Recording, levelled_frames
from engine.anomaly.recipes.recipe import Passing
from engine.anomaly.recipes.recipe_config import EmbeddingConfig
from engine.embeddings import registry
from engine.embeddings.embedder import Embedder
from engine.embeddings.hearing import Hearing, heard
from engine.embeddings.preparation import default_folder, prepare
from engine.features.mel import log_mel_blocks
from engine.features.mel_settings import MelSettings
from engine.progress import Progress

_LISTENING_SHARE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Edited recordings as embeddings of their windows; all recipes of one setting hear the same.

    Attributes
    ----------
    vectors : embeddings of each recording's windows, shape (n, size)
    frames_db : log-mel of each recording, shape (frames, n_mels)
    embedder : that made the vectors
    """

    recordings: tuple[Recording, ...]
    vectors: tuple[Array, ...]
    frames_db: tuple[Array, ...]
    embedder: Embedder


def hear_embedded(paths: Sequence[Path], config: EmbeddingConfig, progress: Progress) -> Embedded:
    """Embed edited recordings; what was embedded before comes from the user's cache.

    Raises
    ------
    TasteError : there are none, one is silent, or all together are too short
    SourceError : one cannot be read
    ExportError : the cache cannot take the embeddings
    """
    frames = levelled_frames(paths, config.mel, progress.part(0.0, _LISTENING_SHARE))
    embedder, hearing, folder = registry.embedder(config.embedding), hearing_of(config), default_folder()
    embedding = progress.part(_LISTENING_SHARE, 1.0)
    vectors = [
        prepare(one.path, embedder, hearing, folder, embedding.step(number, len(frames.recordings))).vectors
        for number, one in enumerate(frames.recordings)
    ]
    return Embedded(frames.recordings, tuple(vectors), frames.heard, embedder)


def hearing_of(config: EmbeddingConfig) -> Hearing:
    """Return how recordings are brought to the embedding."""
    return Hearing(config.window_s, config.hop_s, config.mel.rate_hz)


def embeddings(
    blocks: Iterable[Array], level_db: float, config: EmbeddingConfig, embedder: Embedder, passing: Passing
) -> Iterator[Array]:
    """Yield the embeddings of one window after another, in batches of shape (n, size).

    Parameters
    ----------
    blocks : mono at the recipe's rate, each of shape (n,)
    level_db : the level the stream is played at; everything is heard relative to it
    passing : sees the log-mel frames on their way
    """
    return heard(_observed(blocks, level_db, config.mel, passing), level_db, hearing_of(config), embedder)


def _observed(
    blocks: Iterable[Array], level_db: float, mel: MelSettings, passing: Passing
) -> Iterator[Array]:
    """Yield the blocks of a stream as they are, each of shape (n,), once its log-mel frames were observed.

    Parameters
    ----------
    level_db : the level the stream is played at; the frames are heard relative to it
    passing : the observer
    """
    gain = np.float32(10.0 ** (-level_db / 20.0))
    waiting: deque[Array] = deque()

    def levelled() -> Iterator[Array]:
        for block in blocks:
            waiting.append(block)
            yield block * gain

    for _ in passing(log_mel_blocks(levelled(), mel)):
        while waiting:
            yield waiting.popleft()
    yield from waiting
