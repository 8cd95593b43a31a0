"""Held voiced sounds, such as "um", by their pitch and their steady spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.bands import equal_mel_edges_hz

RATE_HZ = 16_000
_FRAME, _HOP = round(0.04 * RATE_HZ), round(0.01 * RATE_HZ)
_LAG = 4
"""Frames between two spectra that are compared."""
_PITCH_HZ, _LEAST_VOICING = (70.0, 400.0), 0.6
_LOUD = 0.03
"""The part of the highest power that a frame has, at least, to be counted."""
_BANDS, _FLOOR, _LEAST_POWER = 24, 1e-2, 1e-10


def held(samples: NDArray[np.float32]) -> tuple[float, float]:
    """Return the share of voiced frames of a sound, and the mean change of its spectrum in nepers.

    A frame is voiced by its autocorrelation at periods of `_PITCH_HZ`.
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), _FRAME)[::_HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    spectra = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), 2 * _FRAME)) ** 2
    powers = spectra.sum(axis=1)
    loud = powers > powers.max() * _LOUD
    correlations = np.fft.irfft(np.abs(np.fft.rfft(frames, 2 * _FRAME)) ** 2)[:, :_FRAME]
    first, last = (round(RATE_HZ / hz) for hz in reversed(_PITCH_HZ))
    taper = 1.0 - np.arange(first, last) / _FRAME
    voicing = (correlations[:, first:last] / taper).max(axis=1) / (correlations[:, 0] + _LEAST_POWER)
    bands = _in_bands(spectra)
    bands = np.log(bands / (bands.max(axis=1, keepdims=True) + _LEAST_POWER) + _FLOOR)
    both = loud[_LAG:] & loud[:-_LAG]
    change = np.abs(bands[_LAG:] - bands[:-_LAG]).mean(axis=1)
    return float((voicing[loud] > _LEAST_VOICING).mean()), float(change[both].mean()) if both.any() else 2.0


def _in_bands(spectra: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the power in bands of equal width on a mel scale from 100 to 4,000 Hz, shape (frames, bands)."""
    edges_hz = equal_mel_edges_hz(100.0, 4_000.0, _BANDS)
    edges = np.round(edges_hz * 2 * _FRAME / RATE_HZ).astype(np.int64)
    return np.add.reduceat(spectra, edges, axis=1)[:, :_BANDS]
