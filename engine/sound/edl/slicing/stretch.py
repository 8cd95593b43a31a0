"""Lengthen a sound at the same pitch: overlapping windows, each placed at its best match.

WSOLA: W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity", ICASSP 1993.
Implemented here in a few lines: time-stretching libraries use windows of a tenth of a second, which smear a
gap of some milliseconds, and one of them draws random phases, so that one gap would sound different each
time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import s_to_samples

Sound = NDArray[np.float64]

STRETCH_WINDOW_S = 0.02
STRETCH_SEARCH_S = 0.005


def stretched(sound: Sound, length: int, rate_hz: int) -> Sound:
    """Return a sound, shape (frames, channels), at a length of `length` frames; it begins as it did."""
    window = min(s_to_samples(STRETCH_WINDOW_S, rate_hz) // 2 * 2, len(sound) // 2 * 2)
    if window < 4 or length <= window:
        return sound[np.minimum(np.arange(length), len(sound) - 1)]
    hop, search = window // 2, s_to_samples(STRETCH_SEARCH_S, rate_hz)
    rise = np.sin(0.5 * np.pi * (np.arange(hop) + 0.5) / hop)[:, None] ** 2
    out = np.zeros((length + window, sound.shape[1]))
    out[:window] = sound[:window]
    last, farthest = 0, len(sound) - window
    for begin in range(hop, length, hop):
        wanted = round(begin / (length - hop) * farthest)
        natural = sound[min(last + hop, farthest) :][:hop]
        last = _best_match(sound, natural, wanted, search, farthest)
        piece = sound[last : last + window]
        out[begin : begin + hop] = out[begin : begin + hop] * rise[::-1] + piece[:hop] * rise
        out[begin + hop : begin + window] = piece[hop:]
    return out[:length]


def _best_match(sound: Sound, natural: Sound, wanted: int, search: int, farthest: int) -> int:
    """Return the place near `wanted` where the sound best matches the natural continuation."""
    first, last = max(0, wanted - search), min(farthest, wanted + search)
    if first >= last:
        return min(max(wanted, 0), farthest)
    near = sound[first : last + len(natural)]
    likeness = sum(np.correlate(near[:, one], natural[:, one], "valid") for one in range(sound.shape[1]))
    power = np.cumsum(np.concatenate([[0.0], np.square(near).sum(axis=1)]))
    energy = power[len(natural) :] - power[: -len(natural)]
    return first + int(np.argmax(likeness / np.sqrt(np.maximum(energy, 1e-12))))
