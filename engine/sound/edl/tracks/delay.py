"""Read sound a fraction of a sample later or earlier, or as another clock counts, and lift one drum out of a
track.

The delay is the ideal one, a shifted sinc, within a Kaiser window (T. I. Laakso et al., "Splitting the unit
delay", IEEE Signal Processing Magazine 13, 1996). Every sample is summed in the same order wherever a block
begins, so that the block size changes nothing. A lifted drum is the track through a zero-phase filter with
one gain per octave, its share of that drum, so that the remainder and the drum add up to the track.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from math import floor

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import s_to_samples
from engine.document.kinds.operations import Lift
from engine.document.kinds.timing import OCTAVES_HZ

Sound = NDArray[np.float64]
Reader = Callable[[int, int], Sound]
"""(start, stop) to samples, shape (stop - start, channels); zeros outside the audio."""

REACH_SAMPLES = 80
"""Taps to either side; with `_BETA` the error stays 95 dB down up to 0.45 of the rate."""

_LIFT_REACH_S = 0.01  # of the filter that lifts a drum, to either side
_BETA = 10.5
_PARTS = 64


def delayed(read: Reader, start_samples: int, stop_samples: int, by_samples: float) -> Sound:
    """Return the samples [start, stop) of audio delayed by `by_samples`; whole samples are exact."""
    whole = floor(by_samples)
    fraction = by_samples - whole
    first, last = start_samples - whole, stop_samples - whole
    if not fraction or first >= last:
        return read(first, last)
    sound = read(first - REACH_SAMPLES, last + REACH_SAMPLES)
    out = np.empty((last - first, sound.shape[1]))
    taps = _taps(fraction)
    for channel, samples in enumerate(sound.T):
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
    sound = read(begin, stop_samples + -(-last // _PARTS) + REACH_SAMPLES + 2)
    off = (ahead - nearest)[:, None]
    weights = off * (off - 1.0) / 2.0, 1.0 - off * off, off * (off + 1.0) / 2.0
    out = np.zeros((stop_samples - start_samples, sound.shape[1]))
    for run, stop in pairwise((0, *borders.tolist(), len(at))):
        for step, weight in zip((-1, 0, 1), weights, strict=True):
            whole, part = divmod(int(nearest[run]) + step, _PARTS)
            here = start_samples + run + whole - begin
            taps = _taps(-part / _PARTS)
            near = sound[here - REACH_SAMPLES : here + stop - run + REACH_SAMPLES]
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


def lift_reach_samples(rate_hz: int) -> int:
    """Return the number of samples read on either side of a lifted one."""
    return s_to_samples(_LIFT_REACH_S, rate_hz)


def lifted(one: Lift, read: Reader, rate_hz: int) -> Sound:
    """Return the lifted sound of the whole span, shape (frames, channels)."""
    reach = lift_reach_samples(rate_hz)
    sound, taps = read(one.start_samples - reach, one.stop_samples + reach), _octave_taps(one.gains, rate_hz)
    window = _window(one, rate_hz)
    return np.stack([window * np.convolve(samples, taps, "valid") for samples in sound.T], axis=1)


def _window(one: Lift, rate_hz: int) -> NDArray[np.float64]:
    """Return the lifted share at each position of the span, shape (frames,): ramps within its edges."""
    length = one.stop_samples - one.start_samples
    ramp = max(min(s_to_samples(one.crossfade_ms / 1000, rate_hz), length // 2), 1)
    at = np.arange(length)
    from_edge = np.minimum(at, length - 1 - at) + 0.5
    share: NDArray[np.float64] = np.sin(0.5 * np.pi * np.minimum(1.0, from_edge / ramp)) ** 2
    return share


@lru_cache(maxsize=64)
def _octave_taps(gains: tuple[float, ...], rate_hz: int) -> Sound:
    """Return the filter of these gains, shape (2 * reach + 1,): sampled in frequency, then windowed."""
    reach = lift_reach_samples(rate_hz)
    size = 1 << (8 * reach - 1).bit_length()
    frequencies = np.fft.rfftfreq(size, 1 / rate_hz)
    octaves = np.log2(np.maximum(frequencies, 1.0))
    response = np.interp(octaves, np.log2(OCTAVES_HZ), gains)
    around = np.roll(np.fft.irfft(response, size), reach)[: 2 * reach + 1]
    taps: Sound = around * np.hanning(2 * reach + 3)[1:-1]
    taps.setflags(write=False)
    return taps
