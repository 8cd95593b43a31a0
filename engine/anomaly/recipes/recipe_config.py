"""What every recipe has settings for; light, so that a dialog can show it without torch."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from engine.features.mel_settings import MelSettings


class RecipeConfig(BaseModel):
    """The settings of one way to learn a taste; each recipe adds its own.

    Attributes
    ----------
    recipe : the name of the recipe
    epochs : how often the material is heard
    validation_share : how much of it is set aside to learn how kept audio scores that was not learned from
    mel : the analysis behind it
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    recipe: str
    epochs: int = Field(ge=1, le=100_000)
    validation_share: float = Field(default=0.15, gt=0.0, le=0.5)
    mel: MelSettings = MelSettings()

    @property
    def needs_raw(self) -> bool:
        """Whether it can only be learned with raw recordings beside the edited ones."""
        return False
