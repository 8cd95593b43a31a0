"""Settings of all recipes, "own-faults" the default; light, so that a dialog needs no torch."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.analysis.signal.bands import MelSettings


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


class OwnFaultsConfig(RecipeConfig):
    """Settings of the recipe "own-faults".

    Attributes
    ----------
    practice_s : length of the training data; about half of it is clean
    excerpt_s : length of the clean audio each piece is made from
    fault_share, fault_length_s : how much of a piece is faults, and how short and long one is
    crop_steps : length of a training crop, in steps of 0.16 s
    long_from_s : with less training audio, and without recurring rhythm, a network sees 5 s to both sides
        instead of 20 s, and learns from crops of half the length: it would learn the few passages by heart
    cut_share : share of the faults made from the user's cuts, if given
    leave_out : kinds of fault to exclude from training, to test the detection of unseen ones
    width : channels over time
    members : how many networks learn side by side; their logits are averaged
    nearest_weight, residual_weight, rest_weight, rhythm_weight : weights of the distance to the nearest
        training sound, of the residual from the principal components of the training data, and of the
        distances of sound and rhythm to the rest of the same recording, relative to the faults; a standard
        deviation of each on training audio counts as one of the network's, of rhythm only where it helps
        (`rhythm`)
    """

    recipe: Literal["own-faults"] = "own-faults"
    practice_s: float = Field(default=2400.0, gt=0.0)
    excerpt_s: float = Field(default=120.0, ge=20.0)
    fault_share: float = Field(default=0.5, gt=0.0, lt=1.0)
    fault_length_s: tuple[float, float] = (2.0, 20.0)
    crop_steps: int = Field(default=192, ge=8)
    long_from_s: float = Field(default=180.0, ge=0.0)
    cut_share: float = Field(default=0.25, gt=0.0, lt=1.0)
    leave_out: tuple[str, ...] = ()
    width: int = Field(default=64, ge=4, le=1024)
    members: int = Field(default=2, ge=1, le=16)
    nearest_weight: float = Field(default=0.0, ge=0.0, le=10.0)
    residual_weight: float = Field(default=0.5, ge=0.0, le=10.0)
    rest_weight: float = Field(default=0.25, ge=0.0, le=10.0)
    rhythm_weight: float = Field(default=0.7, ge=0.0, le=10.0)
    epochs: int = Field(default=24, ge=1, le=100_000)
    batch_size: int = Field(default=8, ge=2, le=1024)
    learning_rate: float = Field(default=4e-3, gt=0.0, le=1.0)
    weight_decay: float = Field(default=1e-2, ge=0.0, le=1.0)
    mel: MelSettings = MelSettings(rate_hz=16_000, n_fft=1024, hop_samples=320, n_mels=64)
