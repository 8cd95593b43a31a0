"""Every recipe by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.anomaly.own_faults import learning as own_faults
from engine.anomaly.own_faults import model as own_faults_model
from engine.anomaly.recipe import Recipe
from engine.anomaly.slicer import learning as slicer
from engine.anomaly.slicer import model as slicer_model
from engine.anomaly.svdd import learning as svdd
from engine.anomaly.svdd import model as svdd_model

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "deep-svdd": Recipe(svdd.learn, svdd_model.load),
        "own-faults": Recipe(own_faults.learn, own_faults_model.load),
        "slicer-ae": Recipe(slicer.learn, slicer_model.load),
    }
)
