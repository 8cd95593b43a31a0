"""Simple methods next to a taste: loudness, nearest neighbours, dead air alone, and doing nothing.

Their limit is the score that one percent of the training audio exceeds, each training recording scored
without itself. Features are short-time spectra in 40 bands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.lab.evaluation.apart.set_apart import RATE_HZ, Samples

Numbers = NDArray[np.float64]
HOP_S = 0.5
_FRAME, _BANDS = 1024, 40
_PATCH_S = 2.0
_PERCENT = 99.0
_FLOOR_DB = -90.0
_GAP_S, _LEAST_CUT_S = 1.0, 1.0
_OWN_S = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Simple:
    """A simple method that learned: its scores of a recording every `HOP_S`, and its limit."""

    scores: Callable[[Samples], Numbers]
    limit: float

    def cuts_s(self, scores: Numbers, length_s: float) -> list[tuple[float, float]]:
        """Return the spans above the limit, without short ones and with short gaps closed."""
        above = np.concatenate([[False], scores > self.limit, [False]]).astype(np.int8)
        spans = np.flatnonzero(np.diff(above)).reshape(-1, 2) * HOP_S
        joined: list[tuple[float, float]] = []
        for start_s, stop_s in spans.tolist():
            if joined and start_s - joined[-1][1] <= _GAP_S:
                joined[-1] = (joined[-1][0], stop_s)
            else:
                joined.append((start_s, stop_s))
        return [(a, min(b, length_s)) for a, b in joined if b - a >= _LEAST_CUT_S]


def energy(learned: Sequence[Path]) -> Simple:
    """Score by how far the loudness of two seconds is from the mean of the training data, either way."""
    known = [_loudness_db(one) for one in map(read, learned)]
    every = np.concatenate(known)
    mean, std = float(every.mean()), max(float(every.std()), 0.1)

    def scores(samples: Samples) -> Numbers:
        distance: Numbers = np.abs(_loudness_db(samples) - mean) / std
        return distance

    return Simple(scores, float(np.percentile(np.abs(every - mean) / std, _PERCENT)))


def nearest(learned: Sequence[Path]) -> Simple:
    """Score by the distance of two seconds of sound to the nearest in the training data."""
    known = [_patches(one) for one in map(read, learned)]
    every = np.concatenate(known)
    mean, std = every.mean(axis=0), np.maximum(every.std(axis=0), 0.5)
    scaled = [(one - mean) / std for one in known]

    def scores(samples: Samples) -> Numbers:
        return _distances((_patches(samples) - mean) / std, np.concatenate(scaled))

    left_out = [_without_itself(scaled, at) for at in range(len(scaled))]
    return Simple(scores, float(np.percentile(np.concatenate(left_out), _PERCENT)))


def _without_itself(scaled: Sequence[Numbers], at: int) -> Numbers:
    others = [one for place, one in enumerate(scaled) if place != at]
    if others:
        return _distances(scaled[at], np.concatenate(others))
    apart = round(_OWN_S / HOP_S)
    one = scaled[at]
    rows = [
        _distances(one[k : k + 1], np.concatenate([one[: max(0, k - apart)], one[k + apart :]]))
        for k in range(len(one))
    ]
    return np.concatenate(rows)


def _distances(rows: Numbers, others: Numbers) -> Numbers:
    squares = np.square(rows).sum(axis=1)[:, None] + np.square(others).sum(axis=1) - 2.0 * rows @ others.T
    least: Numbers = np.sqrt(np.maximum(squares, 0.0)).min(axis=1)
    return least


def read(path: Path) -> Samples:
    """Read a made recording."""
    samples: Samples = soundfile.read(path, dtype="float32")[0]
    return samples


def _spectra_db(samples: Samples) -> Numbers:
    count = max(1, len(samples) // (_FRAME // 2) - 1)
    padded = np.pad(samples, (0, max(0, (count + 1) * (_FRAME // 2) - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[:: _FRAME // 2][:count]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(_FRAME), axis=1)))
    edges = np.unique(np.geomspace(3, _FRAME // 2, _BANDS + 1).round().astype(int))
    bands = np.add.reduceat(power, edges[:-1], axis=1) / np.diff(edges)
    spectra: Numbers = 10.0 * np.log10(np.maximum(bands, 10.0 ** (_FLOOR_DB / 10.0)))
    return spectra


def _patches(samples: Samples) -> Numbers:
    spectra = _spectra_db(samples)
    spectra = spectra - np.median(spectra)
    rate = 2 * RATE_HZ / _FRAME
    middles = np.arange(0.0, len(samples) / RATE_HZ, HOP_S)
    rows = []
    for middle_s in middles.tolist():
        first = max(0, round((middle_s - _PATCH_S / 2) * rate))
        some = spectra[first : max(first + 2, round((middle_s + _PATCH_S / 2) * rate))]
        some = some if len(some) else spectra[-2:]
        rows.append(np.concatenate([some.mean(axis=0), some.std(axis=0)]))
    return np.array(rows)


def _loudness_db(samples: Samples) -> Numbers:
    sums = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    middles = np.arange(0.0, len(samples) / RATE_HZ, HOP_S)
    first = np.clip(((middles - _PATCH_S / 2) * RATE_HZ).astype(int), 0, len(samples))
    last = np.clip(((middles + _PATCH_S / 2) * RATE_HZ).astype(int), 0, len(samples))
    power = (sums[last] - sums[first]) / np.maximum(last - first, 1)
    loudness: Numbers = 10.0 * np.log10(np.maximum(power, 10.0 ** (_FLOOR_DB / 10.0)))
    return loudness
