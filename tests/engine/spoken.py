"""A synthetic voice: pulses through the formants of vowels, with noise for consonants and short pauses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

RATE_HZ = 16_000
_VOWELS_HZ = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
    (640, 1190, 2390),
)


def spoken(seconds: float, seed: int) -> NDArray[np.float32]:
    """Return some seconds of syllables, mono at `RATE_HZ`, of up to 0.3."""
    rng = np.random.default_rng(seed)
    length, parts, made = round(seconds * RATE_HZ), [], 0
    while made < length:
        if rng.random() < 0.1:
            parts.append(np.zeros(round(rng.uniform(0.05, 0.2) * RATE_HZ)))
        if rng.random() < 0.5:
            count = round(rng.uniform(0.05, 0.12) * RATE_HZ)
            noise = lfilter([1.0, -0.95], [1.0], rng.standard_normal(count))
            parts.append(0.05 * noise * np.hanning(count))
        parts.append(_vowel(rng))
        made = sum(len(part) for part in parts)
    floor = 1e-4 * rng.standard_normal(length)
    return np.asarray(np.concatenate(parts)[:length] + floor, np.float32)


def _vowel(rng: np.random.Generator) -> NDArray[np.float64]:
    count = round(rng.uniform(0.12, 0.25) * RATE_HZ)
    pitch_hz = rng.uniform(100.0, 150.0) * np.linspace(1.0, 0.85, count)
    sound = np.diff(np.floor(np.cumsum(pitch_hz / RATE_HZ)), prepend=0.0)
    sound = lfilter([1.0], [1.0, -0.97], sound)
    for place, formant_hz in enumerate(_VOWELS_HZ[rng.integers(len(_VOWELS_HZ))]):
        radius = np.exp(-np.pi * (60 + 40 * place) / RATE_HZ)
        turn = 2.0 * radius * np.cos(2.0 * np.pi * formant_hz / RATE_HZ)
        sound = lfilter([1.0 - radius], [1.0, -turn, radius**2], sound)
    edge = np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.02 * RATE_HZ)
    return np.asarray(0.3 * sound / np.abs(sound).max() * np.minimum(1.0, edge))
