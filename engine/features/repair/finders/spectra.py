"""Long-term average spectrum of a track before and after a repair, for the card of the queue.

The bands are those of `engine.document.kinds.spectra`: sixths of an octave. Frames do not overlap, since an
average over minutes needs no more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.document.kinds.spectra import LOWEST_DB, band_edges_hz

_BINS_A_BAND_HZ = 4.0
"""At most this far apart, so that the narrowest band, of 7 Hz, has one."""

Energies = NDArray[np.float64]


def band_energies(before: NDArray[np.float32], after: NDArray[np.float32], rate_hz: int) -> Energies:
    """Return the energy in each band of a piece before and after, shape (2, bands), 1.0 at full scale.

    Parameters
    ----------
    before, after : shape (n, channels) each
    """
    return np.stack([_energies(one, rate_hz) for one in (before, after)])


def spectra_db(energies: Sequence[Energies], samples: int) -> list[list[float]]:
    """Return the mean level in each band before and after, in dB below full scale.

    Parameters
    ----------
    energies : of the pieces of a track, see `band_energies`
    samples : the length of the track
    """
    powers = np.sum(energies, axis=0) / max(samples, 1)
    levels_db = np.maximum(10.0 * np.log10(np.maximum(powers, 1e-30)), LOWEST_DB)
    return [[round(level, 1) for level in row] for row in levels_db.tolist()]


def _energies(samples: NDArray[np.float32], rate_hz: int) -> Energies:
    size = 1 << int(np.ceil(np.log2(rate_hz / _BINS_A_BAND_HZ)))
    frames = -(-len(samples) // size)
    padded = np.zeros((frames * size, samples.shape[1]), np.float32)
    padded[: len(samples)] = samples
    window = np.hanning(size)
    edges = np.searchsorted(np.fft.rfftfreq(size, 1.0 / rate_hz), band_edges_hz(rate_hz))
    found = np.zeros(len(edges) - 1)
    for frame in padded.reshape(frames, size, -1):
        powers = np.square(np.abs(np.fft.rfft(frame * window[:, None], axis=0))).mean(axis=1)
        found += np.add.reduceat(powers[: edges[-1]], edges[:-1])
    return np.asarray(2.0 * found / np.square(window).sum())
