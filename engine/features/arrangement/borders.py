"""Borders of performances: their first sound to 0.1 s, and where the last one has died away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.features.takes.features import STEPS_PER_S
from engine.features.takes.playing import sounding

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Seconds = tuple[float, float]

LEAST_PAUSE_S = 1.0
"""Players stop for at least this long between a false start and the next attempt."""
_FADING_S = 4.0
"""A fading end is followed this far."""
_LEAKING_DB = 10.0
"""A window next to a sound catches some of it: by more than this the level changes there alone."""
_LOUD_QUANTILE, _FLOOR_QUANTILE = 0.9, 0.05
_RANGE_DB, _ABOVE_FLOOR_DB = 60.0, 4.0
_PAUSE, _FADING = round(LEAST_PAUSE_S * STEPS_PER_S), round(_FADING_S * STEPS_PER_S)


def with_borders(levels_db: Floats, played_s: tuple[Seconds, ...]) -> tuple[Seconds, ...]:
    """Return performances from where their first sound begins to where their last one has died away.

    A sound of less than 0.8 s is not a performance of its own. If it is less than a pause of players away
    from a performance, it is the first or last stroke of that one.

    Parameters
    ----------
    levels_db : of `Frames`, shape (steps,)
    played_s : performances [start, stop), ascending and apart
    """
    if not len(levels_db) or not played_s:
        return played_s
    sounds, floor_db = sounding(levels_db), _floor_db(levels_db)
    n = len(levels_db)
    begins = [min(n - 1, round(start_s * STEPS_PER_S)) for start_s, _ in played_s]
    found: list[Seconds] = []
    least = 0
    for (_, stop_s), begin, following in zip(played_s, begins, [*begins[1:], n - 1], strict=True):
        first = _first(levels_db, sounds, floor_db, begin, least)
        least = _last(levels_db, sounds, floor_db, min(n, round(stop_s * STEPS_PER_S)), following)
        found.append((first / STEPS_PER_S, least / STEPS_PER_S))
    return tuple(found)


def _first(levels_db: Floats, sounds: Flags, floor_db: float, first: int, least: int) -> int:
    """Return the step at which a performance that was found at a step begins, `least` or later."""
    while True:
        before = np.flatnonzero(sounds[max(least, first - _PAUSE) : first])
        if not len(before):
            break
        first = max(least, first - _PAUSE) + int(before[0])
    lowest = max(least, first - _PAUSE)
    while first > lowest and levels_db[first - 1] > max(floor_db, levels_db[first] - _LEAKING_DB):
        first -= 1
    while first + 1 < len(levels_db) and levels_db[first + 1] > levels_db[first] + _LEAKING_DB:
        first += 1
    return first


def _last(levels_db: Floats, sounds: Flags, floor_db: float, last: int, following: int) -> int:
    """Return the step before which a performance has ended, at `following` at the latest."""
    while True:
        after = np.flatnonzero(sounds[last : min(following, last + _PAUSE)])
        if not len(after):
            break
        last += int(after[-1]) + 1
    most = min(following, last + _FADING)
    while last < most and levels_db[last] > floor_db:
        last += 1
    return last


def _floor_db(levels_db: Floats) -> float:
    """Return the level up to which a step is a pause."""
    loud, quiet = np.quantile(levels_db, [_LOUD_QUANTILE, _FLOOR_QUANTILE])
    return float(max(quiet, loud - _RANGE_DB)) + _ABOVE_FLOOR_DB
