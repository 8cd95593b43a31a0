"""What a taste is learned with, read from YAML; light, so that a dialog can show it without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.errors import UsageError
from engine.features.mel_settings import MelSettings
from engine.safe_write import shown


class LearnConfig(BaseModel):
    """The recipe. The defaults are Audio Slicer's, published with github.com/Dextrome/editorbot.

    Attributes
    ----------
    hidden_dims : channels after each convolution; each is followed by a pool that halves both sides
    latent_dim : how many numbers a segment is squeezed into
    segment_frames : length of a segment, 0.74 s at the default analysis
    score_hop_frames : distance between scored segments, 0.19 s at the default analysis
    segments_per_epoch : at most so many; fewer where the material holds fewer, see `engine.anomaly.learn`
    patience : epochs without a better validation loss before learning stops
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    recipe: Literal["slicer-ae"] = "slicer-ae"
    hidden_dims: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(
        default=(32, 64, 128), min_length=1, max_length=6
    )
    latent_dim: int = Field(default=64, ge=1, le=4096)
    epochs: int = Field(default=100, ge=1, le=100_000)
    segment_frames: int = Field(default=64, ge=8, le=1024)
    score_hop_frames: int = Field(default=16, ge=1, le=1024)
    batch_size: int = Field(default=32, ge=2, le=1024)
    segments_per_epoch: int = Field(default=512, ge=2)
    learning_rate: float = Field(default=1e-3, gt=0.0, le=1.0)
    weight_decay: float = Field(default=1e-4, ge=0.0, le=1.0)
    patience: int = Field(default=20, ge=1)
    validation_share: float = Field(default=0.15, gt=0.0, le=0.5)
    mel: MelSettings = MelSettings()

    @model_validator(mode="after")
    def _pools_divide(self) -> Self:
        step = 2 ** len(self.hidden_dims)
        for name, value in (("segment_frames", self.segment_frames), ("mel.n_mels", self.mel.n_mels)):
            if value % step:
                raise ValueError(
                    f"{name} is {value}, but {len(self.hidden_dims)} hidden_dims need a multiple of {step}"
                )
        return self


def load_config(path: Path) -> LearnConfig:
    """Read a recipe from a YAML file; what it leaves out keeps its default.

    Raises
    ------
    UsageError : the file cannot be read, is not YAML, or holds a setting that does not exist or cannot be so
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{shown(path)} cannot be read: {(error.strerror or str(error)).lower()}."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{shown(path)} is not a YAML file: write one 'setting: value' on each line."
        ) from error
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise UsageError(f"{shown(path)} must hold settings, one 'setting: value' on each line.")
    try:
        return LearnConfig.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"{shown(path)}: {_sentence(error)}") from error


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"there is no setting '{name}', so take it out or correct its name."
    message = first["msg"].removeprefix("Value error, ")
    if not name:
        return f"{message}."
    return f"{name} cannot be {first['input']!r}: {message[0].lower()}{message[1:]}."
