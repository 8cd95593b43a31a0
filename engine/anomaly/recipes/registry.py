"""Every recipe by its name."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from types import MappingProxyType

from engine.anomaly.recipes.bank import learning as bank
from engine.anomaly.recipes.bank import model as bank_model
from engine.anomaly.recipes.classifier.learning import CLASSIFIER
from engine.anomaly.recipes.dual.learning import DUAL
from engine.anomaly.recipes.embedding_bank import learning as embedding_bank
from engine.anomaly.recipes.embedding_bank import model as embedding_bank_model
from engine.anomaly.recipes.own_faults import learning as own_faults
from engine.anomaly.recipes.own_faults import model as own_faults_model
from engine.anomaly.recipes.recipe import Recipe
from engine.anomaly.recipes.slicer import learning as slicer
from engine.anomaly.recipes.slicer import loading as slicer_loading
from engine.anomaly.recipes.svdd import learning as svdd
from engine.anomaly.recipes.svdd import model as svdd_model

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "deep-svdd": Recipe(svdd.learn, svdd_model.load),
        "dual-ae": Recipe(DUAL.learn, DUAL.load, blind_loss=2.0),
        "edited-vs-raw": Recipe(CLASSIFIER.learn, CLASSIFIER.load, blind_loss=log(2.0)),
        "embedding-bank": Recipe(embedding_bank.learn, embedding_bank_model.load),
        "memory-bank": Recipe(bank.learn, bank_model.load),
        "own-faults": Recipe(own_faults.learn, own_faults_model.load, blind_loss=log(2.0), keeps_last=True),
        "slicer-ae": Recipe(slicer.learn, slicer_loading.load, blind_loss=1.0),
    }
)
