"""How the recipe "dual-ae" learns; light, so that a dialog can show it without torch."""

from __future__ import annotations

from typing import Literal

from engine.lab.recipes.segments.settings import BothKindsConfig


class DualConfig(BothKindsConfig):
    """The recipe: Audio Slicer's first attempt."""

    recipe: Literal["dual-ae"] = "dual-ae"
