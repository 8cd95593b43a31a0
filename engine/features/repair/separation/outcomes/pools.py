"""Candidate masks of a window: those of plain methods, and pools of all methods in log odds.

A mask that two methods share should be sharper than either: independent opinions multiply (a logarithmic
opinion pool: C. Genest and J. V. Zidek, "Combining probability distributions", Statistical Science 1, 1986).
The mean of masks is blurred instead, and loses about 1 dB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

METHODS = ("network", "network without words", "NMF", "subtraction")
POOLS = (
    (0.0, 1.0, 0.0, 0.0),
    (0.0, 0.0, 1.0, 0.0),
    (0.0, 0.0, 0.0, 1.0),
    (0.4, 0.3, 0.3, 0.0),
    (0.6, 0.3, 0.3, 0.2),
    (0.8, 0.1, 0.3, 0.0),
    (1.0, 0.0, 0.2, 0.0),
    (1.2, 0.0, 0.0, 0.0),
)
"""Exponent of each of `METHODS` in each candidate."""
_LEAST_SHARE = 0.003
Shares = NDArray[np.float32]


def pooled_masks(masks: Shares) -> Shares:
    """Return the candidates, shape (len(POOLS), frames, bands).

    Parameters
    ----------
    masks : shares by each of `METHODS`, shape (len(METHODS), frames, bands)
    """
    limited = np.clip(masks, _LEAST_SHARE, 1.0 - _LEAST_SHARE)
    odds = np.log(limited / (1.0 - limited))
    pooled = np.tensordot(np.asarray(POOLS, np.float32), odds, axes=1)
    return np.asarray(1.0 / (1.0 + np.exp(-pooled)), np.float32)


def by_method(weights: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return how much each of `METHODS` counts where candidates have some weights; adds up to 1.

    Parameters
    ----------
    weights : of each candidate, shape (len(POOLS),); add up to 1
    """
    exponents = np.asarray(POOLS)
    return np.asarray(weights @ (exponents / exponents.sum(axis=1, keepdims=True)))
