"""Running sums of rows, and the means of spans of rows from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def running_sums(rows: NDArray[Any]) -> Numbers:
    """Return the sums of all rows before each edge, shape (n + 1, ...), of rows, shape (n, ...)."""
    sums = np.zeros((len(rows) + 1, *rows.shape[1:]))
    np.cumsum(rows, axis=0, dtype=np.float64, out=sums[1:])
    return sums


def sums_at(sums: NDArray[np.floating], edges: Numbers) -> Numbers:
    """Return running sums between rows by linear interpolation, shape (*edges.shape, columns).

    Parameters
    ----------
    sums : shape (n + 1, columns), of `running_sums`
    edges : in rows; those outside 0 to n have the sums of the ends
    """
    inside = np.clip(edges, 0.0, len(sums) - 1.0)
    low = inside.astype(np.int64)
    share = (inside - low)[..., None]
    between: Numbers = sums[low] * (1.0 - share) + sums[np.minimum(low + 1, len(sums) - 1)] * share
    return between


def means_of(rows: NDArray[Any], first: NDArray[np.int64], last: NDArray[np.int64]) -> Numbers:
    """Return the mean of rows [first, last) for each span, shape (k, ...); 0 for an empty span.

    Parameters
    ----------
    rows : shape (n, ...)
    first, last : shape (k,), 0 to n
    """
    sums = running_sums(rows)
    counts = np.maximum(last - first, 1).reshape(-1, *[1] * (rows.ndim - 1))
    means: Numbers = (sums[last] - sums[first]) / counts
    return means


def means_around(rows: NDArray[Any], width: int) -> Numbers:
    """Return the mean of the `width` rows around each row, truncated at the ends, of the shape of `rows`."""
    first = np.arange(len(rows)) - width // 2
    return means_of(rows, np.maximum(first, 0), np.minimum(first + width, len(rows)))
