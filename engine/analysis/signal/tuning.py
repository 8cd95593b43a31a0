"""Deviation of the partials of a recording from the semitones of equal temperament, over time.

Each spectral peak is placed by a parabola through the logarithm of its three bins (J. O. Smith and X. Serra,
"PARSHL", ICMC 1987), and counts for the fraction of a semitone it is off A 440 Hz: a band in tune has one
narrow peak; a passage played flat or at another tape speed has it elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.signal.framing import spectra_blocks

TUNING_BINS = 20
_N_FFT = 4096
_LOWEST_HZ, _HIGHEST_HZ = 100.0, 2500.0
_FRAMES_PER_PIECE = 64


def tuning_blocks(
    blocks: Iterable[NDArray[np.float32]], rate_hz: int, hop_samples: int
) -> Iterator[NDArray[np.float32]]:
    """Yield histograms of the tuning of a mono stream, in blocks of shape (frames, TUNING_BINS).

    Each frame sums to 1, or to 0 in silence. The middle of frame i is sample i * hop_samples.

    Parameters
    ----------
    blocks : float32, each of shape (n,), at `rate_hz`
    """
    first, last = (round(hz * _N_FFT / rate_hz) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    for spectrum in spectra_blocks(blocks, _N_FFT, hop_samples, _FRAMES_PER_PIECE):
        yield _histograms(spectrum[first - 1 : last + 2].abs(), first, rate_hz).numpy()


def _histograms(magnitude: torch.Tensor, first: int, rate_hz: int) -> torch.Tensor:
    """Return histograms, shape (frames, TUNING_BINS), of magnitudes, shape (bins, frames).

    The first row of the magnitudes is bin `first` - 1.
    """
    below, here, above = magnitude[:-2], magnitude[1:-1], magnitude[2:]
    is_peak = (here > below) & (here >= above)
    low, middle, high = (torch.log(part + 1e-9) for part in (below, here, above))
    offset = 0.5 * (low - high) / (low - 2.0 * middle + high - 1e-9)
    bins = torch.arange(first, first + len(here))[:, None] + offset.clamp(-0.5, 0.5)
    semitones = 12.0 * torch.log2(bins * (rate_hz / _N_FFT) / 440.0)
    fraction = semitones - torch.round(semitones) + 0.5
    places = (fraction * TUNING_BINS).long().clamp(0, TUNING_BINS - 1)
    weights = torch.where(is_peak, here.sqrt(), 0.0)
    counted = torch.zeros(TUNING_BINS, here.shape[1]).scatter_add_(0, places, weights)
    return (counted / (counted.sum(dim=0, keepdim=True) + 1e-6)).T
