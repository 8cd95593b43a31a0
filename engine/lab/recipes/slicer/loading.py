"""Bring an autoencoder back from disk."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.lab.recipes.segments.autoencoder import build
from engine.lab.recipes.segments.model import stored_parts
from engine.lab.recipes.slicer.clocked_model import ClockedModel, length_statistics
from engine.lab.recipes.slicer.model import SlicerModel
from engine.lab.recipes.slicer.settings import SlicerConfig


def load(config: RecipeConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> SlicerModel:
    """Restore a model.

    Raises
    ------
    ValueError, KeyError, RuntimeError : the stored values do not fit
    """
    assert isinstance(config, SlicerConfig)
    network, scaling = stored_parts(lambda: build(config), config, tensors, facts)
    lengths = len(config.lengths_beats)
    if not lengths:
        return SlicerModel(config, network, scaling)
    return ClockedModel(config, network, scaling, *length_statistics(facts, lengths))
