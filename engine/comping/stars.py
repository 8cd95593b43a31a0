"""Stars that the user gave to bars of takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.comping.bars import Bars

Values = NDArray[np.float64]

_SHARE = 0.5
"""A rating counts for bars that it covers by that share."""
_STAR, _AVOIDED = 1.0, 10.0
"""Costs of bars: a star outweighs a fault at a probability of 63 %, and one bar to be avoided any fault."""


def stars_of(ratings: Sequence[tuple[int, int, int]], bars: Bars) -> NDArray[np.int64]:
    """Return the stars of bars, shape (takes, bars): those of the latest rating; 0 without one.

    Parameters
    ----------
    ratings : spans [start, stop), in samples, and their stars
    """
    starts, stops = bars.edges_samples[:, :-1], bars.edges_samples[:, 1:]
    stars = np.zeros(starts.shape, np.int64)
    for start, stop, rating in ratings:
        shared = np.minimum(stops, stop) - np.maximum(starts, start)
        stars[shared > _SHARE * np.maximum(stops - starts, 1)] = rating
    return stars


def with_stars(costs: Values, stars: NDArray[np.int64]) -> Values:
    """Return the costs of bars with the wishes of the user, shape (takes, bars)."""
    found: Values = costs + np.where(stars < 0, _AVOIDED, -_STAR * stars)
    return found
