"""Embeddings of what was kept: scores what it hears, and goes to disk and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.anomaly.recipes.embedded import embeddings
from engine.anomaly.recipes.embedding_bank.settings import EmbeddingBankConfig
from engine.anomaly.recipes.memory import Memory, Vectors, stored_memory
from engine.anomaly.recipes.recipe import Judged, Passing
from engine.anomaly.recipes.recipe_config import RecipeConfig
from engine.embeddings import registry
from engine.embeddings.embedder import Embedder
from engine.progress import Progress

_PART_OF_MEASURE = {"nearest": "unlike-kept", "residual": "unusual-mix"}


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingBankModel:
    """A memory of embeddings, and what it measures of kept windows.

    Attributes
    ----------
    means, stds : float64, shape (measures,), of what kept windows measure that were left out of the memory
    """

    config: EmbeddingBankConfig
    embedder: Embedder
    memory: Memory
    means: NDArray[np.float64]
    stds: NDArray[np.float64]

    @property
    def hop_s(self) -> float:
        """How far apart two scores are."""
        return self.config.hop_s

    @property
    def part_names(self) -> tuple[str, ...]:
        """What the measures are called."""
        return tuple(_PART_OF_MEASURE[measure] for measure in self.config.measures)

    def first_s(self, heard_s: float) -> float:
        """Return where the first score stands: in the middle of the first window, or of all there is."""
        return min(heard_s, self.config.window_s) / 2.0

    def judge(
        self, blocks: Iterable[NDArray[np.float32]], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[Judged]:
        """Yield what each window measures."""
        for vectors in embeddings(blocks, level_db, self.config, self.embedder, passing):
            progress.check_cancelled()
            logs = self.logs(vectors)
            yield Judged(self.fused(logs), logs)

    def logs(self, vectors: Vectors) -> NDArray[np.float64]:
        """Return the measures of embeddings, logarithms, shape (n, measures)."""
        return measured(self.config, self.memory, vectors)

    def fused(self, logs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of the measures, shape (n,), in standard deviations above what was kept."""
        fused: NDArray[np.float64] = ((logs - self.means) / self.stds).mean(axis=1)
        return fused

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the memory and its statistics to store."""
        return {
            **self.memory.tensors(),
            "measure_means": torch.tensor(self.means),
            "measure_stds": torch.tensor(self.stds),
        }

    def facts(self) -> Mapping[str, object]:
        """Return which embedding it was."""
        return {"embedding": self.embedder.name}


def measured(config: EmbeddingBankConfig, memory: Memory, vectors: Vectors) -> NDArray[np.float64]:
    """Return what the configuration asks for of embeddings, logarithms, shape (n, measures)."""
    found = {"nearest": memory.log_nearest, "residual": memory.log_residual}
    return np.column_stack([found[name](vectors) for name in config.measures])


def load(
    config: RecipeConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, object]
) -> EmbeddingBankModel:
    """Bring a model back.

    Raises
    ------
    ValueError, KeyError : what was stored does not fit
    UsageError : the embedding is not here, or is another version of it
    """
    assert isinstance(config, EmbeddingBankConfig)
    embedder = registry.the_same(config.embedding, str(facts["embedding"]))
    memory = stored_memory(tensors, embedder.size)
    means, stds = tensors["measure_means"].numpy(), tensors["measure_stds"].numpy()
    if means.shape != (len(config.measures),) or stds.shape != means.shape or not (stds > 0).all():
        raise ValueError("measures without their means and deviations")
    return EmbeddingBankModel(config, embedder, memory, means, stds)
