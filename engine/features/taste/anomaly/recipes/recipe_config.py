"""Settings of all recipes; light, so that a dialog needs no torch."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.analysis.signal.mel_settings import MelSettings


class RecipeConfig(BaseModel):
    """The settings of one way to learn a taste; each recipe adds its own.

    Attributes
    ----------
    recipe : the name of the recipe
    epochs : passes over the material
    validation_share : share set aside to measure the scores of held-out audio
    mel : the analysis behind it
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    recipe: str
    epochs: int = Field(ge=1, le=100_000)
    validation_share: float = Field(default=0.15, gt=0.0, le=0.5)
    mel: MelSettings = MelSettings()

    @property
    def needs_raw(self) -> bool:
        """Whether it requires raw recordings in addition to edited ones."""
        return False


class EmbeddingConfig(RecipeConfig):
    """Shared settings of recipes that embed every window.

    Attributes
    ----------
    embedding : embedding of a window, see `engine.analysis.embeddings.registry`
    window_s, hop_s : length of audio per score, and the distance between scores
    mel : its rate is that of the audio; the bands are for training examples only
    """

    embedding: str = "statistics"
    window_s: float = Field(default=10.0, ge=1.0, le=60.0)
    hop_s: float = Field(default=1.0, ge=0.1, le=60.0)

    @model_validator(mode="after")
    def _windows_meet(self) -> Self:
        if self.hop_s > self.window_s:
            raise ValueError(f"hop_s is {self.hop_s:g}, longer than window_s: it would skip audio")
        return self
