"""Takes made of tones and clicks, with faults in known bars."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

RATE_HZ = 22_050
BEAT_S, BARS = 0.5, 6
PITCHES_HZ = (220.0, 261.6, 329.6, 246.9, 293.7, 392.0)


def note(rng: np.random.Generator, hz: float, length_s: float = 0.4) -> np.ndarray:
    """Return a tone with a click at its beginning."""
    at = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * hz * part * at) / part for part in (1, 2, 3))
    click = rng.standard_normal(len(at)) * np.exp(-at / 0.01)
    return ((tone + click) * np.exp(-at / 0.15)).astype(np.float32)


def take(seed: int, slower: float, fault: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return a take, and where its bars begin; in one bar it plays another chord, and late."""
    rng = np.random.default_rng(seed)
    beats_s = 0.3 + np.arange(4 * BARS + 1) * BEAT_S * slower
    sound = np.zeros(round((beats_s[-1] + 1.0) * RATE_HZ), np.float32)
    for beat in range(4 * BARS):
        is_fault = beat // 4 == fault
        hz = PITCHES_HZ[(beat * 5 + beat // 4) % 6] * (1.19 if is_fault else 1.0)
        at = round((beats_s[beat] + (0.1 if is_fault and beat % 4 else 0.0)) * RATE_HZ)
        one = note(rng, hz) * rng.uniform(0.9, 1.1)
        sound[at : at + len(one)] += one
    sound += 1e-4 * rng.standard_normal(len(sound)).astype(np.float32)
    return sound, np.rint(beats_s[::4] * RATE_HZ).astype(np.int64)


def rehearsed(
    *faults: int | None,
) -> tuple[np.ndarray, list[tuple[int, int]], np.ndarray]:
    """Return a recording of takes with these faulty bars, their spans, and where bars begin."""
    speeds = (1.0, 1.02, 0.97, 1.01)
    takes = [
        take(number, slower, fault)
        for number, (slower, fault) in enumerate(zip(speeds, faults, strict=False))
    ]
    begins = np.cumsum([0, *(len(one) for one, _ in takes)]).tolist()
    lines = np.stack([begin + bars for begin, (_, bars) in zip(begins, takes, strict=False)])
    return np.concatenate([one for one, _ in takes]), list(pairwise(begins)), lines
