"""Rests within a run of playing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter, uniform_filter1d

from engine.arranging.orders import Span
from engine.arranging.steps import Steps
from engine.spans import runs
from engine.takes.features import STEPS_PER_S

Floats = NDArray[np.float32]

_QUIET_DB, _LEAST_REST_S = 9.0, 0.8
_AROUND_S, _LOUD_PERCENTILE = 16.0, 70


def rests_of(levels_db: Floats, steps: Steps) -> frozenset[Span]:
    """Return the rests as steps [first, last): at least 0.8 s that are much softer than the playing around.

    Parameters
    ----------
    levels_db : of `Frames`, `STEPS_PER_S` a second
    """
    around = round(_AROUND_S * STEPS_PER_S) + 1
    loud = percentile_filter(uniform_filter1d(levels_db, 5), _LOUD_PERCENTILE, size=around)
    quiet = runs(uniform_filter1d(levels_db, 3) < loud - _QUIET_DB)
    spans = (
        (steps.nearest_edge(start / STEPS_PER_S), steps.nearest_edge(stop / STEPS_PER_S))
        for start, stop in quiet.tolist()
        if stop - start >= _LEAST_REST_S * STEPS_PER_S
    )
    return frozenset((first, last) for first, last in spans if last > first)
