"""Made-up recordings of a wanted length: noise bursts over chords, so that codecs work as on music."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

_BLOCK_S = 10
_CHORD_HZ = (110.0, 164.8, 220.0, 277.2)


def blocks(length_s: int, rate_hz: int, channels: int, seed: int = 0) -> Iterator[NDArray[np.float32]]:
    """Yield float32 blocks of shape (frames, channels), `length_s` seconds in all."""
    rng = np.random.default_rng(seed)
    times_s = np.arange(_BLOCK_S * rate_hz) / rate_hz
    chord = np.sum([np.sin(2 * np.pi * hz * times_s) for hz in _CHORD_HZ], axis=0) * 0.05
    bursts = np.exp(-8.0 * (times_s % 0.5))
    for start_s in range(0, length_s, _BLOCK_S):
        frames = min(_BLOCK_S, length_s - start_s) * rate_hz
        noise = rng.standard_normal((frames, channels)) * 0.05
        made = noise * bursts[:frames, None] + chord[:frames, None]
        yield made.astype(np.float32)


def write(
    path: Path,
    length_s: int,
    rate_hz: int = 48_000,
    channels: int = 2,
    seed: int = 0,
    subtype: str = "PCM_16",
) -> Path:
    """Write a made-up recording; the format follows the suffix."""
    with soundfile.SoundFile(path, "w", rate_hz, channels, subtype=subtype) as file:
        for block in blocks(length_s, rate_hz, channels, seed):
            file.write(block)
    return path
