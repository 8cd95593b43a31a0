"""Recipes for comparison: parts of the laboratory, imported by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from engine import own_program

NAMES = ("memory-bank", "slicer-ae", "deep-svdd", "dual-ae", "edited-vs-raw", "embedding-bank")
"""Names of the recipes of the laboratory; a bundle comes without them."""

_PACKAGE = "engine.lab.recipes"


def of_laboratory(module: str, name: str) -> Mapping[str, Any]:
    """Return a mapping of the laboratory's recipes by name; empty in a bundle.

    Parameters
    ----------
    module, name : the module in its package of recipes, and the mapping in it
    """
    if own_program.is_bundle():
        return {}
    found: Mapping[str, Any] = getattr(import_module(f"{_PACKAGE}.{module}"), name)
    return found


def missing_recipe(recipe: str) -> str:
    """Return the message about a recipe of the laboratory in a bundle; empty for all other recipes."""
    if recipe not in NAMES or not own_program.is_bundle():
        return ""
    return (
        f"the recipe '{recipe}' belongs to the laboratory, which this build comes without: learn with "
        "'own-faults', or run Offcut from its source (see README)."
    )
