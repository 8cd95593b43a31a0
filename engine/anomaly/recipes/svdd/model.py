"""A learned Deep SVDD: scores what it hears, and goes to disk and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.anomaly.recipes.embedded import embeddings
from engine.anomaly.recipes.recipe import Judged, Passing
from engine.anomaly.recipes.recipe_config import RecipeConfig
from engine.anomaly.recipes.stored_values import require_statistics, restored
from engine.anomaly.recipes.svdd.fitting import Networks
from engine.anomaly.recipes.svdd.network import Autoencoder
from engine.anomaly.recipes.svdd.settings import DeepSvddConfig
from engine.embeddings import registry
from engine.embeddings.embedder import Embedder
from engine.progress import Progress

PART_NAMES = ("svdd-distance", "svdd-reconstruction")
_AUTOENCODER, _ENCODER = "autoencoder.", "encoder."
_LEAST = 1e-12  # what is exactly at the centre still has a logarithm


@dataclass(frozen=True, slots=True, eq=False)
class Standardisation:
    """How embeddings are brought to one scale: float32, each of shape (size,)."""

    mean: Tensor
    std: Tensor

    def apply(self, vectors: NDArray[np.float32]) -> Tensor:
        """Standardise embeddings, shape (n, size)."""
        return (torch.from_numpy(vectors) - self.mean) / self.std


@dataclass(frozen=True, slots=True, eq=False)
class SvddModel:
    """The networks, and what they hear with."""

    config: DeepSvddConfig
    networks: Networks
    standardisation: Standardisation
    embedder: Embedder

    @property
    def hop_s(self) -> float:
        """How far apart two scores are."""
        return self.config.hop_s

    @property
    def part_names(self) -> tuple[str, ...]:
        """What the parts of a score are called."""
        return PART_NAMES

    def first_s(self, heard_s: float) -> float:
        """Return the middle of the first window, or of a stream that is shorter."""
        return min(self.config.window_s, heard_s) / 2

    def judge(
        self, blocks: Iterable[NDArray[np.float32]], level_db: float, passing: Passing, progress: Progress
    ) -> Iterator[Judged]:
        """Yield what `judge_vectors` says of overlapping windows."""
        for vectors in embeddings(blocks, level_db, self.config, self.embedder, passing):
            progress.check_cancelled()
            yield self.judge_vectors(vectors)

    def judge_vectors(self, vectors: NDArray[np.float32]) -> Judged:
        """Return log squared distances to the centre, and log errors of reconstruction beside them.

        Parameters
        ----------
        vectors : embeddings, shape (n, size)
        """
        scaled = self.standardisation.apply(vectors)
        own = _log(self.networks.distances(scaled))
        return Judged(own, np.stack([own, _log(self.networks.reconstruction_errors(scaled))], axis=1))

    def tensors(self) -> Mapping[str, Tensor]:
        """Return the weights and statistics to store."""
        stored = (
            (_AUTOENCODER, self.networks.autoencoder.state_dict()),
            (_ENCODER, self.networks.encoder.state_dict()),
        )
        weights = {prefix + name: value for prefix, state in stored for name, value in state.items()}
        scaling = self.standardisation
        return {**weights, "centre": self.networks.centre, "mean": scaling.mean, "std": scaling.std}

    def facts(self) -> Mapping[str, object]:
        """Return which embedding it heard, in which version."""
        return {"embedding": self.embedder.name}


def load(config: RecipeConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> SvddModel:
    """Bring a model back.

    Raises
    ------
    TasteError, UsageError : it heard an embedding that is not here
    ValueError, KeyError, RuntimeError : what was stored does not fit
    """
    assert isinstance(config, DeepSvddConfig)
    embedder = registry.the_same(config.embedding, str(facts["embedding"]))
    mean, std, centre = tensors["mean"], tensors["std"], tensors["centre"]
    require_statistics(mean, std, (embedder.size,))
    if centre.shape != (config.hidden_dims[-1],) or centre.dtype != torch.float32:
        raise ValueError("a centre of another shape")
    autoencoder = restored(lambda: Autoencoder(embedder.size, config), _under(_AUTOENCODER, tensors))
    encoder = restored(lambda: Autoencoder(embedder.size, config).encoder, _under(_ENCODER, tensors))
    networks = Networks(autoencoder, encoder, centre)
    return SvddModel(config, networks, Standardisation(mean, std), embedder)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): value for k, value in tensors.items() if k.startswith(prefix)}


def _log(values: Tensor) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = np.log(np.maximum(values.double().numpy(), _LEAST))
    return logs
