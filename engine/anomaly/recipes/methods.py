"""The ways to learn a taste that a dialog offers; light, so that a window opens without pydantic."""

from __future__ import annotations

from dataclasses import dataclass


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


METHODS: tuple[Method, ...] = (
    Method("own-faults", "Practise on faults made from your edits", 32),
    Method("memory-bank", "Remember what you kept and compare", 40),
    Method("slicer-ae", "Rebuild what you kept (Audio Slicer)", 100),
    Method("deep-svdd", "Draw what you kept together (Deep SVDD)", 1000),
)
"""The default first. Recipes that need raw recordings as well are offered by the command line only."""
