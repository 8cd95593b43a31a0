"""Every recipe by its name."""

from __future__ import annotations

from math import log

from engine.anomaly.recipes.bank import learning as bank
from engine.anomaly.recipes.bank import model as bank_model
from engine.anomaly.recipes.bank.settings import MemoryBankConfig
from engine.anomaly.recipes.classifier.learning import CLASSIFIER
from engine.anomaly.recipes.classifier.settings import ClassifierConfig
from engine.anomaly.recipes.dual.learning import DUAL
from engine.anomaly.recipes.dual.settings import DualConfig
from engine.anomaly.recipes.embedding_bank import learning as embedding_bank
from engine.anomaly.recipes.embedding_bank import model as embedding_bank_model
from engine.anomaly.recipes.embedding_bank.settings import EmbeddingBankConfig
from engine.anomaly.recipes.own_faults import learning as own_faults
from engine.anomaly.recipes.own_faults import model as own_faults_model
from engine.anomaly.recipes.own_faults.settings import OwnFaultsConfig
from engine.anomaly.recipes.recipe import Recipe, added_recipe
from engine.anomaly.recipes.slicer import learning as slicer
from engine.anomaly.recipes.slicer import loading as slicer_loading
from engine.anomaly.recipes.slicer.settings import SlicerConfig
from engine.anomaly.recipes.svdd import learning as svdd
from engine.anomaly.recipes.svdd import model as svdd_model
from engine.anomaly.recipes.svdd.settings import DeepSvddConfig
from engine.extensions import Extended

_OWN = {
    "deep-svdd": Recipe(DeepSvddConfig, svdd.learn, svdd_model.load),
    "dual-ae": Recipe(DualConfig, DUAL.learn, DUAL.load, blind_loss=2.0),
    "edited-vs-raw": Recipe(ClassifierConfig, CLASSIFIER.learn, CLASSIFIER.load, blind_loss=log(2.0)),
    "embedding-bank": Recipe(EmbeddingBankConfig, embedding_bank.learn, embedding_bank_model.load),
    "memory-bank": Recipe(MemoryBankConfig, bank.learn, bank_model.load),
    "own-faults": Recipe(
        OwnFaultsConfig, own_faults.learn, own_faults_model.load, blind_loss=log(2.0), keeps_last=True
    ),
    "slicer-ae": Recipe(SlicerConfig, slicer.learn, slicer_loading.load, blind_loss=1.0),
}

RECIPES: Extended[Recipe] = Extended("offcut.recipes", _OWN, added_recipe)
