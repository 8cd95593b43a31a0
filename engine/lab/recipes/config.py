"""Settings of every recipe of the laboratory, by its name; light, so that a dialog needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.lab.recipes.bank.settings import MemoryBankConfig
from engine.lab.recipes.classifier.settings import ClassifierConfig
from engine.lab.recipes.dual.settings import DualConfig
from engine.lab.recipes.embedding_bank.settings import EmbeddingBankConfig
from engine.lab.recipes.slicer.settings import SlicerConfig
from engine.lab.recipes.svdd.settings import DeepSvddConfig

CONFIGS: Mapping[str, type[RecipeConfig]] = MappingProxyType(
    {
        "memory-bank": MemoryBankConfig,
        "slicer-ae": SlicerConfig,
        "deep-svdd": DeepSvddConfig,
        "dual-ae": DualConfig,
        "edited-vs-raw": ClassifierConfig,
        "embedding-bank": EmbeddingBankConfig,
    }
)
"""In the order in which they are tried for settings that name no recipe."""
