"""How the recipe "edited-vs-raw" learns; light, so that a dialog can show it without torch."""

from __future__ import annotations

from typing import Literal

from engine.lab.recipes.segments.settings import BothKindsConfig


class ClassifierConfig(BothKindsConfig):
    """The recipe: Audio Slicer's second attempt."""

    recipe: Literal["edited-vs-raw"] = "edited-vs-raw"
