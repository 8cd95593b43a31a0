"""How the recipe "memory-bank" learns; light, so that a dialog can show it without torch."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from engine.analysis.signal.bands import MelSettings
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig

Measure = Literal["nearest", "residual", "reconstruction"]
View = Literal["encoder", "statistics"]


class MemoryBankConfig(RecipeConfig):
    """The recipe.

    Attributes
    ----------
    on_beats : whether windows begin on beats, where there is a pulse
    pulses : how many beats a window holds
    even_s : distance of pulses without beats
    slices : number of log-mel spectra per window
    view : features of a window: the encoder's vector, means and deviations of the mel bands, or the
        embedding that needs no learning
    measures : standardised and averaged; a single one is a recipe of its own for comparison
    latent : numbers in the encoder's vector
    hidden_share : how much of a window is hidden from the encoder, for the decoder to fill in
    contrast : weight of the contrast between windows that overlap and others, against filling in
    temperature : of the contrast
    """

    recipe: Literal["memory-bank"] = "memory-bank"
    on_beats: bool = True
    pulses: int = Field(default=4, ge=1, le=64)
    even_s: float = Field(default=0.5, ge=0.1, le=10.0)
    slices: Literal[8, 16, 32] = 16
    view: View = "encoder"
    measures: tuple[Measure, ...] = ("nearest", "residual", "reconstruction")
    latent: int = Field(default=64, ge=2, le=512)
    hidden_share: float = Field(default=0.4, gt=0.0, lt=1.0)
    contrast: float = Field(default=0.1, ge=0.0, le=10.0)
    temperature: float = Field(default=0.2, gt=0.0, le=10.0)
    epochs: int = Field(default=40, ge=1, le=100_000)
    batch_size: int = Field(default=64, ge=2, le=1024)
    learning_rate: float = Field(default=2e-3, gt=0.0, le=1.0)
    weight_decay: float = Field(default=1e-3, ge=0.0, le=1.0)
    mel: MelSettings = MelSettings(rate_hz=16_000, n_fft=1024, hop_samples=320, n_mels=64)

    @model_validator(mode="after")
    def _measures_there_are(self) -> Self:
        if not self.measures or len(set(self.measures)) < len(self.measures):
            raise ValueError("measures must name at least one of nearest, residual and reconstruction, once")
        if self.view != "encoder" and "reconstruction" in self.measures:
            raise ValueError("only the view 'encoder' reconstructs: leave reconstruction out of the measures")
        return self
