"""Every recipe by its name."""

from __future__ import annotations

from functools import partial
from math import log

from engine.core.build import of_laboratory
from engine.core.extensions import Extended
from engine.features.taste.anomaly.recipes.own_faults import learning, model
from engine.features.taste.anomaly.recipes.recipe import Recipe, added_recipe
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig

_OWN = {
    "own-faults": Recipe(OwnFaultsConfig, learning.learn, model.load, blind_loss=log(2.0), keeps_last=True)
}

RECIPES: Extended[Recipe] = Extended(
    "offcut.recipes", _OWN, added_recipe, partial(of_laboratory, "recipes.registry", "RECIPES")
)
