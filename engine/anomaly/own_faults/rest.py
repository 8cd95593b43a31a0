"""How unlike the rest of its own recording a moment sounds.

What a band plays comes back within a take: a moment that sounds like nothing before or after it is odd, also
where the whole take is unlike everything that was kept, in another room or at another tempo. It is the
novelty of audio segmentation (J. Foote, "Automatic audio segmentation using a measure of audio novelty",
ICME 2000), over the whole recording instead of its neighbourhood.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.bank.memory import Vectors, distances, mean_of_finite
from engine.progress import Progress

EVERY_STEPS = 3
"""Textures of 1.92 s move little in 0.48 s."""

APART_STEPS = 60
"""A moment is compared with what lies 9.6 s away or more, so that a long fault is not its own neighbour."""

NEIGHBOURS = 8
MOST_OTHERS = 8_000
"""An hour and a half is compared moment by moment; of more, as many are drawn evenly."""

_ROWS_AT_ONCE = 512
_LEAST_DISTANCE = 1e-3

Numbers = NDArray[np.float64]


def thinned(textures: Vectors, first_step: int) -> Vectors:
    """Return what is needed of the textures of consecutive steps, shape (n, size), in half precision.

    Parameters
    ----------
    textures : standardised
    first_step : the number of the first, so that it does not matter how a recording is cut
    """
    return textures[-first_step % EVERY_STEPS :: EVERY_STEPS].astype(np.float16)


def log_unlike_rest(few: Vectors, steps: int, progress: Progress) -> Numbers:
    """Return the log of each step's mean distance to its nearest in the rest, with a median of 0.

    Parameters
    ----------
    few : what `thinned` left of the whole recording, shape (m, size)
    steps : how many it has; one that is too short to have a rest is unlike nothing

    Returns
    -------
    logs : shape (steps,)
    """
    apart = APART_STEPS // EVERY_STEPS
    if len(few) <= apart:
        return np.zeros(steps)
    standard = few.astype(np.float32)
    others = np.unique(np.linspace(0, len(few) - 1, min(len(few), MOST_OTHERS)).round().astype(np.int64))
    found = []
    for at in range(0, len(few), _ROWS_AT_ONCE):
        progress.check_cancelled()
        rows = np.arange(at, min(at + _ROWS_AT_ONCE, len(few)))
        between = distances(standard[rows], standard[others])
        between[np.abs(rows[:, None] - others) < apart] = np.inf
        count = min(NEIGHBOURS, len(others))
        found.append(mean_of_finite(np.partition(between, count - 1, axis=1)[:, :count]))
    logs = np.log(np.concatenate(found) + _LEAST_DISTANCE)
    logs = np.where(np.isnan(logs), np.nanmedian(logs), logs)
    everywhere: Numbers = np.interp(
        np.arange(steps), EVERY_STEPS * np.arange(len(few)), logs - np.median(logs)
    )
    return everywhere
