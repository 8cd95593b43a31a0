"""Music for tests: notes drawn at random, so that no two passages are alike and one can be played again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
Sound = NDArray[np.float32]


def passage(seed: int, length_s: float, *, semitones: int = 0, speed: float = 1.0) -> Sound:
    """Return chords and a melody on plucked strings, mono at `RATE_HZ`; notes are 0.3 s apart at speed 1."""
    rng = np.random.default_rng(seed)
    apart_s = 0.3 / speed
    count = round(length_s / 0.3)
    out = np.zeros(round((count * apart_s + 1.0) * RATE_HZ))
    for number in range(count):
        notes = [int(rng.integers(57, 82))]
        if number % 4 == 0:
            notes += [int(note) for note in rng.integers(40, 58, 3)]
        at = round(number * apart_s * RATE_HZ)
        for note in notes:
            sound = plucked(440.0 * 2.0 ** ((note + semitones - 69) / 12.0))
            out[at : at + len(sound)] += sound[: len(out) - at]
    out = out[: round(count * apart_s * RATE_HZ)]
    return (0.2 * out).astype(np.float32)


def plucked(hz: float) -> NDArray[np.float64]:
    """Return a note of 0.8 s."""
    time_s = np.arange(round(0.8 * RATE_HZ)) / RATE_HZ
    partials = sum(np.sin(2 * np.pi * hz * k * time_s) / k for k in range(1, 6))
    return np.asarray(partials * np.exp(-3.0 * time_s) * np.minimum(1.0, time_s / 0.005))


def quiet(length_s: float, seed: int = 0) -> Sound:
    """Return the room."""
    noise = np.random.default_rng(seed).standard_normal(round(length_s * RATE_HZ))
    return (0.0002 * noise).astype(np.float32)


def joined(*parts: Sound) -> tuple[Sound, list[tuple[float, float]]]:
    """Return sounds with two seconds of room after each, and where each is in seconds."""
    spans, at, pieces = [], 0.0, []
    for number, part in enumerate(parts):
        pieces += [part, quiet(2.0, number)]
        spans.append((at, at + len(part) / RATE_HZ))
        at += len(part) / RATE_HZ + 2.0
    return np.concatenate(pieces), spans
