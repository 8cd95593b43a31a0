"""The price of a seam between two takes at the beginning of each bar."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.comping.bars import Bars
from engine.comping.differences import Differences

Values = NDArray[np.float64]

_LEAST, _MOST = 0.6, 2.0
"""A seam costs at least and at most that many times the usual price."""
_TEMPO, _OF_TEMPO = 0.03, 0.5
"""A bar that is shorter or longer by this share than the one before the seam costs half a price more."""


def prices(found: Differences, bars: Bars, price: float) -> Values:
    """Return the price of each seam, shape (takes, takes, bars); 0 where a take continues.

    Level, spectrum and room of two takes around a seam count, relative to all seams of the passage, and their
    tempo.

    Parameters
    ----------
    price : of a usual seam, in costs of bars: 0.15 is a bar with a fault at a probability of 14 %
    """
    takes, count = len(bars.edges_samples), len(bars)
    apart = found.seams_db[:, :, :count]
    different = ~np.eye(takes, dtype=bool)
    usual = max(float(np.median(apart[different])), 1e-6)
    lengths = np.maximum(np.diff(bars.edges_samples, axis=1), 1).astype(np.float64)
    before = np.concatenate([lengths[:, :1], lengths[:, :-1]], axis=1)
    tempo = np.abs(np.log(before[:, None] / lengths[None, :]))
    made = price * (np.clip(apart / usual, _LEAST, _MOST) + _OF_TEMPO * np.minimum(tempo / _TEMPO, 1.0))
    made[~different] = 0.0
    return made
