"""Plain methods of separation: non-negative matrix factorisation, and spectral subtraction.

Factorisation: the target is unexplained by spectra learned around the window (D. D. Lee and H. S. Seung,
"Algorithms for non-negative matrix factorization", NIPS 2000; half-supervised as in P. Smaragdis et al., ICA
2007). Subtraction: the target is louder than the mean power of the surroundings (S. F. Boll, "Suppression of
acoustic noise in speech using spectral subtraction", IEEE Transactions on Acoustics, Speech, and Signal
Processing 27, 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL, Spectra
from engine.analysis.learning.loop import few_threads
from engine.features.repair.separation.network import HOP_S, inside_frames
from engine.features.repair.separation.separator import Mask, Prompt, Stretch, outside

Power = NDArray[np.float32]
Factors = NDArray[np.float32]


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


_AROUND, _FREE = 20, 10
"""Spectra learned around the window, and within it."""
_ROUNDS = 60
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class FactorSeparator:
    """See `Separator`; where nothing surrounds the window, all is meant."""

    name: str = "nmf"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same mask for each prompt."""
        power, around = power_and_outside(stretch)
        heard = np.sqrt(power).T + np.float32(_TINY)
        rng = np.random.default_rng(0)
        known = factorised(heard[:, around], np.zeros((len(heard), 0), np.float32), _AROUND, rng)[0]
        shares = np.zeros_like(heard)
        window = ~around
        spectra, gains = factorised(heard[:, window], known, _FREE, rng)
        of_all = spectra @ gains + np.float32(_TINY)
        shares[:, window] = (spectra[:, known.shape[1] :] @ gains[known.shape[1] :]) / of_all
        return (mask_over_bins(shares.T),) * len(prompts)


@torch.inference_mode()
def factorised(
    heard: Factors, known: Factors, free: int, rng: np.random.Generator
) -> tuple[Factors, Factors]:
    """Return the best-fitting spectra, shape (bins, known + free), and gains, shape (known + free, frames).

    torch computes the products: numpy shares each of these small ones out to all cores, which takes up to 40
    times as long while other work runs.

    Parameters
    ----------
    heard : magnitudes, shape (bins, frames)
    known : spectra that stay as they are, shape (bins, known)
    """
    bins, frames = heard.shape
    if not frames:
        return known, np.zeros((known.shape[1], 0), np.float32)
    spectra = torch.tensor(
        np.concatenate([known, rng.random((bins, free), np.float32) + np.float32(_TINY)], axis=1)
    )
    gains = torch.tensor(rng.random((spectra.shape[1], frames), np.float32) + np.float32(_TINY))
    magnitudes, first = torch.tensor(heard), known.shape[1]
    with few_threads():
        for _ in range(_ROUNDS):
            ratio = magnitudes / (spectra @ gains + _TINY)
            gains *= (spectra.T @ ratio) / (spectra.sum(dim=0)[:, None] + _TINY)
            ratio = magnitudes / (spectra @ gains + _TINY)
            spectra[:, first:] *= (ratio @ gains[first:].T) / (gains[first:].sum(dim=1) + _TINY)
            scale = spectra[:, first:].sum(dim=0) + _TINY
            spectra[:, first:] /= scale
            gains[first:] *= scale[:, None]
    return spectra.numpy(), gains.numpy()


@dataclass(frozen=True, slots=True)
class SubtractionSeparator:
    """See `Separator`; where nothing surrounds the window, all is meant."""

    name: str = "subtraction"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same mask for each prompt."""
        power, around = power_and_outside(stretch)
        usual = power[around].mean(axis=0) if around.any() else np.zeros(power.shape[1], np.float32)
        shares = np.asarray(np.clip(1.0 - usual / np.maximum(power, 1e-12), 0.0, 1.0), np.float32)
        return (mask_over_bins(shares),) * len(prompts)
