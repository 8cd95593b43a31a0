"""The short filter that makes one sound most like another: least squares over its taps (N. Wiener, 1949)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.linalg import LinAlgError, solve_toeplitz
from scipy.signal import oaconvolve

Wide = NDArray[np.float64]

REACH_SAMPLES = 32
_LOADED = 1e-7


def fitted_filter(sound: Wide, wanted: Wide, reach: int = REACH_SAMPLES) -> Wide:
    """Return the taps, shape (2 * reach + 1,), that leave the least; one filter for all channels.

    Parameters
    ----------
    sound, wanted : shape (n, channels)
    """
    size = next_fast_len(len(sound) + 2 * reach + 1, real=True)
    x, y = rfft(sound, size, axis=0), rfft(wanted, size, axis=0)
    own = irfft(np.sum(np.abs(x) ** 2, axis=1), size)[: 2 * reach + 1]
    across = irfft(np.sum(np.conj(x) * y, axis=1), size)
    wanted_at = np.concatenate([across[-reach:], across[: reach + 1]])
    if own[0] <= 0.0:
        return np.zeros(2 * reach + 1)
    own[0] *= 1.0 + _LOADED
    try:
        taps: Wide = solve_toeplitz(own, wanted_at)
    except LinAlgError:
        taps = np.zeros(2 * reach + 1)
    return taps


def filtered(sound: Wide, taps: Wide) -> Wide:
    """Return a sound, shape (n, channels), through a filter that is centred on its middle tap."""
    if len(taps) == 1:
        scaled: Wide = sound * taps[0]
        return scaled
    found: Wide = oaconvolve(sound, taps[:, None], mode="same", axes=0)
    return found


def fitted_gain(sound: Wide, wanted: Wide) -> float:
    """Return the factor that leaves the least, 0 where the sound is silent."""
    own = float(np.sum(sound * sound))
    return float(np.sum(sound * wanted)) / own if own > 0.0 else 0.0
