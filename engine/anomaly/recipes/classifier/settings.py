"""How the recipe "edited-vs-raw" learns; light, so that a dialog can show it without torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.anomaly.recipes.segments.settings import SegmentConfig


class ClassifierConfig(SegmentConfig):
    """The recipe. Audio Slicer's second attempt, given up there (github.com/Dextrome/editorbot, IDEAS.md)."""

    recipe: Literal["edited-vs-raw"] = "edited-vs-raw"
    epochs: int = Field(default=50, ge=1, le=100_000)

    @property
    def needs_raw(self) -> bool:
        """Whether it can only be learned with raw recordings beside the edited ones: always."""
        return True
