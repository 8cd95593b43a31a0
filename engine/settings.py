"""The settings a document carries, with their defaults, limits and one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import UsageError


class CutSettings(BaseModel):
    """How scores become cuts. Lengths in seconds, since people set them.

    `threshold_mode` says which of `percentile`, `score` and `keep` is in force: cut is what scores above the
    given percentile of all scores, above the given score, or above whatever leaves `keep` of the recording.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold_mode: Literal["percentile", "score", "keep"] = "percentile"
    percentile: float = Field(default=40.0, ge=0.0, le=100.0)
    score: float = Field(default=0.8, ge=0.0, le=1.0)
    keep: float = Field(default=0.5, gt=0.0, le=1.0)
    minimum_kept_s: float = Field(default=8.0, ge=0.0)
    minimum_cut_s: float = Field(default=0.5, ge=0.0)
    crossfade_ms: float = Field(default=20.0, ge=0.0, le=1000.0)
    snap: bool = True


def cut_settings(values: Mapping[str, object]) -> CutSettings:
    """Read the cut settings from a document's settings or a command's options.

    Raises
    ------
    UsageError : a value is outside its limits; the sentence names it
    """
    known = {name: values[name] for name in CutSettings.model_fields if name in values}
    try:
        return CutSettings.model_validate(known)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{name} cannot be {first['input']!r}: {first['msg'].lower()}.") from error
