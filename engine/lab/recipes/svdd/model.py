"""A trained Deep SVDD: scores streams, and is stored on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.features.taste.anomaly.recipes.embedded import EmbeddingModel, stored_embedder
from engine.features.taste.anomaly.recipes.recipe import Judged, require_statistics, restored, weights_of
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.lab.recipes.svdd.fitting import Networks
from engine.lab.recipes.svdd.network import Autoencoder
from engine.lab.recipes.svdd.settings import DeepSvddConfig

PART_NAMES = ("svdd-distance", "svdd-reconstruction")
_AUTOENCODER, _ENCODER = "autoencoder.", "encoder."
_LEAST = 1e-12  # a point exactly at the centre still has a logarithm


@dataclass(frozen=True, slots=True, eq=False)
class Standardisation:
    """How embeddings are brought to one scale: float32, each of shape (size,)."""

    mean: Tensor
    std: Tensor

    def apply(self, vectors: NDArray[np.float32]) -> Tensor:
        """Standardise embeddings, shape (n, size)."""
        return (torch.from_numpy(vectors) - self.mean) / self.std


@dataclass(frozen=True, slots=True, eq=False)
class SvddModel(EmbeddingModel):
    """The networks and their standardisation."""

    networks: Networks
    standardisation: Standardisation

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the parts of a score."""
        return PART_NAMES

    def judge_vectors(self, vectors: NDArray[np.float32]) -> Judged:
        """Return log squared distances to the centre, and log errors of reconstruction as another part.

        Parameters
        ----------
        vectors : embeddings, shape (n, size)
        """
        scaled = self.standardisation.apply(vectors)
        own = _log(self.networks.distances(scaled))
        return Judged(own, np.stack([own, _log(self.networks.reconstruction_errors(scaled))], axis=1))

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the weights and statistics to store."""
        networks, scaling = self.networks, self.standardisation
        return {
            **weights_of(networks.autoencoder, _AUTOENCODER),
            **weights_of(networks.encoder, _ENCODER),
            "centre": networks.centre,
            "mean": scaling.mean,
            "std": scaling.std,
        }


def load(config: RecipeConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> SvddModel:
    """Restore a model.

    Raises
    ------
    TasteError, UsageError : its embedding is not available
    ValueError, KeyError, RuntimeError : the stored values do not fit
    """
    assert isinstance(config, DeepSvddConfig)
    embedder = stored_embedder(config, facts)
    mean, std, centre = tensors["mean"], tensors["std"], tensors["centre"]
    require_statistics(mean, std, (embedder.size,))
    if centre.shape != (config.hidden_dims[-1],) or centre.dtype != torch.float32:
        raise ValueError("a centre of another shape")
    autoencoder = restored(lambda: Autoencoder(embedder.size, config), tensors, _AUTOENCODER)
    encoder = restored(lambda: Autoencoder(embedder.size, config).encoder, tensors, _ENCODER)
    networks = Networks(autoencoder, encoder, centre)
    return SvddModel(config, embedder, networks, Standardisation(mean, std))


def _log(values: Tensor) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = np.log(np.maximum(values.double().numpy(), _LEAST))
    return logs
