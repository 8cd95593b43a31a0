"""What was kept as a cloud of vectors, and how far outside of it another vector lies.

Two measures. The distance to the nearest kept vector counts in units of that vector's own neighbourhood, so
that a rare passage of the kept music, alone in its region, is no odder than a frequent one (K. Wilkinghoff
et al., "Local density-based anomaly score normalization for domain generalization", arXiv:2509.10951, 2025).
The residual is what the principal components of the kept vectors do not explain (J. E. Jackson and
G. S. Mudholkar, "Control procedures for residuals associated with principal component analysis",
Technometrics 21, 1979). Both are given as logarithms: ratios of distances are what compares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.anomaly.stored_values import require_statistics

Vectors = NDArray[np.float32]

NEIGHBOURS = 3
RADIUS_NEIGHBOURS = 10
EXPLAINED = 0.9
MOST_ITEMS = 3_000
MOST_FOLDS = 4
_LEAST_STD = 1e-3
_LEAST_DISTANCE = 1e-3
_ROWS_AT_ONCE = 512
_STORED = "memory."


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """Kept vectors and their shape.

    Attributes
    ----------
    mean, std : float32, shape (size,), of the kept vectors
    items : float32, shape (n, size), kept vectors, standardised
    radii : float32, shape (n,), mean distance of an item to its `RADIUS_NEIGHBOURS` nearest
    axes : float32, shape (components, size), principal components, which explain `EXPLAINED` of the variance
    """

    mean: Vectors
    std: Vectors
    items: Vectors
    radii: Vectors
    axes: Vectors

    def standardised(self, vectors: Vectors) -> Vectors:
        """Return vectors, shape (m, size), in standard deviations of what was kept."""
        scaled: Vectors = (vectors - self.mean) / self.std
        return scaled

    def log_nearest(self, vectors: Vectors) -> NDArray[np.float64]:
        """Return the log of the mean locally normalised distance to the `NEIGHBOURS` nearest, shape (m,)."""
        given = self.standardised(vectors)
        count = min(NEIGHBOURS, len(self.items))
        found = [np.zeros(0)]
        for at in range(0, len(given), _ROWS_AT_ONCE):
            ratios = distances(given[at : at + _ROWS_AT_ONCE], self.items) / self.radii
            found.append(np.partition(ratios, count - 1, axis=1)[:, :count].mean(axis=1))
        logs: NDArray[np.float64] = np.log(np.concatenate(found) + _LEAST_DISTANCE)
        return logs

    def log_residual(self, vectors: Vectors) -> NDArray[np.float64]:
        """Return the log of the length of what the principal components leave of each vector, shape (m,)."""
        given = self.standardised(vectors)
        left = given - (given @ self.axes.T) @ self.axes
        logs: NDArray[np.float64] = np.log(np.linalg.norm(left, axis=1).astype(np.float64) + _LEAST_DISTANCE)
        return logs

    def tensors(self) -> dict[str, Tensor]:
        """Return what to store; the items in half precision."""
        stored = {_STORED + name: torch.tensor(value) for name, value in asdict(self).items()}
        return {**stored, _STORED + "items": torch.tensor(self.items).half()}


def stored_memory(tensors: Mapping[str, Tensor], size: int) -> Memory:
    """Bring a memory of vectors of this size back.

    Raises
    ------
    ValueError, KeyError : what was stored does not fit
    """
    require_statistics(tensors[_STORED + "mean"], tensors[_STORED + "std"], (size,))
    memory = Memory(**{field.name: tensors[_STORED + field.name].float().numpy() for field in fields(Memory)})
    if not len(memory.items) or memory.items.shape[1:] != (size,) or not (memory.radii > 0).all():
        raise ValueError("a memory of another shape")
    if memory.axes.shape[1:] != (size,) or memory.radii.shape != memory.items.shape[:1]:
        raise ValueError("a memory without its axes or neighbourhoods")
    return memory


def distances(some: Vectors, others: Vectors) -> Vectors:
    """Return the Euclidean distances between rows, shape (len(some), len(others))."""
    squares = np.einsum("ij,ij->i", some, some)[:, None] + np.einsum("ij,ij->i", others, others)
    found: Vectors = np.sqrt(np.maximum(squares - 2.0 * (some @ others.T), 0.0), dtype=np.float32)
    return found


def remember(recordings: Sequence[Vectors], apart: int) -> Memory:
    """Return the memory of vectors, one array of shape (n, size) for each recording, in order of time.

    At most `MOST_ITEMS` are kept, spread evenly.

    Parameters
    ----------
    apart : vectors of one recording nearer than this in number overlap, and are no neighbours of each other
    """
    every = np.concatenate(recordings)
    mean = every.mean(axis=0)
    std = np.maximum(every.std(axis=0), np.float32(_LEAST_STD))
    standard = ((every - mean) / std).astype(np.float32)
    # Places of different recordings lie further apart than any overlap.
    at = np.concatenate([number * (len(every) + apart) + np.arange(len(one)) for number, one in
                         enumerate(recordings)])  # fmt: skip
    chosen = np.unique(np.linspace(0, len(every) - 1, min(len(every), MOST_ITEMS)).round().astype(np.int64))
    items = standard[chosen].astype(np.float16).astype(np.float32)  # as they are stored
    return Memory(mean, std, items, _radii(items, at[chosen], apart), _principal_axes(standard))


def _radii(items: Vectors, at: NDArray[np.int64], apart: int) -> Vectors:
    """Return the mean distance of each item to its nearest, those that overlap with it left out."""
    count = min(RADIUS_NEIGHBOURS, max(1, len(items) - 1))
    found = np.ones(len(items), np.float32)
    for first in range(0, len(items), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        between = distances(items[rows], items)
        between[np.abs(at[rows, None] - at) < apart] = np.inf
        means = mean_of_finite(np.partition(between, count - 1, axis=1)[:, :count])
        found[rows] = np.where(np.isnan(means), 1.0, means)
    return np.maximum(found, np.float32(_LEAST_DISTANCE))


def mean_of_finite(distances: Vectors) -> NDArray[np.float64]:
    """Return the mean of what is finite in each row, shape (n,); nan where nothing is."""
    there = np.isfinite(distances)
    sums, counts = np.where(there, distances, 0.0).sum(axis=1, dtype=np.float64), there.sum(axis=1)
    means: NDArray[np.float64] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


def _principal_axes(standard: Vectors) -> Vectors:
    """Return the fewest principal components that explain `EXPLAINED` of the variance, largest first."""
    variances, axes = np.linalg.eigh(standard.T.astype(np.float64) @ standard)
    explained = np.cumsum(variances[::-1]) / max(float(variances.sum()), _LEAST_DISTANCE)
    count = min(int(np.searchsorted(explained, EXPLAINED)) + 1, len(explained))
    return np.ascontiguousarray(axes[:, ::-1][:, :count].T, dtype=np.float32)


def held_out(
    recordings: Sequence[Vectors], apart: int, measure: Callable[[Memory, Vectors], NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """Measure the vectors of every recording against the memory of the others.

    More than `MOST_FOLDS` recordings are left out several at a time; one alone is left out block by block.

    Parameters
    ----------
    measure : (memory, vectors of shape (n, size)) to float64, n rows

    Returns
    -------
    What is measured of each recording
    """
    if len(recordings) == 1:
        blocks = [one for one in np.array_split(recordings[0], MOST_FOLDS) if len(one)]
        if len(blocks) == 1:
            return [measure(remember(blocks, apart), blocks[0])]
        return [np.concatenate(held_out(blocks, apart, measure))]
    found: dict[int, NDArray[np.float64]] = {}
    for fold in range(min(MOST_FOLDS, len(recordings))):
        left_out = range(fold, len(recordings), MOST_FOLDS)
        memory = remember([one for k, one in enumerate(recordings) if k not in left_out], apart)
        found |= {k: measure(memory, recordings[k]) for k in left_out}
    return [found[k] for k in range(len(recordings))]
