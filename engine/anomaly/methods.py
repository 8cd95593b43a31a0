"""The ways to learn a taste that a dialog offers; light, so that it can show them without torch."""

from __future__ import annotations

from dataclasses import dataclass

from engine.anomaly.config import BY_RECIPE


@dataclass(frozen=True, slots=True)
class Method:
    """A recipe, as it is offered.

    Attributes
    ----------
    label : what it does, in a few words
    epochs : how often the material is heard unless the user says otherwise
    """

    recipe: str
    label: str
    epochs: int


def _method(recipe: str, label: str) -> Method:
    return Method(recipe, label, BY_RECIPE[recipe].model_fields["epochs"].default)


METHODS: tuple[Method, ...] = (
    _method("own-faults", "Practise on faults made from your edits"),
    _method("memory-bank", "Remember what you kept and compare"),
    _method("slicer-ae", "Rebuild what you kept (Audio Slicer)"),
    _method("deep-svdd", "Draw what you kept together (Deep SVDD)"),
)
"""The default first. Recipes that need raw recordings as well are offered by the command line only."""
