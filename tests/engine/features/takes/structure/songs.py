"""Songs of known form: a chord a bar for each letter, struck on every beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import BeatGrid

RATE_HZ = 22_050
BEAT_S = 0.5
BAR_S = 4 * BEAT_S
_CHORDS = {"A": (0, 5, 7, 0), "B": (9, 2, 4, 9), "C": (8, 3, 10, 8)}


def song(form: str, bars: int = 8, seed: int = 1) -> NDArray[np.float32]:
    """Return a song at 120 BPM, mono at `RATE_HZ`, with sections of some bars."""
    at = np.arange(round(BEAT_S * RATE_HZ)) / RATE_HZ
    click = np.random.default_rng(0).standard_normal(len(at)) * np.exp(-60.0 * at)
    beats = []
    for letter in form:
        for bar in range(bars):
            root = _CHORDS[letter][bar % 4]
            hz = [220.0 * 2.0 ** ((root + step) / 12.0) for step in (0, 4, 7)]
            chord = sum(np.sin(2 * np.pi * one * at) for one in hz) * np.exp(-4.0 * at) * 0.12
            beats += [chord + click * (0.3 if beat == 0 else 0.1) for beat in range(4)]
    audio = np.concatenate(beats)
    noise = 0.002 * np.random.default_rng(seed).standard_normal(len(audio))
    return (audio + noise).astype(np.float32)


def grid_of(audio: NDArray[np.float32]) -> BeatGrid:
    """Return the grid of a song from its first beat on."""
    count = round(len(audio) / RATE_HZ / BEAT_S)
    at = np.round(np.arange(count) * BEAT_S * RATE_HZ).astype(np.int64)
    return BeatGrid(at, np.arange(count) % 4 + 1, 60.0 / BEAT_S, 0.9, "test")
