"""Dither: noise of the size of the last bit, so that rounding leaves no distortion behind.

Triangular noise of two quantisation steps from peak to peak makes the error's mean and power independent of
the signal (Lipshitz, Wannamaker, Vanderkooy, "Quantization and dither: a theoretical survey", JAES 1992).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SEEDS = (1770, 1771)


class Dither(StrEnum):
    """Noise added before rounding."""

    NONE = "none"
    TPDF = "tpdf"


def dithered(blocks: Iterable[NDArray[Any]], bits: int) -> Iterator[NDArray[np.float64]]:
    """Add triangular noise for rounding to `bits` bits.

    The noise is the same at every run and for every block size.

    Parameters
    ----------
    blocks : floats, shape (n, channels) each, full scale at 1.0
    """
    first, second = (np.random.default_rng(seed) for seed in _SEEDS)
    step = 2.0 ** (1 - bits)
    for block in blocks:
        noise = first.random(block.shape)
        noise -= second.random(block.shape)
        noise *= step
        noise += block
        yield noise
