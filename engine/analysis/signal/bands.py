"""Triangular bands over the bins of a spectrum.

Settings of a log-mel spectrogram; light, so that a configuration can be read without torch.
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
