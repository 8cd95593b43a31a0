"""Attempts that break off and come again: the end of one performance is the beginning of a later one, which goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.takes.features import FRAMES_PER_S
from engine.takes.groups import Edges
from engine.takes.pairs import Pair
from engine.takes.takes import FalseStart
from engine.timebase import format_time

_END_S, _BEGIN_S = 4.0, 4.0
"""So much may ring after what comes again, and so much be counted before it."""
_GOES_ON_S = 1.0
_FORGOTTEN_S = 240.0
_BIAS, _OF_SCORE, _OF_BORDERS, _OF_LATER, _OF_START, _OF_REST = -1.0, 1.0, 0.5, 1.5, 0.8, 1.5
"""A logistic curve over what is known of an attempt."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A pair as an attempt and what came of it."""

    start: float
    stop: float
    again: float
    chance: float


def false_starts(pairs: Sequence[Pair], edges: Edges) -> list[FalseStart]:
    """Return of every performance that ends as a later one begins the likeliest attempt, in order."""
    best: dict[float, _Seen] = {}
    for pair in pairs:
        seen = _seen(pair, edges)
        if seen is not None and (seen.stop not in best or best[seen.stop].chance < seen.chance):
            best[seen.stop] = seen
    return [_told(best[stop]) for stop in sorted(best)]


def _seen(pair: Pair, edges: Edges) -> _Seen | None:
    """Return how likely a pair is an attempt; None where what came again did not go on, or nothing broke off."""
    ends = edges.stops - pair.stops[0]
    ends = ends[(ends >= -1.0 * FRAMES_PER_S) & (ends <= _END_S * FRAMES_PER_S)]
    if not len(ends):
        return None
    stop = pair.stops[0] + float(ends.min() if ends.min() >= 0 else ends.max())
    begins = edges.starts - pair.starts[1]
    begins = begins[(begins <= 1.0 * FRAMES_PER_S) & (begins >= -_BEGIN_S * FRAMES_PER_S)]
    if not len(begins):
        return None
    again = pair.starts[1] + float(begins[np.argmin(np.abs(begins))])
    if again < stop:
        return None
    length = max(pair.length(0), 1.0)
    later_stops = edges.stops[edges.stops > pair.stops[1] - FRAMES_PER_S]
    goes_on = (float(later_stops[0]) - pair.stops[1]) / FRAMES_PER_S if len(later_stops) else 0.0
    if goes_on < max(_GOES_ON_S, 0.1 * length / FRAMES_PER_S):
        return None
    starts = edges.starts[edges.starts <= pair.starts[0] + FRAMES_PER_S]
    from_start = (pair.starts[0] - float(starts[-1])) / FRAMES_PER_S if len(starts) else 0.0
    is_begun = from_start <= _BEGIN_S
    start = float(starts[-1]) if is_begun and len(starts) else pair.starts[0]
    off_s = (stop - pair.stops[0] + abs(again - pair.starts[1])) / FRAMES_PER_S
    later_s = (again - stop) / FRAMES_PER_S
    odds = (
        _BIAS
        + _OF_SCORE * math.log(max(pair.score, 1.0) / 6.0)
        - _OF_BORDERS * off_s / 2.0
        - _OF_LATER * later_s / _FORGOTTEN_S
        + _OF_START * is_begun
        + _OF_REST * (min(goes_on * FRAMES_PER_S / length, 1.0) - 0.4)
    )
    return _Seen(start, stop, again, 1.0 / (1.0 + math.exp(-odds)))


def _told(seen: _Seen) -> FalseStart:
    start_s, stop_s, again_s = (place / FRAMES_PER_S for place in (seen.start, seen.stop, seen.again))
    reason = f"Begins as {format_time(again_s, 0)} does and breaks off after {stop_s - start_s:.0f} s."
    return FalseStart(start_s, stop_s, again_s, round(seen.chance, 3), reason)
