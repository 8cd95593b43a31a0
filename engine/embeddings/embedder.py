"""What an embedding is to the rest, whoever computes it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns windows of sound into vectors of one size.

    Attributes
    ----------
    name : says which embedding in which version, so that caches and models of different ones never mix
    rate_hz : of the samples it takes
    size : how many numbers a vector has
    """

    name: str
    rate_hz: int
    size: int

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return vectors, shape (n, size).

        Parameters
        ----------
        windows : mono, shape (n, samples), of any one length of a second or more
        """
