"""Results of calibration for the queue: a figure for each proposal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """Two figures for each proposal, by its row in `engine.document.table`.

    Attributes
    ----------
    chances : float64, shape (n,), probability of acceptance, 0 to 1; None before the first decision
    usefulness : float64, shape (n,), information gain of its decision about the other undecided ones
    """

    chances: NDArray[np.float64] | None
    usefulness: NDArray[np.float64]
