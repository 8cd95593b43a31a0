"""Noise that goes through a random course of formants and levels, as speech does: two takes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from tests.engine.features.timing.notes.plucked import RATE_HZ

_FADE_S = 0.05


def words(count: int, seed: int) -> list[NDArray[np.float64]]:
    """Return syllables of 0.25 to 0.36 s, each with formants and a rise of its own."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        sound = rng.normal(0.0, 1.0, round(rng.uniform(0.25, 0.36) * RATE_HZ))
        for hz in rng.uniform([300.0, 1_000.0, 3_000.0], [1_000.0, 3_000.0, 7_000.0]):
            turn = 2 * np.pi * hz / RATE_HZ
            sound = lfilter([1.0], [1.0, -1.9 * np.cos(turn), 0.9025], sound)
        rises = np.minimum(1.0, np.arange(len(sound)) / rng.uniform(0.003, 0.02) / RATE_HZ)
        fall = np.minimum(1.0, np.arange(len(sound))[::-1] / _FADE_S / RATE_HZ)
        found.append(0.2 * sound / np.abs(sound).max() * rises * fall)
    return found


def take(
    spoken: list[NDArray[np.float64]], starts_s: NDArray[np.float64], tilt: float, seed: int
) -> NDArray[np.float32]:
    """Return syllables from some times on, through a microphone of its own with noise."""
    sound = np.random.default_rng(seed).normal(0.0, 2e-4, round((starts_s[-1] + 1.0) * RATE_HZ))
    for one, start_s in zip(spoken, starts_s, strict=True):
        first = round(start_s * RATE_HZ)
        sound[first : first + len(one)] += one
    return lfilter([1.0, tilt], [1.0], sound).astype(np.float32)


def starts(count: int, seed: int) -> NDArray[np.float64]:
    """Return times of syllables, 0.32 to 0.4 s from one to the next."""
    return 0.5 + np.cumsum(np.random.default_rng(seed).uniform(0.32, 0.4, count))


def around(times_s: NDArray[np.float64], most_s: float, seed: int) -> NDArray[np.float64]:
    """Return times that are up to some seconds off."""
    return times_s + np.random.default_rng(seed).uniform(-most_s, most_s, len(times_s))
