"""Attempts: short passages between two pauses.

Nothing in the sound of an attempt is wrong; it is only recognisable when the playing stops, possibly beyond
the network's receptive field. Speech consists of such passages, and music of many short phrases as well: so
their weight depends on how rare they are in the training data.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import middle_of_playing_db
from engine.core.spans import runs

LEAST_PAUSE_STEPS = 4
LONGEST_STEPS = 62
"""At the default analysis, pauses of 0.64 s and attempts of 10 s."""

QUIETER_DB = 25.0
ODDER_STD = 1.0
"""Score added to an attempt, in standard deviations of the logits, if the training data have none."""

_MOST_KEPT_SHARE = 0.15


def attempts(levels_db: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which steps of a whole recording belong to an attempt or to an adjacent pause, shape (n,).

    Parameters
    ----------
    levels_db : how loud each step is, shape (n,)
    """
    found = np.zeros(len(levels_db), bool)
    if not len(levels_db):
        return found
    quiet = levels_db < middle_of_playing_db(levels_db) - QUIETER_DB
    pauses = runs(quiet, LEAST_PAUSE_STEPS)
    for (_, begins), (ends, _) in zip(pauses[:-1].tolist(), pauses[1:].tolist(), strict=True):
        if ends - begins <= LONGEST_STEPS:
            found[begins - LEAST_PAUSE_STEPS : ends + LEAST_PAUSE_STEPS] = True
    return found


def attempts_trust(levels_db: Iterable[NDArray[np.float32]]) -> float:
    """Return the weight of attempts: 1 if the training data have none, 0 from a seventh of the data on.

    Parameters
    ----------
    levels_db : of each training recording, those of its steps, shape (steps,)
    """
    found = [attempts(of_one) for of_one in levels_db]
    share = float(np.concatenate([np.zeros(1, bool), *found]).mean())
    return max(0.0, 1.0 - share / _MOST_KEPT_SHARE)
