"""Training data as a set of vectors, and distances of other vectors from them.

Two measures. The distance to the nearest training vector is relative to that vector's own neighbourhood, so
that a rare passage of the training music, alone in its region, scores no higher than a frequent one (K.
Wilkinghoff et al., "Local density-based anomaly score normalization for domain generalization",
arXiv:2509.10951, 2025). The residual is the part not explained by the principal components of the training
vectors (J. E. Jackson and G. S. Mudholkar, "Control procedures for residuals associated with principal
component analysis", Technometrics 21, 1979). Both are logarithms, since ratios of distances are comparable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.features.taste.anomaly.recipes.recipe import require_statistics

Vectors = NDArray[np.float32]

NEIGHBOURS = 3
RADIUS_NEIGHBOURS = 10
EXPLAINED = 0.9
MOST_ITEMS = 3_000
MOST_FOLDS = 4
_LEAST_STD = 1e-3
_LEAST_DISTANCE = 1e-3
_ROWS_AT_ONCE = 128
_STORED = "memory."


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """Training vectors and their statistics.

    Attributes
    ----------
    mean, std : float32, shape (size,), of the training vectors
    items : float32, shape (n, size), standardised training vectors
    radii : float32, shape (n,), mean distance of an item to its `RADIUS_NEIGHBOURS` nearest
    axes : float32, shape (components, size), principal components, which explain `EXPLAINED` of the variance
    """

    mean: Vectors
    std: Vectors
    items: Vectors
    radii: Vectors
    axes: Vectors

    def standardised(self, vectors: Vectors) -> Vectors:
        """Return vectors, shape (m, size), in standard deviations of the training data."""
        return (vectors - self.mean) / self.std

    def log_nearest(self, vectors: Vectors) -> NDArray[np.float64]:
        """Return the log of the mean locally normalised distance to the `NEIGHBOURS` nearest, shape (m,)."""
        count = min(NEIGHBOURS, len(self.items))
        given, closeness = self.standardised(vectors), (1.0 / np.square(self.radii)).astype(np.float32)
        found = [np.zeros(0)]
        for at, squares in _squares(given, self.items, closeness):
            nearest = _taken_smallest(squares, count)
            # Measured again for these few: products leave mere noise of vectors that are all but equal.
            apart = np.linalg.norm(given[at : at + len(squares), None] - self.items[nearest], axis=2)
            found.append((apart / self.radii[nearest]).mean(axis=1))
        return np.log(np.concatenate(found) + _LEAST_DISTANCE)

    def log_residual(self, vectors: Vectors) -> NDArray[np.float64]:
        """Return the log length of each vector's residual from the principal components, shape (m,)."""
        given, axes = torch.from_numpy(self.standardised(vectors)), torch.from_numpy(self.axes)
        left = torch.addmm(given, given @ axes.T, axes, alpha=-1.0)
        lengths = torch.linalg.vector_norm(left, dim=1).double().numpy()
        logs: NDArray[np.float64] = np.log(lengths + _LEAST_DISTANCE)
        return logs

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors to store; the items in half precision."""
        stored = {_STORED + name: torch.tensor(value) for name, value in asdict(self).items()}
        return {**stored, _STORED + "items": torch.tensor(self.items).half()}


MEASURES: Mapping[str, Callable[[Memory, Vectors], NDArray[np.float64]]] = MappingProxyType(
    {"nearest": Memory.log_nearest, "residual": Memory.log_residual}
)
"""Measures of vectors by their name in settings."""


def stored_memory(tensors: Mapping[str, Tensor], size: int) -> Memory:
    """Restore a memory of vectors of this size.

    Raises
    ------
    ValueError, KeyError : the stored values do not fit
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
    found = np.empty((len(some), len(others)), np.float32)
    for at, squares in _squares(some, others, np.ones(len(others), np.float32)):
        rows = found[at : at + len(squares)]
        np.sqrt(np.maximum(squares, 0.0, out=rows), out=rows)
    return found


def _squares(some: Vectors, others: Vectors, weights: Vectors) -> Iterator[tuple[int, Vectors]]:
    """Yield the squared distances of a few rows at a time to all others, each times the other's weight.

    The number of the first row comes with an array of shape (at most `_ROWS_AT_ONCE`, len(others)), which the
    next overwrites. torch computes it, since numpy would take every core for the products, and in pieces that
    fit a processor's own cache. Zeros may come out slightly negative.
    """
    given, weight = torch.from_numpy(np.ascontiguousarray(some, np.float32)), torch.from_numpy(weights)
    other = torch.from_numpy(np.ascontiguousarray(others, np.float32))
    other_squares, weighted = other.square().sum(dim=1) * weight, other.T * weight
    room = torch.empty(min(len(some), _ROWS_AT_ONCE), len(others))
    for at in range(0, len(some), _ROWS_AT_ONCE):
        rows = given[at : at + _ROWS_AT_ONCE]
        squares = torch.addmm(other_squares, rows, weighted, alpha=-2.0, out=room[: len(rows)])
        yield at, squares.addr_(rows.square().sum(dim=1), weight).numpy()


def _taken_smallest(rows: Vectors, count: int) -> NDArray[np.int64]:
    """Return the indices of each row's smallest values, shape (len(rows), count), and set these to infinity.

    For small counts, repeated minima are seven times as quick as `np.argpartition`.
    """
    found = np.empty((len(rows), count), np.int64)
    for number in range(count):
        found[:, number] = rows.argmin(axis=1)
        rows[np.arange(len(rows)), found[:, number]] = np.inf
    return found


def remember(recordings: Sequence[Vectors], apart: int) -> Memory:
    """Return the memory of vectors, one array of shape (n, size) for each recording, in order of time.

    An evenly spaced subset of up to `MOST_ITEMS` is stored.

    Parameters
    ----------
    apart : vectors of one recording closer than this by index overlap, and are not neighbours of each other
    """
    every = np.concatenate(recordings)
    mean = every.mean(axis=0)
    std = np.maximum(every.std(axis=0), np.float32(_LEAST_STD))
    standard = ((every - mean) / std).astype(np.float32)
    # Indices of different recordings are further apart than any overlap.
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
    """Return the mean of the finite values in each row, shape (n,); nan for a row without any."""
    there = np.isfinite(distances)
    sums, counts = np.where(there, distances, 0.0).sum(axis=1, dtype=np.float64), there.sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


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
    The measures of each recording
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
