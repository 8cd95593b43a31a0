"""What is found once: asked of the same arrays again nothing is computed, asked of others it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.latest import found_once_of


def test_the_same_arrays_and_numbers_are_answered_once_others_anew() -> None:
    asked: list[tuple[int, int]] = []

    @found_once_of(2)
    def summed(values: NDArray[np.int64], times: int) -> int:
        asked.append((len(values), times))
        return int(values.sum()) * times

    one, alike, other = np.arange(3), np.arange(3), np.arange(4)
    assert [summed(one, 2), summed(one, 2), summed(one, 3)] == [6, 6, 9]
    assert asked == [(3, 2), (3, 3)]
    assert summed(alike, 2) == 6
    assert len(asked) == 3, "arrays that merely hold the same are others"
    assert summed(one, 3) == 9
    assert len(asked) == 3
    assert [summed(other, 2), summed(one, 3), summed(one, 2)] == [12, 9, 6]
    assert len(asked) == 6, "no more than the latest are held"
