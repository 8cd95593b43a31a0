"""Features of each step from takes, and the borders of performances.

Features are the take of a step, its place in the passage, and its repetitions. A performance goes from its
first sound, to 0.1 s, to where the last one has died away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import FoundTakes, Take, TakeGroup
from engine.features.arrangement.steps import Steps
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
    loud, quiet = np.quantile(levels_db, [_LOUD_QUANTILE, _FLOOR_QUANTILE])
    sounds, floor_db = sounding(levels_db), float(max(quiet, loud - _RANGE_DB)) + _ABOVE_FLOOR_DB
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


TAKE_COLUMNS = 20
_WHOLE = 0.8
"""Takes with at least this share of a passage compete with its other takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Again:
    """Features of takes per step, shape (n, TAKE_COLUMNS), and its earlier and later repetitions."""

    features: Floats
    earlier: NDArray[np.int64]
    later: NDArray[np.int64]


def again_of(found: FoundTakes, steps: Steps, levels_db: Floats) -> Again:
    """Return the features of takes for each step.

    Parameters
    ----------
    levels_db : of each step, shape (n,)
    """
    n = len(steps)
    out = np.zeros((n, TAKE_COLUMNS), np.float32)
    earlier, later = np.full(n, -1), np.full(n, -1)
    for number, group in enumerate(found.groups):
        loud = [_level(take, steps, levels_db) for take in group.takes]
        for place in range(len(group.takes)):
            first, last = _span(group.takes[place], steps)
            out[first:last] = _of_take(group, place, loud, number, len(found.groups))
            shares = _shares(group.takes[place], steps, first, last)
            out[first:last, 15] = shares
            before, after = range(place - 1, -1, -1), range(place + 1, len(group.takes))
            for table, others in ((earlier, before), (later, after)):
                for other in others:
                    own, there = same_places(group, place, other, steps)
                    is_new = table[own] < 0
                    table[own[is_new]] = there[is_new]
    for start in found.false_starts:
        first, last = steps.nearest_edge(start.start_s), steps.nearest_edge(start.stop_s)
        out[first:last, 16] = np.maximum(out[first:last, 16], start.likelihood)
        out[first:last, 17] = np.log1p(max(0.0, start.begins_again_s - start.stop_s)) / 4.0
    out[:, 18], out[:, 19] = earlier >= 0, later >= 0
    return Again(out, earlier, later)


def _of_take(group: TakeGroup, place: int, loud: list[float], number: int, groups: int) -> Floats:
    """Return the features common to all of a take; the last five columns are filled later."""
    take, count = group.takes[place], len(group.takes)
    whole = [at for at, one in enumerate(group.takes) if one.to_share - one.from_share >= _WHOLE]
    loudest = max(whole, key=lambda at: loud[at], default=-1)
    is_whole = place in whole
    fastest = max(whole, key=lambda at: group.takes[at].speed, default=-1)
    return np.array(
        [
            1.0,
            float(take.complete),
            float(is_whole),
            float(bool(whole) and place == whole[0]),
            float(bool(whole) and place == whole[-1]),
            float(place == loudest),
            float(place == fastest),
            1.0 / (1 + sum(at < place for at in whole)),
            1.0 / (1 + sum(at > place for at in whole)),
            np.log(count) / 2.0,
            np.log1p(len(whole)) / 2.0,
            take.from_share,
            take.to_share,
            number / max(1, groups - 1) if groups > 1 else 0.0,
            float(np.clip((loud[place] - max((loud[at] for at in whole), default=0.0)) / 10.0, -1.0, 1.0)),
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
        ],
        np.float32,
    )


def _span(take: Take, steps: Steps) -> tuple[int, int]:
    first = steps.nearest_edge(take.start_s)
    return first, max(first, steps.nearest_edge(take.stop_s))


def _level(take: Take, steps: Steps, levels_db: Floats) -> float:
    first, last = _span(take, steps)
    return float(levels_db[first:last].mean()) if last > first else -60.0


def _shares(take: Take, steps: Steps, first: int, last: int) -> NDArray[np.float64]:
    """Return where in the passage each step of a take begins, 0 to 1."""
    within = (steps.edges_s[first:last] - take.start_s) / max(take.stop_s - take.start_s, 1e-6)
    return np.clip(take.from_share + within * (take.to_share - take.from_share), 0.0, 1.0)


def same_places(
    group: TakeGroup, place: int, other: int, steps: Steps
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the steps of a take whose music another take has as well, and the steps of the other take.

    Both have shape (k,).
    """
    first, last = _span(group.takes[place], steps)
    shares, there = _shares(group.takes[place], steps, first, last), group.takes[other]
    within = np.flatnonzero((shares >= there.from_share) & (shares < there.to_share))
    rate = (there.stop_s - there.start_s) / max(there.to_share - there.from_share, 1e-6)
    places_s = there.start_s + (shares[within] - there.from_share) * rate
    return first + within, steps.nearest_steps(places_s)
