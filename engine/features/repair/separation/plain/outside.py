"""The spectrum of a segment, and its frames clear of its windows."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL, Spectra
from engine.features.repair.separation.mask import Mask
from engine.features.repair.separation.networked import HOP_S, inside_frames
from engine.features.repair.separation.separator import Stretch
from engine.features.repair.separation.views import outside

Power = NDArray[np.float32]


def power_and_outside(stretch: Stretch) -> tuple[Power, NDArray[np.bool_]]:
    """Return power, shape (frames, bins), and whether frames are outside every window, shape (frames,)."""
    spectrum = Spectra().spectrum(torch.tensor(stretch.samples)[None])[0]
    power = (spectrum.real.square() + spectrum.imag.square()).T.numpy()
    return power, outside(inside_frames(stretch.windows_s, len(power))).numpy()


def shares_in_bands(shares: Power, bins: Power, power: Power, bank: Power) -> Power:
    """Return shares of bins as shares of mel bands, weighted by power, shape (frames, bands).

    Parameters
    ----------
    shares, bins : share and power of each bin, shape (frames, bins)
    power : mel power, shape (frames, bands)
    bank : weight of each bin in each band, shape (bins, bands)
    """
    return np.asarray(((bins * shares) @ bank) / np.maximum(power, 1e-12), np.float32).clip(0.0, 1.0)


def mask_over_bins(shares: Power) -> Mask:
    """Return a mask whose bands are the bins of the spectrum, shape (frames, bins)."""
    centres_hz = np.arange(shares.shape[1], dtype=np.float64) * (MEL.rate_hz / MEL.n_fft)
    return Mask(np.ascontiguousarray(shares, dtype=np.float32), 0.0, HOP_S, centres_hz)
