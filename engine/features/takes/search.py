"""Find segments of a recording like later ones: local alignment of all of it with all of it.

T. F. Smith and M. S. Waterman, "Identification of common molecular subsequences", J. Mol. Biol. 147, 1981,
with the steps that let a path run up to twice as fast on one side (J. Serrà, X. Serra and R. G. Andrzejak,
"Cross recurrence quantification for cover song identification", New J. Phys. 11, 2009). Only two rows are
held at a time, and of every path where it began: memory grows with the length and not with its square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress

Floats = NDArray[np.float32]

_ROWS = 64
_BENT = 0.35
"""Cost of a step off the diagonal: a steady 8 % bends a path once in twelve steps."""
MOST = 40.0
"""Highest score of a path while it grows, so that none bridges long stretches that are not alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Paths through the self-similarity, a row each.

    Attributes
    ----------
    cells : int64, shape (n, 5): rotation, first frame and last frame of the earlier stretch, and of the later
    scores : shape (n,)
    """

    cells: NDArray[np.int64]
    scores: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of a comparison: one frame a row or column.

    Attributes
    ----------
    frames : shape (n, size); of rows shape (rotations, n, size)
    chance : how alike each is to others by chance, shape (n,)
    """

    frames: Floats
    chance: Floats


def search(
    earlier: Side,
    later: Side,
    first_columns: NDArray[np.int64],
    least: float,
    progress: Progress = SILENT,
    *,
    most: float = MOST,
) -> Paths:
    """Return every path of at least some score, of each beginning the best.

    Parameters
    ----------
    earlier, later : rows and columns
    first_columns : of every row the first column it may be compared with, shape (rows,), never falling; as
        many as there are columns for none
    most : highest score of a path while it grows; with less, it ends sooner where the recordings differ, so
        that another one can begin there

    Raises
    ------
    Cancelled : the user asked for it
    """
    (rotations, length, _), columns = earlier.frames.shape, len(later.frames)
    shape = (rotations, columns + 2)  # two columns on the left that no path comes from
    past, before = _Row.empty(shape), _Row.empty(shape)
    found: dict[tuple[int, int], tuple[float, int, int]] = {}
    done = np.cumsum(np.maximum(columns - first_columns[:length], 0))  # a row has its own number of cells
    for begin in range(0, length, _ROWS):
        progress.check_cancelled()
        progress.report(done[begin] / max(done[-1], 1), "Comparing passages")
        stop, low = min(begin + _ROWS, length), int(first_columns[begin])
        if low >= columns:
            break
        alike = np.matmul(earlier.frames[:, begin:stop], later.frames[low:].T)
        alike -= 0.5 * (earlier.chance[None, begin:stop, None] + later.chance[None, None, low:])
        for row in range(begin, stop):
            column = int(first_columns[row])
            if column >= columns:
                break
            now = _step(alike[:, row - begin, column - low :], past, before, column, row, most)
            _note(found, now, row, least)
            before, past = past, now
    progress.report(1.0, "Comparing passages")
    return _paths(found, columns)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """Of every cell of a row, shape (rotations, width).

    Attributes
    ----------
    worth : of the best path that ends there, at most `MOST`
    sums : the same without that limit
    begun : where it began, row * width + column
    """

    worth: Floats
    sums: Floats
    begun: NDArray[np.int64]

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> _Row:
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.full(shape, -1, np.int64))


def _step(alike: Floats, past: _Row, before: _Row, column: int, row: int, most: float) -> _Row:
    """Return the next row."""
    shape = past.worth.shape
    now = _Row.empty(shape)
    straight, wide = slice(column + 1, -1), slice(column, -2)
    best, begun, sums = past.worth[:, straight].copy(), now.begun[:, column + 2 :], now.sums[:, column + 2 :]
    np.copyto(begun, past.begun[:, straight])
    np.copyto(sums, past.sums[:, straight])
    for one, place in ((past, wide), (before, straight)):
        bent = one.worth[:, place] - np.float32(_BENT)
        is_better = bent > best
        np.copyto(best, bent, where=is_better)
        np.copyto(begun, one.begun[:, place], where=is_better)
        np.copyto(sums, one.sums[:, place] - np.float32(_BENT), where=is_better)
    begins = best <= 0.0
    np.copyto(begun, (row * shape[1] + np.arange(column, shape[1] - 2))[None], where=begins)
    np.copyto(sums, np.float32(0.0), where=begins)
    np.maximum(best, 0.0, out=best)
    np.clip(best + alike, 0.0, most, out=now.worth[:, column + 2 :])
    sums += alike
    return now


def _note(found: dict[tuple[int, int], tuple[float, int, int]], now: _Row, row: int, least: float) -> None:
    """Keep of every beginning the best end."""
    rotation, place = np.nonzero(now.worth > least)
    if not len(place):
        return
    sums, begun = now.sums[rotation, place], now.begun[rotation, place]
    order = np.lexsort((sums, begun, rotation))
    rotation, place, sums, begun = rotation[order], place[order], sums[order], begun[order]
    last = np.concatenate([(begun[1:] != begun[:-1]) | (rotation[1:] != rotation[:-1]), [True]])
    for turn, at, total, start in zip(
        rotation[last].tolist(), place[last].tolist(), sums[last].tolist(), begun[last].tolist(), strict=True
    ):
        known = found.get((turn, start))
        if known is None or total > known[0]:
            found[turn, start] = (total, row, at - 2)


def _paths(found: dict[tuple[int, int], tuple[float, int, int]], columns: int) -> Paths:
    width = columns + 2
    cells = [(turn, start // width, row, start % width, at) for (turn, start), (_, row, at) in found.items()]
    scores = np.array([score for score, _, _ in found.values()], np.float32)
    return Paths(np.array(cells, np.int64).reshape(-1, 5), scores)
