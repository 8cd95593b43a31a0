"""Products of tall matrices, a few rows at a time.

BLAS hands a large product to several threads and waits for them; where others keep the processors busy, as
learning does, that wait takes up to two seconds instead of a millisecond. Small ones it does at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROWS = 96
"""Times 64 columns times 30: below the size from which OpenBLAS shares a product out."""


def times(rows: NDArray[np.floating], matrix: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return ``rows @ matrix``, of shapes (n, d) and (d, m)."""
    found: NDArray[np.floating] = (_blocks(rows) @ matrix).reshape(-1, matrix.shape[1])[: len(rows)]
    return found


def weighted_squares(rows: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``rows.T @ diag(weights) @ rows``, of shapes (n, d) and (n,)."""
    found: NDArray[np.float64] = (_blocks(rows * weights[:, None]).transpose(0, 2, 1) @ _blocks(rows)).sum(
        axis=0
    )
    return found


def _blocks(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the rows in blocks, shape (k, _ROWS, d), the last filled up with zeros."""
    missing = -len(rows) % _ROWS
    filled = np.concatenate([rows, np.zeros((missing, rows.shape[1]), rows.dtype)]) if missing else rows
    return filled.reshape(-1, _ROWS, rows.shape[1])
