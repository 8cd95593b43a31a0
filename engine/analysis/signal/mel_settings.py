"""Settings of a log-mel spectrogram; light, so that a configuration can be read without torch."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class MelSettings(BaseModel):
    """The analysis behind every model that listens. Lengths in samples at `rate_hz`.

    At the defaults a frame is 46 ms long and 11.6 ms from the next, and 64 frames last 0.74 s.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate_hz: int = Field(default=44_100, ge=8_000, le=192_000)
    n_fft: int = Field(default=2048, ge=64, le=16_384)
    hop_samples: int = Field(default=512, ge=16, le=16_384)
    n_mels: int = Field(default=64, ge=8, le=256)
