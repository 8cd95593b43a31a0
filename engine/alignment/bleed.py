"""How much of what a microphone hears at a hit is that hit: by octaves, from what it heard right before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.document.kinds.hit import OCTAVES_HZ

Sound = NDArray[np.float32]

BEFORE_S, AFTER_S = 0.012, 0.025
_LEAST_SHARE = 0.05
_FLOOR = 1e-12


def bleed_shares(read: Callable[[int, int], Sound], onset_samples: int, rate_hz: int) -> NDArray[np.float64]:
    """Return how much of each octave of each microphone is a hit, shape (microphones, octaves), 0 to 1.

    What rises at a hit is the hit: its share of the power is what the power grew by, and its share of the
    amplitude the root of that.

    Parameters
    ----------
    read : (start, stop) to samples of all microphones, shape (microphones, n)
    """
    before_samples, after_samples = round(BEFORE_S * rate_hz), round(AFTER_S * rate_hz)
    heard = read(onset_samples - before_samples, onset_samples + after_samples)
    before = _octave_powers(heard[:, :before_samples], rate_hz)
    after = _octave_powers(heard[:, before_samples:], rate_hz)
    shares: NDArray[np.float64] = np.sqrt(np.clip(1.0 - before / np.maximum(after, _FLOOR), 0.0, 1.0))
    shares[(shares < _LEAST_SHARE) | (after <= _FLOOR)] = 0.0
    return np.round(shares, 3)


def _octave_powers(heard: Sound, rate_hz: int) -> NDArray[np.float64]:
    """Return the power of each octave of `OCTAVES_HZ`, shape (microphones, octaves)."""
    window = np.hanning(heard.shape[1] + 2)[1:-1]
    spectra = np.abs(np.fft.rfft(heard * window, n=4096)) ** 2
    bins_hz = np.fft.rfftfreq(4096, 1.0 / rate_hz)
    powers = [
        spectra[:, (bins_hz >= middle / np.sqrt(2)) & (bins_hz < middle * np.sqrt(2))].sum(axis=1)
        for middle in OCTAVES_HZ
    ]
    found: NDArray[np.float64] = np.stack(powers, axis=1) / float(np.sum(window**2))
    return found
