"""Lift one drum out of a span of a track and mix it in elsewhere.

The drum is the track through a zero-phase filter with one gain per octave, its share of that drum, so that
the remainder and the lifted drum add up to the track.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import s_to_samples
from engine.document.kinds.hit import OCTAVES_HZ
from engine.document.kinds.operations import Lift
from engine.sound.edl.tracks.delay import Reader, Sound

REACH_S = 0.01
"""To either side, of the filter."""


def lift_reach_samples(rate_hz: int) -> int:
    """Return the number of samples read on either side of a lifted one."""
    return s_to_samples(REACH_S, rate_hz)


def lifted(one: Lift, read: Reader, rate_hz: int) -> Sound:
    """Return the lifted sound of the whole span, shape (frames, channels)."""
    reach = lift_reach_samples(rate_hz)
    heard, taps = read(one.start_samples - reach, one.stop_samples + reach), _octave_taps(one.gains, rate_hz)
    window = _window(one, rate_hz)
    return np.stack([window * np.convolve(samples, taps, "valid") for samples in heard.T], axis=1)


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
