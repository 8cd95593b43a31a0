"""Interface of embeddings."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@runtime_checkable
class Embedder(Protocol):
    """Turns windows of sound into vectors of one size."""

    @property
    def name(self) -> str:
        """Which embedding in which version: caches and models of different ones never mix."""

    @property
    def rate_hz(self) -> int:
        """The rate of the samples it takes."""

    @property
    def size(self) -> int:
        """How many numbers a vector has."""

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return vectors, shape (n, size).

        Parameters
        ----------
        windows : mono, shape (n, samples), of any one length of a second or more

        Raises
        ------
        UsageError : the windows are too short for it
        """
