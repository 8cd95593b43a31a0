"""Assignment of detections to the ground truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def matched(true: NDArray[np.float64], found: NDArray[np.float64], within: float) -> tuple[Rows, Rows]:
    """Pair the maximum number of moments within a distance of each other, each once.

    Both ascending. With one distance for all, taking the earliest that fits gives the most pairs.

    Returns
    -------
    true_rows, found_rows : shape (k,)
    """
    pairs: list[tuple[int, int]] = []
    row = other = 0
    while row < len(true) and other < len(found):
        late = found[other] - true[row]
        if abs(late) <= within:
            pairs.append((row, other))
            row, other = row + 1, other + 1
        elif late < 0:
            other += 1
        else:
            row += 1
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def f_measure(hits: int, true: int, found: int) -> float:
    """Return the harmonic mean of precision and recall; NaN where both have nothing."""
    return 2.0 * hits / (true + found) if true + found else float("nan")
