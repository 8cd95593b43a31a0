"""Inputs of recipes that embed every window: recordings to learn from, and a stream."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.analysis.embeddings import registry
from engine.analysis.embeddings.preparation import Hearing, default_folder, heard, prepare
from engine.analysis.embeddings.registry import Embedder
from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.stft import log_mel_blocks
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.material import Array, Recording, levelled_frames
from engine.features.taste.anomaly.recipes.recipe import Judged, Passing
from engine.features.taste.anomaly.recipes.recipe_config import EmbeddingConfig

_LISTENING_SHARE = 0.1
_EMBEDDING = "embedding"


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Edited recordings as embeddings of their windows; the same for all recipes with equal settings.

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
    """Embed edited recordings; earlier embeddings come from the user's cache.

    Raises
    ------
    TasteError : no recordings are given, one is silent, or all together are too short
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


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingModel(ABC):
    """Scores windows of a stream by their embeddings."""

    config: EmbeddingConfig
    embedder: Embedder

    @property
    def hop_s(self) -> float:
        """How far apart two scores are."""
        return self.config.hop_s

    def first_s(self, length_s: float) -> float:
        """Return the time of the first score: the middle of the first window, or of a shorter stream."""
        return min(self.config.window_s, length_s) / 2

    @abstractmethod
    def judge_vectors(self, vectors: Array) -> Judged:
        """Return anomaly scores of windows from their embeddings, shape (n, size)."""

    def judge(
        self, blocks: Iterable[Array], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[Judged]:
        """Yield the result of `judge_vectors` for overlapping windows."""
        for vectors in embeddings(blocks, level_db, self.config, self.embedder, passing):
            progress.check_cancelled()
            yield self.judge_vectors(vectors)

    def facts(self) -> Mapping[str, object]:
        """Return the name and version of the embedding."""
        return {_EMBEDDING: self.embedder.name}


def stored_embedder(config: EmbeddingConfig, facts: Mapping[str, object]) -> Embedder:
    """Return the embedder that a model was learned with.

    Raises
    ------
    UsageError : it is not here
    TasteError : it is another version or another checkpoint
    KeyError : the stored values do not name it
    """
    return registry.the_same(config.embedding, str(facts[_EMBEDDING]))


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
    level_db : the level of the stream, which is normalised to 0 dB
    passing : sees the log-mel frames on their way
    """
    return heard(_observed(blocks, level_db, config.mel, passing), level_db, hearing_of(config), embedder)


def _observed(
    blocks: Iterable[Array], level_db: float, mel: MelSettings, passing: Passing
) -> Iterator[Array]:
    """Yield the blocks of a stream as they are, each of shape (n,), once its log-mel frames were observed.

    Parameters
    ----------
    level_db : the level of the stream, which is normalised to 0 dB for the frames
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
