"""Baselines: chroma self-similarity along diagonals, and short segments before a pause."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import runs
from engine.features.takes.pairs import Pair, one_to_one
from engine.features.taste.anomaly.planting import Samples
from engine.lab.simulated.recordings import HEARD_RATE_HZ

_FRAMES_PER_S = 5
_HELD_S = 5.0
_APART_S = 8.0
_N_FFT = 8192

Span = tuple[float, float]


def chroma_pairs(audio: Samples, least: float) -> list[tuple[Span, Span]]:
    """Return segments whose chroma (librosa) have a mean similarity of at least `least` over 5 s.

    Paths keep to one diagonal, in one key (M. A. Bartsch and G. H. Wakefield, "To catch a chorus", WASPAA
    2001).
    """
    import librosa

    hop = HEARD_RATE_HZ // _FRAMES_PER_S
    chroma = librosa.feature.chroma_stft(y=audio, sr=HEARD_RATE_HZ, n_fft=_N_FFT, hop_length=hop, tuning=0.0)
    unit = (chroma / np.maximum(np.linalg.norm(chroma, axis=0), 1e-6)).T.astype(np.float32)
    width = round(_HELD_S * _FRAMES_PER_S)
    found = []
    for lag in range(round(_APART_S * _FRAMES_PER_S), len(unit) - width):
        alike = (unit[:-lag] * unit[lag:]).sum(axis=1, dtype=np.float64)
        sums = np.concatenate([[0.0], np.cumsum(alike)])
        means = (sums[width:] - sums[:-width]) / width
        for start, stop in runs(means > least).tolist():
            last = stop - 1 + width
            worth = float(alike[start:last].sum() - least * (last - start))
            found.append(Pair((start, start + lag), (last, last + lag), 0, worth))
    seconds = [
        (
            (pair.starts[0] / _FRAMES_PER_S, pair.stops[0] / _FRAMES_PER_S),
            (pair.starts[1] / _FRAMES_PER_S, pair.stops[1] / _FRAMES_PER_S),
        )
        for pair in one_to_one(found)
    ]
    return [pair for pair in seconds if pair[0][1] <= pair[1][0]]


def short_stretches(spans_s: NDArray[np.float64]) -> list[tuple[float, float, float]]:
    """Return every performance with a likelihood that is the higher the shorter it is."""
    return [(start, stop, 1.0 / (1.0 + stop - start)) for start, stop in spans_s.tolist()]
