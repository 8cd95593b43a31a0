"""Marks of words: cut, unsure, proposed, found, selected, playing, hesitation; a bit each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.core.timebase import inside, united

CUT, UNSURE, PROPOSED, FOUND, HERE, SELECTED, PLAYING, HESITATION = (np.uint8(1 << bit) for bit in range(8))
"""`HERE` is the current one of the places found."""
UNSURE_BELOW = 0.5

Marks = NDArray[np.uint8]
Spans = NDArray[np.int64]
Flags = NDArray[np.bool_]


def are_cut(spans_samples: Spans, removed: ArrayLike) -> Flags:
    """Return whether the larger part of each word is left out, shape (n,).

    Parameters
    ----------
    spans_samples : of words, shape (n, 2)
    removed : spans that are left out, shape (k, 2), in any order
    """
    gone = united(np.asarray(removed, np.int64).reshape(-1, 2))
    if not len(gone):
        return np.zeros(len(spans_samples), np.bool_)
    lengths = np.concatenate([[0], np.cumsum(gone[:, 1] - gone[:, 0])])

    def gone_before(places: Spans) -> Spans:
        number = np.searchsorted(gone[:, 0], places, side="right")
        last = np.maximum(number - 1, 0)
        beyond = np.where(number > 0, np.maximum(gone[last, 1] - places, 0), 0)
        return np.asarray(lengths[number] - beyond)

    starts, stops = spans_samples[:, 0], np.maximum(spans_samples[:, 1], spans_samples[:, 0] + 1)
    return np.asarray(2 * (gone_before(stops) - gone_before(starts)) > stops - starts)


def are_inside(spans_samples: Spans, start_samples: int, stop_samples: int) -> Flags:
    """Return whether the middle of each word is in a span, shape (n,)."""
    return inside(spans_samples.sum(axis=1) // 2, np.array([[start_samples, stop_samples]], np.int64))


def set_mark(marks: Marks, mark: np.uint8, flags: Flags) -> Spans:
    """Give the flagged words a mark, and take it from all others; return the words that changed."""
    changed = np.flatnonzero(((marks & mark) != 0) != flags)
    marks[changed] ^= mark
    return changed


def runs_of(marks: Marks) -> Iterator[tuple[int, int, int]]:
    """Yield the first word, the one after the last, and the marks of each run of words with the same ones."""
    edges = np.flatnonzero(np.diff(marks)) + 1
    for first, stop in zip([0, *edges.tolist()], [*edges.tolist(), len(marks)], strict=True):
        if first < stop and marks[first]:
            yield first, stop, int(marks[first])
