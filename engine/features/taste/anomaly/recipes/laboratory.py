"""Recipes for comparison: parts of the laboratory, imported by name."""

from __future__ import annotations

from engine.core.extensions.laboratory import missing_in_bundle
from engine.core.processes import own_program

DEFAULT = "own-faults"
NAMES = ("memory-bank", "slicer-ae", "deep-svdd", "dual-ae", "edited-vs-raw", "embedding-bank")
"""Names of the recipes of the laboratory; a bundle comes without them."""


def missing_recipe(recipe: str) -> str:
    """Return the message about a recipe of the laboratory in a bundle; empty for all other recipes."""
    if recipe not in NAMES or not own_program.is_bundle():
        return ""
    return missing_in_bundle("recipe", recipe, DEFAULT)
