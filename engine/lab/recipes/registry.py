"""Every recipe of the laboratory by its name."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from types import MappingProxyType

from engine.features.taste.anomaly.recipes.recipe import Recipe
from engine.lab.recipes.bank import learning as bank
from engine.lab.recipes.bank import model as bank_model
from engine.lab.recipes.classifier.learning import CLASSIFIER
from engine.lab.recipes.config import CONFIGS
from engine.lab.recipes.dual.learning import DUAL
from engine.lab.recipes.embedding_bank import learning as embedding_bank
from engine.lab.recipes.embedding_bank import model as embedding_bank_model
from engine.lab.recipes.slicer import learning as slicer
from engine.lab.recipes.slicer import loading as slicer_loading
from engine.lab.recipes.svdd import learning as svdd
from engine.lab.recipes.svdd import model as svdd_model

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "deep-svdd": Recipe(CONFIGS["deep-svdd"], svdd.learn, svdd_model.load),
        "dual-ae": Recipe(CONFIGS["dual-ae"], DUAL.learn, DUAL.load, blind_loss=2.0),
        "edited-vs-raw": Recipe(
            CONFIGS["edited-vs-raw"], CLASSIFIER.learn, CLASSIFIER.load, blind_loss=log(2.0)
        ),
        "embedding-bank": Recipe(CONFIGS["embedding-bank"], embedding_bank.learn, embedding_bank_model.load),
        "memory-bank": Recipe(CONFIGS["memory-bank"], bank.learn, bank_model.load),
        "slicer-ae": Recipe(CONFIGS["slicer-ae"], slicer.learn, slicer_loading.load, blind_loss=1.0),
    }
)
