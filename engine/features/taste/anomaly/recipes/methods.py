"""The ways to learn a taste that a dialog offers; light, so that a window opens without pydantic."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.processes.own_program import is_bundle


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
