"""Non-negative matrix factorisation: the target is unexplained by spectra learned around the window.

D. D. Lee and H. S. Seung, "Algorithms for non-negative matrix factorization", NIPS 2000 (Kullback-Leibler);
half-supervised as in P. Smaragdis et al., "Supervised and semi-supervised separation of sounds", ICA 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.separation.mask import Mask
from engine.separation.plain.outside import mask_over_bins, power_and_outside
from engine.separation.separator import Prompt, Stretch

Factors = NDArray[np.float32]
_AROUND, _FREE = 20, 10
"""Spectra learned around the window, and within it."""
_ROUNDS = 60
_TINY = np.float32(1e-9)
_LATEST = 8
"""Masks that are retained: those of a window on 8 tracks, at most 7 MB each with the samples."""


@dataclass(frozen=True, slots=True)
class FactorSeparator:
    """See `Separator`; where nothing surrounds the window, all is meant."""

    name: str = "nmf"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same mask for each prompt."""
        samples = np.ascontiguousarray(stretch.samples, np.float32).tobytes()
        return (_mask(samples, stretch.windows_s),) * len(prompts)


@lru_cache(maxsize=_LATEST)
def _mask(samples: bytes, windows_s: tuple[tuple[float, float], ...]) -> Mask:
    """Return the mask of a segment; cached for the presence check and the separation."""
    power, around = power_and_outside(Stretch(np.frombuffer(samples, np.float32), windows_s))
    heard = np.sqrt(power).T + _TINY
    rng = np.random.default_rng(0)
    known = factorised(heard[:, around], np.zeros((len(heard), 0), np.float32), _AROUND, rng)[0]
    shares = np.zeros_like(heard)
    window = ~around
    spectra, gains = factorised(heard[:, window], known, _FREE, rng)
    of_all = spectra @ gains + _TINY
    shares[:, window] = (spectra[:, known.shape[1] :] @ gains[known.shape[1] :]) / of_all
    mask = mask_over_bins(shares.T)
    mask.shares.setflags(write=False)
    return mask


def factorised(
    heard: Factors, known: Factors, free: int, rng: np.random.Generator
) -> tuple[Factors, Factors]:
    """Return the best-fitting spectra, shape (bins, known + free), and gains, shape (known + free, frames).

    Parameters
    ----------
    heard : magnitudes, shape (bins, frames)
    known : spectra that stay as they are, shape (bins, known)
    """
    bins, frames = heard.shape
    if not frames:
        return known, np.zeros((known.shape[1], 0), np.float32)
    spectra = np.concatenate([known, rng.random((bins, free), np.float32) + _TINY], axis=1)
    gains = rng.random((spectra.shape[1], frames), np.float32) + _TINY
    first = known.shape[1]
    for _ in range(_ROUNDS):
        gains *= (spectra.T @ (heard / (spectra @ gains + _TINY))) / (spectra.sum(axis=0)[:, None] + _TINY)
        ratio = heard / (spectra @ gains + _TINY)
        spectra[:, first:] *= (ratio @ gains[first:].T) / (gains[first:].sum(axis=1) + _TINY)
        scale = spectra[:, first:].sum(axis=0) + _TINY
        spectra[:, first:] /= scale
        gains[first:] *= scale[:, None]
    return spectra, gains
