"""Embeddings of training data: scores streams, and is stored on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.features.taste.anomaly.recipes.embedded import EmbeddingModel, stored_embedder
from engine.features.taste.anomaly.recipes.measures import PART_OF_MEASURE, Usual, stored_usual
from engine.features.taste.anomaly.recipes.memory import MEASURES, Memory, Vectors, stored_memory
from engine.features.taste.anomaly.recipes.recipe import Judged
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.lab.recipes.embedding_bank.settings import EmbeddingBankConfig


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingBankModel(EmbeddingModel):
    """Stored embeddings, and statistics of the measures on training windows."""

    config: EmbeddingBankConfig
    memory: Memory
    usual: Usual

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the measures."""
        return tuple(PART_OF_MEASURE[measure] for measure in self.config.measures)

    def judge_vectors(self, vectors: Vectors) -> Judged:
        """Return the measures of the windows."""
        return self.usual.judged(self.logs(vectors))

    def logs(self, vectors: Vectors) -> NDArray[np.float64]:
        """Return the measures of embeddings, logarithms, shape (n, measures)."""
        return measured(self.config, self.memory, vectors)

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the memory and its statistics to store."""
        return {**self.memory.tensors(), **self.usual.tensors()}


def measured(config: EmbeddingBankConfig, memory: Memory, vectors: Vectors) -> NDArray[np.float64]:
    """Return the configured measures of embeddings, logarithms, shape (n, measures)."""
    return np.column_stack([MEASURES[name](memory, vectors) for name in config.measures])


def load(
    config: RecipeConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, object]
) -> EmbeddingBankModel:
    """Restore a model.

    Raises
    ------
    ValueError, KeyError : the stored values do not fit
    UsageError : the embedding is not here, or is another version of it
    """
    assert isinstance(config, EmbeddingBankConfig)
    embedder = stored_embedder(config, facts)
    memory = stored_memory(tensors, embedder.size)
    return EmbeddingBankModel(config, embedder, memory, stored_usual(tensors, len(config.measures)))
