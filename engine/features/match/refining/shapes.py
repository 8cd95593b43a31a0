"""The curves of crossfades."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.features.match.matched import Shape

Gains = NDArray[np.float64]


def rising(shape: Shape, position: Gains) -> Gains:
    """Return the gain of a fade-in, 0 to 1, at positions from 0, its start, to 1.

    A fade-out has the gain of ``1 - position``.
    """
    inside = np.clip(position, 0.0, 1.0)
    if shape is Shape.EQUAL_GAIN:
        return inside
    if shape is Shape.EQUAL_POWER:
        return np.sin(inside * (np.pi / 2))
    if shape is Shape.RAISED_COSINE:
        return 0.5 - 0.5 * np.cos(np.pi * inside)
    return np.sqrt(inside)


def fade(shape: Shape, start: float, length: float, at: Gains) -> tuple[Gains, Gains]:
    """Return the gains of fade-out and fade-in, at samples counted as `start` is."""
    position = (at - start + 0.5) / max(length, 1e-9)
    if length < 1.0:
        position = (at >= start).astype(np.float64)
    return rising(shape, 1.0 - position), rising(shape, position)
