"""Plucked tones whose onsets are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.features.timing.notes.onsets import ReadMono

RATE_HZ = 22_050


def plucked(
    onsets_s: Sequence[float], pitches_hz: Sequence[float], length_s: float, rate_hz: int = RATE_HZ
) -> NDArray[np.float32]:
    """Return tones of five harmonics that rise within 3 ms and ring until the next one."""
    sound = np.zeros(round(length_s * rate_hz))
    ends = [*onsets_s[1:], length_s]
    for onset_s, pitch_hz, end_s in zip(onsets_s, pitches_hz, ends, strict=True):
        first, last = round(onset_s * rate_hz), round(end_s * rate_hz)
        at = np.arange(last - first) / rate_hz
        tone = sum(np.sin(2 * np.pi * pitch_hz * n * at) / n for n in range(1, 6))
        release = np.minimum(1.0, (len(at) - np.arange(len(at))) / (0.004 * rate_hz))
        sound[first:last] += 0.2 * tone * np.minimum(1.0, at / 0.003) * np.exp(-at * 2.0) * release
    return sound.astype(np.float32)


def reading(sound: NDArray[np.float32]) -> ReadMono:
    """Return a reader of a sound with silence on either side."""

    def read(start: int, stop: int) -> NDArray[np.float32]:
        found = np.zeros(stop - start, np.float32)
        first, last = max(start, 0), min(stop, len(sound))
        if first < last:
            found[first - start : last - start] = sound[first:last]
        return found

    return read


def melody(
    count: int, beat_s: float, jitter_s: float, seed: int
) -> tuple[list[float], list[float], list[float]]:
    """Return onsets, the lines they are meant for, and pitches of a melody in quarters from 1 s on."""
    rng = np.random.default_rng(seed)
    meant = 1.0 + np.arange(count) * beat_s
    off = np.clip(rng.normal(0.0, jitter_s, count), -3 * jitter_s, 3 * jitter_s)
    pitches = 110.0 * 2 ** (rng.integers(0, 18, count) / 12)
    return (meant + off).tolist(), meant.tolist(), pitches.tolist()
