"""A learned pair of decoders: scores by how much better the raw one rebuilds a segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from engine.anomaly.recipes.dual.network import DualAutoencoder, build
from engine.anomaly.recipes.dual.settings import DualConfig
from engine.anomaly.recipes.recipe import Judged
from engine.anomaly.recipes.recipe_config import RecipeConfig
from engine.anomaly.recipes.segments.autoencoder import rebuild_errors
from engine.anomaly.recipes.segments.model import SegmentModel, stored_network
from engine.anomaly.recipes.standardisation import stored_standardisation


@dataclass(frozen=True, slots=True, eq=False)
class DualModel(SegmentModel):
    """Two decoders and what they standardise with."""

    config: DualConfig
    network: DualAutoencoder

    @property
    def part_names(self) -> tuple[str, ...]:
        """The error of the decoder of edited audio, and how well that of raw audio does."""
        return ("rebuilt-as-edited", "rebuilt-as-raw")

    def judge_segments(self, segments: Tensor) -> Judged:
        """Return the error of the edited decoder less that of the raw one."""
        as_edited, as_raw = (rebuild_errors(one, segments) for one in self.network(segments))
        edited, raw = as_edited.double().numpy(), as_raw.double().numpy()
        return Judged(edited - raw, np.stack([edited, -raw], axis=1))


def load(config: RecipeConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> DualModel:
    """Bring a model back.

    Raises
    ------
    ValueError, KeyError, RuntimeError : what was stored does not fit
    """
    assert isinstance(config, DualConfig)
    scaling = stored_standardisation(config.mel.n_mels, tensors, facts)
    network = stored_network(lambda: build(config), tensors)
    return DualModel(config, network, scaling)
