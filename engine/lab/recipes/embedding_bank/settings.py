"""How the recipe "embedding-bank" learns; light, so that a dialog can show it without torch."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from engine.analysis.signal.bands import MelSettings
from engine.features.taste.anomaly.recipes.recipe_config import EmbeddingConfig

Measure = Literal["nearest", "residual"]


class EmbeddingBankConfig(EmbeddingConfig):
    """The recipe.

    Attributes
    ----------
    measures : standardised and averaged; a single one is a recipe of its own for comparison
    epochs : nothing goes round; there for the sake of all recipes
    """

    recipe: Literal["embedding-bank"] = "embedding-bank"
    window_s: float = Field(default=2.0, ge=1.0, le=60.0)
    hop_s: float = Field(default=0.5, ge=0.1, le=60.0)
    measures: tuple[Measure, ...] = ("nearest", "residual")
    epochs: int = Field(default=1, ge=1, le=1)
    mel: MelSettings = MelSettings(rate_hz=22_050, n_fft=1024, hop_samples=256, n_mels=64)

    @model_validator(mode="after")
    def _measures_there_are(self) -> Self:
        if not self.measures or len(set(self.measures)) < len(self.measures):
            raise ValueError("measures must name nearest, residual or both, each once")
        return self
