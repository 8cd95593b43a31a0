"""Settings of recipes that score segments; light, so that a dialog needs no torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig


class SegmentConfig(RecipeConfig):
    """Shared settings of recipes that cut frames into segments and convolve over them.

    Attributes
    ----------
    hidden_dims : channels after each convolution; each is followed by a pool that halves both sides
    latent_dim : how many numbers a segment is squeezed into
    segment_frames : length of a segment, 0.74 s at the default analysis
    score_hop_frames : distance between scored segments, 0.19 s at the default analysis
    encoder : convolutions, or a transformer over patches (`patch_transformer`)
    segments_per_epoch : maximum; fewer if the material has fewer, see `batches.epoch_size`
    patience : epochs without a better validation loss before learning stops
    """

    hidden_dims: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(
        default=(32, 64, 128), min_length=1, max_length=6
    )
    latent_dim: int = Field(default=64, ge=1, le=4096)
    encoder: Literal["convolutional", "transformer"] = "convolutional"
    epochs: int = Field(default=100, ge=1, le=100_000)
    segment_frames: int = Field(default=64, ge=8, le=1024)
    score_hop_frames: int = Field(default=16, ge=1, le=1024)
    batch_size: int = Field(default=32, ge=2, le=1024)
    segments_per_epoch: int = Field(default=512, ge=2)
    learning_rate: float = Field(default=1e-3, gt=0.0, le=1.0)
    weight_decay: float = Field(default=1e-4, ge=0.0, le=1.0)
    patience: int = Field(default=20, ge=1)

    @model_validator(mode="after")
    def _pools_divide(self) -> Self:
        step = 2 ** len(self.hidden_dims)
        for name, value in (("segment_frames", self.segment_frames), ("mel.n_mels", self.mel.n_mels)):
            if value % step:
                raise ValueError(
                    f"{name} is {value}, but {len(self.hidden_dims)} hidden_dims need a multiple of {step}"
                )
        return self


class BothKindsConfig(SegmentConfig):
    """Shared settings of recipes that learn from edited and raw recordings.

    Audio Slicer tried both that do, and gave them up (github.com/Dextrome/editorbot, IDEAS.md).
    """

    epochs: int = Field(default=50, ge=1, le=100_000)

    @property
    def needs_raw(self) -> bool:
        """Whether it requires raw recordings in addition to edited ones: always."""
        return True
