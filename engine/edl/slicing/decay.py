"""Continue the decay of a sound: its resonances, and the noise between them.

An autoregressive model is fitted to the end of it by Burg's method (as S. M. Kay, "Modern Spectral
Estimation", 1988, section 7.6), whose filters are stable, and run on without input, which continues the
resonances (I. Kauppinen and K. Roth, "Audio signal extrapolation", DAFx-02). The prediction residual is
played again, backwards and attenuated by the decay so far, through the same filter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

ORDER = 32
LONGEST_FIT_SAMPLES = 2_048
_LEAST_SAMPLES = 64
_FASTEST_DECAY = 0.1
"""Amplitude ratio from one half of the sound to the next: a faster fall is not a decay."""


_LEAST_DIVISOR = 1e-12


def continued(tail: Samples, length: int) -> Samples:
    """Return the continuation of a sound, shape (n,), for `length` samples; silence continues silence."""
    heard = tail[-LONGEST_FIT_SAMPLES:]
    if len(heard) < _LEAST_SAMPLES or not np.any(heard):
        return np.zeros(length)
    order = min(ORDER, len(heard) // 3)
    coefficients = burg(heard, order)
    residual = np.convolve(heard, coefficients, "valid")
    rings = np.zeros(length)
    overhang = np.convolve(heard[-order:], coefficients[1:])[order - 1 :]  # what the past says of what comes
    rings[: min(order, length)] = -overhang[:length]
    noise = np.resize(np.concatenate([residual[::-1], residual]), length) * _fading(residual, length)
    goes_on = _filtered(rings + noise, coefficients)
    loudest = np.maximum.accumulate(np.abs(goes_on))
    # what swells, or is too slow to be told from a slope, would go on rising
    limited: Samples = goes_on * np.minimum(1.0, np.abs(heard).max() / np.maximum(loudest, 1e-300))
    return limited


def burg(sound: Samples, order: int) -> Samples:
    """Return the prediction error filter of a sound, shape (order + 1,), the first of them 1."""
    forward, backward = sound[1:].copy(), sound[:-1].copy()
    found = np.zeros(order + 1)
    found[0] = 1.0
    for number in range(order):
        power = float(forward @ forward + backward @ backward)
        reflection = -2.0 * float(forward @ backward) / power if power > 0.0 else 0.0
        known = found[: number + 2]
        known += reflection * known[::-1]
        forward, backward = (forward + reflection * backward)[1:], (backward + reflection * forward)[:-1]
    return found


def _fading(residual: Samples, length: int) -> Samples:
    """Return the level of the continuation relative to the end of a residual, at each of `length` samples."""
    half = len(residual) // 2
    early, late = (float(np.sqrt(np.mean(np.square(part)))) for part in (residual[:half], residual[half:]))
    per_half = 1.0 if early <= 0.0 else min(1.0, max(_FASTEST_DECAY, late / early))
    return per_half ** ((np.arange(length) + half / 2) / half)


def _filtered(driven: Samples, coefficients: Samples) -> Samples:
    """Return a sound through the all-pole filter of a prediction error filter, shape (n,).

    Divides spectra on a circle outside the unit circle, where the wrapped tail of a ring has faded by 120 dB.
    """
    size = 1 << (2 * max(len(driven), len(coefficients)) - 1).bit_length()
    shrink = 10.0 ** (-6.0 * np.arange(size) / size)
    spectrum = np.fft.rfft(driven * shrink[: len(driven)], size)
    divisor = np.fft.rfft(coefficients * shrink[: len(coefficients)], size)
    # A sound that swells can put a pole on the circle itself; the result is limited afterwards.
    divided = spectrum / np.where(divisor == 0.0, _LEAST_DIVISOR, divisor)
    filtered: Samples = np.fft.irfft(divided, size)[: len(driven)] / shrink[: len(driven)]
    return filtered
