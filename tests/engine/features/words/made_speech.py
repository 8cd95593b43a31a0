"""Made speech: words of noise bands and held sounds of a voice, at known places over soft noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
Samples = NDArray[np.float32]


def room(length_s: float, seed: int = 1) -> Samples:
    """Return the noise of a room, at −66 dB."""
    return np.random.default_rng(seed).normal(0.0, 5e-4, round(length_s * RATE_HZ)).astype(np.float32)


def syllables(length_s: float, seed: int) -> Samples:
    """Return a word without a held sound: noise whose colour changes every 60 ms."""
    rng = np.random.default_rng(seed)
    count = round(length_s * RATE_HZ)
    times = np.arange(count) / RATE_HZ
    parts = (times / 0.06).astype(np.int64)
    noise = rng.normal(0.0, 0.1, count) * (0.5 + rng.random(parts[-1] + 1))[parts]
    colours_hz = rng.uniform(300.0, 2500.0, parts[-1] + 1)[parts]
    return np.asarray(noise * np.sin(2 * np.pi * colours_hz * times), np.float32)


def held(length_s: float, pitch_hz: float = 120.0) -> Samples:
    """Return a held vowel: harmonics of one pitch under two formants."""
    times = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    tones = sum(
        np.sin(2 * np.pi * pitch_hz * number * times) / (1.0 + abs(pitch_hz * number - 600.0) / 200.0)
        for number in range(1, 16)
    )
    return np.asarray(0.1 * tones, np.float32)


def placed(sounds: Sequence[tuple[float, Samples]], length_s: float) -> Samples:
    """Return sounds at their times, over the noise of a room."""
    whole = room(length_s)
    for start_s, sound in sounds:
        start = round(start_s * RATE_HZ)
        whole[start : start + len(sound)] += sound
    return whole
