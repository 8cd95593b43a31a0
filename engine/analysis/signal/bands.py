"""Triangular bands over the bins of a spectrum, such as those of Slaney's mel scale; imports no torch.

Mel bands are normalised by area (M. Slaney, Auditory Toolbox, 1998), as librosa has them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field


class MelSettings(BaseModel):
    """The analysis behind every model that listens. Lengths in samples at `rate_hz`.

    At the defaults a frame is 46 ms long and 11.6 ms from the next, and 64 frames last 0.74 s.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate_hz: int = Field(default=44_100, ge=8_000, le=192_000)
    n_fft: int = Field(default=2048, ge=64, le=16_384)
    hop_samples: int = Field(default=512, ge=16, le=16_384)
    n_mels: int = Field(default=64, ge=8, le=256)


_HZ_PER_MEL = 200.0 / 3.0  # Slaney's scale is linear up to 1 kHz, then logarithmic
_LOG_FROM_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27.0

Numbers = NDArray[np.float64]
Frequencies = NDArray[np.floating]


def triangles(bins_hz: Frequencies, middles_hz: Frequencies, widths_hz: Frequencies) -> Numbers:
    """Return triangles of height 1 that fall to 0 at a width to either side, shape (bands, bins).

    Parameters
    ----------
    bins_hz : shape (bins,)
    middles_hz, widths_hz : shape (bands,)
    """
    found: Numbers = np.maximum(0.0, 1.0 - np.abs(bins_hz - middles_hz[:, None]) / widths_hz[:, None])
    return found


def triangles_between(bins_hz: Frequencies, edges_hz: Frequencies) -> Numbers:
    """Return triangles of height 1 at each edge that fall to 0 at its neighbours, shape (bands, bins).

    Parameters
    ----------
    bins_hz : shape (bins,)
    edges_hz : ascending, shape (bands + 2,)
    """
    ramps, widths_hz = edges_hz[:, None] - bins_hz, np.diff(edges_hz)[:, None]
    found: Numbers = np.maximum(0.0, np.minimum(-ramps[:-2] / widths_hz[:-1], ramps[2:] / widths_hz[1:]))
    return found


def hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert frequencies in Hz, shape (n,), to Slaney's mel."""
    logarithmic = _LOG_FROM_HZ / _HZ_PER_MEL + np.log(np.maximum(hz, _LOG_FROM_HZ) / _LOG_FROM_HZ) / _LOG_STEP
    return np.where(hz < _LOG_FROM_HZ, hz / _HZ_PER_MEL, logarithmic)


def mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert Slaney's mel, shape (n,), to frequencies in Hz."""
    bend = _LOG_FROM_HZ / _HZ_PER_MEL
    logarithmic = _LOG_FROM_HZ * np.exp(_LOG_STEP * np.maximum(mel - bend, 0.0))
    return np.where(mel < bend, mel * _HZ_PER_MEL, logarithmic)


def equal_mel_edges_hz(lowest_hz: float, highest_hz: float, bands: int) -> Numbers:
    """Return the edges of bands of equal width on O'Shaughnessy's mel scale in Hz, shape (bands + 1,)."""
    lowest, highest = np.log1p(np.array([lowest_hz, highest_hz]) / 700.0)
    return np.asarray(700.0 * np.expm1(np.linspace(lowest, highest, bands + 1)), np.float64)


def mel_filter_bank(settings: MelSettings) -> NDArray[np.float32]:
    """Return the triangles that gather FFT bins into mel bands, shape (n_mels, n_fft // 2 + 1)."""
    bins_hz = np.arange(settings.n_fft // 2 + 1) * (settings.rate_hz / settings.n_fft)
    ends = hz_to_mel(np.array([0.0, settings.rate_hz / 2]))
    edges_hz = mel_to_hz(np.linspace(ends[0], ends[1], settings.n_mels + 2))
    area = 2.0 / (edges_hz[2:] - edges_hz[:-2])
    return (triangles_between(bins_hz, edges_hz) * area[:, None]).astype(np.float32)
