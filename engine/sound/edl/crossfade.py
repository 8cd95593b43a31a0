"""Crossfades at seams.

The power of a crossfade depends on the correlation r of the two pieces (Fink, Holters, Zölzer, "Signal-
matched power-complementary cross-fading and dry-wet mixing", DAFx-16): half-way, equal gains (1/2 each) leave
(1 + r) / 2 of the power, equal powers (sqrt(1/2) each) make it 1 + r. Both err by the same amount where (1 +
r)^2 = 2, at r = sqrt(2) - 1; above it equal gain is nearer to the level of the pieces, below it equal power.
With that threshold no seam of pieces with r >= 0 is more than 1.5 dB off. The two plain curves replace the
paper's continuous family because every other editor can play them. Audio that Offcut makes up itself uses
that family (`at_constant_level`).
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Block = NDArray[np.floating[Any]]

EQUAL_GAIN_FROM_CORRELATION = sqrt(2.0) - 1.0
_LEAST_POWER = 0.25
"""Of a sum, relative to the pieces: where they nearly cancel, the rest is amplified by 6 dB at most."""


class Curve(Enum):
    """The shape of a crossfade."""

    EQUAL_GAIN = "equal gain"
    EQUAL_POWER = "equal power"


def correlation(left: Block, right: Block) -> float:
    """Return the correlation of two pieces of one shape, -1 to 1, over all channels at once.

    It is 0 where either is silent or not finite: nothing adds up there.
    """
    first, second = left.astype(np.float64).ravel(), right.astype(np.float64).ravel()
    with np.errstate(invalid="ignore", over="ignore"):
        power = np.sum(first * first) * np.sum(second * second)
        shared = np.sum(first * second)
    if not (0.0 < power < np.inf and np.isfinite(shared)):
        return 0.0
    return float(shared / np.sqrt(power))


def choose_curve(left: Block, right: Block) -> Curve:
    """Return the curve that keeps the level nearer to that of the two pieces."""
    loud = correlation(left, right) >= EQUAL_GAIN_FROM_CORRELATION
    return Curve.EQUAL_GAIN if loud else Curve.EQUAL_POWER


@lru_cache(maxsize=64)
def fade_in_gains(curve: Curve, length_samples: int) -> NDArray[np.float64]:
    """Return the rising gains of a fade, shape (length_samples, 1); reversed they are the falling ones."""
    position = (np.arange(length_samples) + 0.5) / max(1, length_samples)
    gains = position if curve is Curve.EQUAL_GAIN else np.sin(position * (np.pi / 2))
    column: NDArray[np.float64] = gains[:, np.newaxis]
    column.setflags(write=False)
    return column


def crossfade(left: Block, right: Block) -> Block:
    """Fade one piece out and the other in.

    Parameters
    ----------
    left, right : shape (n, channels), the whole overlap, of one dtype

    Returns
    -------
    faded : shape (n, channels), same dtype
    """
    gains = fade_in_gains(choose_curve(left, right), len(left)).astype(left.dtype)
    faded: Block = left * gains[::-1] + right * gains
    return faded


def at_constant_level(left: Block, right: Block) -> Block:
    """Fade one piece out and the other in, at the level of the pieces whatever their correlation.

    Parameters
    ----------
    left, right : shape (n, channels), the whole overlap, of one dtype

    Returns
    -------
    faded : shape (n, channels), same dtype
    """
    rising = fade_in_gains(Curve.EQUAL_POWER, len(left))
    falling = rising[::-1]
    power = 1.0 + 2.0 * correlation(left, right) * rising * falling
    level = np.sqrt(np.maximum(power, _LEAST_POWER))
    faded: Block = left * (falling / level).astype(left.dtype) + right * (rising / level).astype(left.dtype)
    return faded
