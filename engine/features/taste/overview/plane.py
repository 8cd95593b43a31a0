"""Projection of segments to a plane that groups similar sounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_EDGE = 0.5
"""Percent at each side of each axis that do not set its scale: one outlier would compress all others."""


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Points, shape (n, 2), 0 to 1, and the share of the segments' variance they explain."""

    points: NDArray[np.float32]
    explained: float


def principal_plane(embeddings: NDArray[np.float32]) -> Plane:
    """Project onto the two directions in which embeddings, shape (n, d), differ most.

    The same embeddings always give the same picture: each direction points to where its largest weight is
    positive (principal components are free in their sign).
    """
    count = len(embeddings)
    if count < 2:
        return Plane(np.full((count, 2), 0.5, np.float32), 1.0)
    centred = embeddings - embeddings.mean(axis=0)
    spread, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    first = directions[:, ::-1][:, :2]
    first = first * np.sign(first[np.abs(first).argmax(axis=0), np.arange(first.shape[1])])
    projected = centred @ first.astype(np.float32)
    if projected.shape[1] < 2:
        projected = np.column_stack([projected, np.zeros(count, np.float32)])
    total = float(spread.sum())
    explained = float(spread[-2:].sum()) / total if total > 0.0 else 1.0
    return Plane(_within(projected), explained)


def _within(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring points to 0 to 1, both axes at one scale, so that distances can be compared."""
    low, high = np.percentile(points, [_EDGE, 100.0 - _EDGE], axis=0)
    scale = max(float((high - low).max()), 1e-9)
    placed = 0.5 + 0.92 * (points - (low + high) / 2) / scale
    within: NDArray[np.float32] = np.clip(placed, 0.0, 1.0).astype(np.float32)
    return within
