"""Read sound a fraction of a sample later or earlier, or as another clock counts: a band-limited delay.

It is the ideal delay, a shifted sinc, within a Kaiser window (T. I. Laakso et al., "Splitting the unit
delay", IEEE Signal Processing Magazine 13, 1996). Every sample is summed in the same order wherever a block
begins, so that the block size changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from math import floor

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]
Reader = Callable[[int, int], Sound]
"""(start, stop) to samples, shape (stop - start, channels); zeros outside the audio."""

REACH_SAMPLES = 80
"""Taps to either side; with `_BETA` the error stays 95 dB down up to 0.45 of the rate."""

_BETA = 10.5
_PARTS = 64


def delayed(read: Reader, start_samples: int, stop_samples: int, by_samples: float) -> Sound:
    """Return the samples [start, stop) of audio delayed by `by_samples`.

    Whole samples are exact.
    """
    whole = floor(by_samples)
    fraction = by_samples - whole
    first, last = start_samples - whole, stop_samples - whole
    if not fraction or first >= last:
        return read(first, last)
    heard = read(first - REACH_SAMPLES, last + REACH_SAMPLES)
    out = np.empty((last - first, heard.shape[1]))
    taps = _taps(fraction)
    for channel, samples in enumerate(heard.T):
        out[:, channel] = np.convolve(samples, taps, "valid")
    return out


def reclocked(
    read: Reader, start_samples: int, stop_samples: int, by_samples: float, drift_ppm: float
) -> Sound:
    """Return the samples [start, stop) of a recording with another clock.

    The sample at t comes from ``t * (1 + drift_ppm / 1e6) - by_samples``. Between delays of 64ths of a sample
    it is interpolated by a parabola, which is wrong by less than the delays themselves. A clock offset of
    whole samples without drift is exact.
    """
    if not drift_ppm or stop_samples == start_samples:
        return delayed(read, start_samples, stop_samples, by_samples)
    at = np.arange(start_samples, stop_samples)
    ahead = (at * (drift_ppm / 1e6) - by_samples) * _PARTS
    nearest = np.rint(ahead).astype(np.int64)
    borders = np.flatnonzero(np.diff(nearest)) + 1
    first, last = int(nearest.min(initial=0)), int(nearest.max(initial=0))
    begin = start_samples + min(first, last) // _PARTS - REACH_SAMPLES - 1
    heard = read(begin, stop_samples + -(-last // _PARTS) + REACH_SAMPLES + 2)
    off = (ahead - nearest)[:, None]
    weights = off * (off - 1.0) / 2.0, 1.0 - off * off, off * (off + 1.0) / 2.0
    out = np.zeros((stop_samples - start_samples, heard.shape[1]))
    for run, stop in pairwise((0, *borders.tolist(), len(at))):
        for step, weight in zip((-1, 0, 1), weights, strict=True):
            whole, part = divmod(int(nearest[run]) + step, _PARTS)
            here = start_samples + run + whole - begin
            taps = _taps(-part / _PARTS)
            near = heard[here - REACH_SAMPLES : here + stop - run + REACH_SAMPLES]
            for channel, samples in enumerate(near.T):
                out[run:stop, channel] += weight[run:stop, 0] * np.convolve(samples, taps, "valid")
    return out


@lru_cache(maxsize=256)
def _taps(fraction: float) -> Sound:
    """Return the weights of the samples from REACH later to REACH earlier, shape (2 * REACH + 1,)."""
    at = np.arange(-REACH_SAMPLES, REACH_SAMPLES + 1) - fraction
    inside = np.maximum(0.0, 1.0 - np.square(at / (REACH_SAMPLES + 1)))
    window = np.i0(_BETA * np.sqrt(inside)) / np.i0(_BETA)
    taps: Sound = np.sinc(at) * window
    return taps
