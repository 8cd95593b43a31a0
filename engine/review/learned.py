"""What was learned from the answers, as the queue needs it: a figure for each proposal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """Two figures for each proposal, by its place in `engine.document.table`.

    Attributes
    ----------
    chances : float64, shape (n,), how likely the user would accept it, 0 to 1; None before the first answer
    usefulness : float64, shape (n,), how much its answer would tell of the other undecided ones
    """

    chances: NDArray[np.float64] | None
    usefulness: NDArray[np.float64]
