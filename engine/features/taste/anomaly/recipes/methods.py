"""The ways to learn a taste that a dialog offers; light, so that a window opens without pydantic.

Recipes for comparison are parts of the laboratory, imported by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core import build as own_program
from engine.core.build import is_bundle, missing_in_bundle

DEFAULT = "own-faults"
NAMES = ("memory-bank", "slicer-ae", "deep-svdd", "dual-ae", "edited-vs-raw", "embedding-bank")
"""Names of the recipes of the laboratory; a bundle comes without them."""


def missing_recipe(recipe: str) -> str:
    """Return the message about a recipe of the laboratory in a bundle; empty for all other recipes."""
    if recipe not in NAMES or not own_program.is_bundle():
        return ""
    return missing_in_bundle("recipe", recipe, DEFAULT)


@dataclass(frozen=True, slots=True)
class Method:
    """A recipe, as it is offered.

    Attributes
    ----------
    label : a short description
    epochs : those of its default settings
    """

    recipe: str
    label: str
    epochs: int


_OWN = Method("own-faults", "Train on synthetic faults in your edits", 24)
_TO_COMPARE = (
    Method("memory-bank", "Compare with a memory of your edits", 40),
    Method("slicer-ae", "Reconstruct your edits (Audio Slicer)", 100),
    Method("deep-svdd", "Contract your edits (Deep SVDD)", 1000),
)
METHODS: tuple[Method, ...] = (_OWN,) if is_bundle() else (_OWN, *_TO_COMPARE)
"""The default first; a bundle has no other.

Recipes that need raw recordings as well are offered by the command line only.
"""
