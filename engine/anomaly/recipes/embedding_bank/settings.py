"""How the recipe "embedding-bank" learns; light, so that a dialog can show it without torch."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from engine.anomaly.recipes.recipe_config import RecipeConfig
from engine.features.mel_settings import MelSettings

Measure = Literal["nearest", "residual"]


class EmbeddingBankConfig(RecipeConfig):
    """The recipe.

    Attributes
    ----------
    embedding : what a window is turned into, see `engine.embeddings.registry`
    window_s, hop_s : what one score is of, and how far apart two are
    measures : what is standardised and averaged; one alone is a recipe of its own to compare with
    epochs : nothing goes round; there for the sake of all recipes
    mel : its rate is that of the audio; the bands are for kept examples only
    """

    recipe: Literal["embedding-bank"] = "embedding-bank"
    embedding: str = "statistics"
    window_s: float = Field(default=2.0, ge=1.0, le=60.0)
    hop_s: float = Field(default=0.5, ge=0.1, le=60.0)
    measures: tuple[Measure, ...] = ("nearest", "residual")
    epochs: int = Field(default=1, ge=1, le=1)
    mel: MelSettings = MelSettings(rate_hz=22_050, n_fft=1024, hop_samples=256, n_mels=64)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.hop_s > self.window_s:
            raise ValueError(f"hop_s is {self.hop_s:g}, longer than window_s: what lies between is not heard")
        if not self.measures or len(set(self.measures)) < len(self.measures):
            raise ValueError("measures must name nearest, residual or both, each once")
        return self
