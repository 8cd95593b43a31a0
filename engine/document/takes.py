"""The takes that were found in a recording, as a document stores them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TAKES = "takes"
"""The kind under which a document stores them."""
TAKES_MAKER = "offcut-takes-1"


@dataclass(frozen=True, slots=True, eq=False)
class StoredTakes:
    """Passages that were played more than once, and beginnings that broke off.

    Attributes
    ----------
    names : of the passages
    passages : int64, shape (n,), ascending: the place in `names` of the passage of each take
    spans_s : float64, shape (n, 2), start and stop of each take
    is_complete : int8, shape (n,), 1 for a take with the whole passage
    semitones : int64, shape (n,), by which each take is higher than the first complete one
    speeds : float64, shape (n,), relative to the first complete one
    shares : float64, shape (n, 2), 0 to 1: the part of the passage that each take holds
    false_starts_s : float64, shape (k, 3): start, stop, and where the same music begins again
    likelihoods : float64, shape (k,), 0 to 1, of the false starts
    played_s : float64, shape (j, 2), spans between one break in the playing and the next
    """

    names: Sequence[str]
    passages: NDArray[np.int64]
    spans_s: NDArray[np.float64]
    is_complete: NDArray[np.int8]
    semitones: NDArray[np.int64]
    speeds: NDArray[np.float64]
    shares: NDArray[np.float64]
    false_starts_s: NDArray[np.float64]
    likelihoods: NDArray[np.float64]
    played_s: NDArray[np.float64]
    maker: str = TAKES_MAKER
