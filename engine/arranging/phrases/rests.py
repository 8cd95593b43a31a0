"""Rests within a run of playing, and how much level and tone change at each step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter, uniform_filter1d

from engine.arranging.orders import Span
from engine.arranging.phrases.sounds import Sounds
from engine.arranging.steps import Steps
from engine.spans import runs
from engine.takes.features import STEPS_PER_S

Floats = NDArray[np.float32]

_QUIET_DB, _LEAST_REST_S = 9.0, 0.8
_AROUND_S, _LOUD_PERCENTILE = 16.0, 70
_LEAST_AROUND_S, _MOST_AROUND_S = 1.2, 3.5
_LEAST_CHANGE_DB = 0.5


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


def changes_of(sounds: Sounds, edges_s: NDArray[np.float64], bar_steps: int) -> NDArray[np.float64]:
    """Return how much level and tone change at the edges of a run, as deviations from usual, shape (n,).

    The bar before each edge is compared with the bar after it.

    Parameters
    ----------
    edges_s : of the steps of a run of playing, shape (n,), ascending
    """
    found = np.zeros(len(edges_s))
    if len(edges_s) < 12:
        return found
    bar_s = float(np.clip(np.median(np.diff(edges_s)) * bar_steps, _LEAST_AROUND_S, _MOST_AROUND_S))
    inner = edges_s[2:-2]
    before = sounds.tone_db(np.maximum(inner - bar_s, edges_s[0]), inner)
    after = sounds.tone_db(inner, np.minimum(inner + bar_s, edges_s[-1]))
    changes = np.abs(after - before).mean(axis=1)
    usual = float(np.median(changes))
    deviation = 1.4826 * float(np.median(np.abs(changes - usual))) + _LEAST_CHANGE_DB
    found[2:-2] = (changes - usual) / deviation
    return found
