"""Non-negative matrix factorisation: the target is unexplained by spectra learned around the window.

D. D. Lee and H. S. Seung, "Algorithms for non-negative matrix factorization", NIPS 2000 (Kullback-Leibler);
half-supervised as in P. Smaragdis et al., "Supervised and semi-supervised separation of sounds", ICA 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.learning.torch_threads import few_threads
from engine.features.repair.separation.mask import Mask
from engine.features.repair.separation.plain.outside import mask_over_bins, power_and_outside
from engine.features.repair.separation.separator import Prompt, Stretch

Factors = NDArray[np.float32]
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
