"""Material of faults: the piece they are injected into, and operations on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.float32]

HUSH_DB = -55.0


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Material of faults.

    Attributes
    ----------
    clean : the whole piece, shape (frames, channels)
    clips : mono recordings at the piece's rate, each of shape (n,), by the kind that plays them
    """

    clean: Samples
    rate_hz: int
    clips: Mapping[str, Sequence[Samples]] = field(default_factory=dict)

    def passage(self, length: int, rng: np.random.Generator) -> Samples:
        """Return a random excerpt of the piece."""
        start = int(rng.integers(0, max(1, len(self.clean) - length + 1)))
        return self.following(start, length)

    def following(self, start: int, length: int) -> Samples:
        """Return the audio from `start` on, wrapping at the end of the piece."""
        taken: Samples = np.take(self.clean, np.arange(start, start + length), axis=0, mode="wrap")
        return taken

    def hush(self, length: int, rng: np.random.Generator) -> Samples:
        """Return the noise of a silent room."""
        level = active_rms(self.clean, self.rate_hz) * 10.0 ** (HUSH_DB / 20.0)
        noise: Samples = rng.standard_normal((length, self.clean.shape[1])).astype(np.float32)
        return noise * np.float32(level)

    def samples(self, seconds: float) -> int:
        """Convert seconds to samples."""
        return round(seconds * self.rate_hz)


Maker = Callable[[Material, int, int, np.random.Generator], Samples]
"""Makes a fault: (material, place, length in samples, rng) to samples, shape (at least length, channels)."""


def active_rms(audio: Samples, rate_hz: int) -> float:
    """Return the RMS level of the sounding part: the 50 ms windows at most 30 dB below the loudest."""
    width = max(1, rate_hz // 20)
    count = max(1, len(audio) // width)
    windows = audio[: count * width].reshape(count, -1)
    power = np.square(windows, dtype=np.float64).mean(axis=1)
    sounding = power[power >= power.max() * 1e-3]
    return float(np.sqrt(sounding.mean()))


def edges(length: int, rate_hz: int, fade_s: float = 0.005) -> Samples:
    """Return a gain of one with short fades at both ends, shape (length,)."""
    fade = max(1, min(round(fade_s * rate_hz), length // 2))
    steps = np.minimum(np.arange(length), np.arange(length)[::-1])
    return np.minimum(1.0, (steps + 1) / fade).astype(np.float32)


def repitched(audio: Samples, cents: float, rate_hz: int) -> Samples:
    """Play faster and higher, or slower and lower, as a tape does."""
    ratio = 2.0 ** (cents / 1200.0)
    return np.asarray(soxr.resample(audio, rate_hz * ratio, rate_hz, quality="HQ"), np.float32)
