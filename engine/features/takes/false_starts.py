"""Attempts that break off and are repeated: the end of one performance begins a later one, which continues.

Players break off in the middle of music, so an attempt is a suffix of the playing before a break that is a
prefix of the playing after one (the overlap of a genome assembly, E. W. Myers, 1995).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.analysis.found_takes import FalseStart
from engine.core.progress import SILENT, Progress
from engine.features.takes.features import FRAMES_PER_S, Frames
from engine.features.takes.groups import Edges, Member
from engine.features.takes.pairs import Pair, Spans, pairs_between

_RINGS_S, _BEGIN_S = 4.0, 6.0
"""Maximum ringing after the repeated part, and maximum counting or talking before it."""
_EARLY_S = 1.0
_NEAR_S = 1.2
_GOES_ON_S = 0.6
_FORGOTTEN_S = 240.0
_COMPARED_S, _LATER_S, _LATER_MOST = 20.0, 120.0, 6
_LEAST = 2.0
_SAME_S = 1.0
_SEVERAL = 2

_BIAS = -1.0
_OF_SCORE = 0.8
_OF_BORDERS = 0.25
_OF_LATER = 3.0
_OF_BETWEEN, _FREE_S, _PLAYED_S, _MOST_PLAYED_S = -2.0, 10.0, 20.0, 60.0
_OF_START = 0.8
_OF_REST = 1.5
_OF_COVER = 2.0
_AT_AN_END = -2.5
_AT_A_SOFT_BREAK = -1.2
"""A logistic curve over the features of an attempt; fitted without the recordings of the evaluation."""


@dataclass(frozen=True, slots=True, eq=False)
class Broken:
    """Similar passages of a recording, and its breaks.

    Attributes
    ----------
    is_soft : whether the breaks may have counting or speech
    """

    pairs: Iterable[Pair]
    edges: Edges
    is_soft: bool = False


@dataclass(frozen=True, slots=True)
class _Seen:
    """A pair as an attempt and its repetition, in frames."""

    start: float
    stop: float
    again: float
    chance: float


def near_pairs(frames: Frames, spans: Spans, progress: Progress = SILENT) -> Iterator[Pair]:
    """Yield the common parts of the end of a performance and the beginnings of the next ones, however weak.

    A beginning of two seconds is worth too little to be found among all of a long recording; here it is
    looked for where it would be.

    Raises
    ------
    Cancelled : the user asked for it
    """
    asked = []
    for number, (start, stop) in enumerate(spans.tolist()):
        low = max(start, stop - round(_COMPARED_S * FRAMES_PER_S))
        for begin, end in spans[number + 1 : number + 1 + _LATER_MOST].tolist():
            if begin - stop > _LATER_S * FRAMES_PER_S:
                break
            high = min(end, begin + round((_COMPARED_S + _BEGIN_S) * FRAMES_PER_S))
            asked.append(((low, stop), (begin, high)))
    yield from pairs_between(frames, asked, _LEAST, progress)


def false_starts(breaks: Iterable[Broken], groups: Sequence[Sequence[Member]]) -> list[FalseStart]:
    """Return of every performance that ends as a later one begins the likeliest attempt, in order.

    Parameters
    ----------
    breaks : the same recording with breaks of several kinds, clear ones first
    groups : the takes; where several of a passage end nothing broke off
    """
    ends = list(_natural_ends(groups))
    best: dict[float, _Seen] = {}
    for broken in breaks:
        for pair in broken.pairs:
            seen = _seen(pair, broken, ends)
            if seen is None:
                continue
            place = _known(seen.stop, best) if broken.is_soft else seen.stop
            if place not in best or best[place].chance < seen.chance:
                best[place] = seen
    return [_told(best[place]) for place in sorted(best, key=lambda one: best[one].stop)]


def _known(stop: float, best: Iterable[float]) -> float:
    """Return where the same end is known already, else the end."""
    return next((place for place in best if abs(place - stop) <= _SAME_S * FRAMES_PER_S), stop)


def _natural_ends(groups: Sequence[Sequence[Member]]) -> Iterator[tuple[float, float, int]]:
    """Yield start and end of every take that reaches the end of its passage, and how many do."""
    for members in groups:
        high = max(one.high for one in members)
        whole = [one for one in members if high - one.high <= 2.0 * FRAMES_PER_S]
        for one in whole:
            yield one.start, one.stop, len(whole)


def _seen(pair: Pair, broken: Broken, ends: Sequence[tuple[float, float, int]]) -> _Seen | None:
    """Return the likelihood that a pair is an attempt; None without a break or a longer repetition."""
    edges = broken.edges
    stop = edges.stop_after(pair.stops[0], _EARLY_S, _RINGS_S)
    again = edges.start_before(pair.starts[1], _EARLY_S, _BEGIN_S)
    if stop is None or again is None or again < stop:
        return None
    length = max(pair.length(0), 1.0)
    goes_on = edges.stop_of(pair.stops[1]) - pair.stops[1]
    if goes_on < max(_GOES_ON_S * FRAMES_PER_S, 0.1 * length):
        return None
    begun = edges.start_before(pair.starts[0], _EARLY_S, _BEGIN_S)
    start = pair.starts[0] if begun is None or pair.starts[0] - begun > _NEAR_S * FRAMES_PER_S else begun
    off_s = (stop - pair.stops[0] + pair.starts[1] - again) / FRAMES_PER_S
    cover = min(1.0, length / max(stop - (start if begun is None else begun), 1.0))
    odds = (
        _BIAS
        + _OF_SCORE * math.log(max(pair.score, 1.0) / 6.0)
        - _OF_BORDERS * max(0.0, off_s)
        - _OF_LATER * (again - stop) / FRAMES_PER_S / _FORGOTTEN_S
        + _OF_BETWEEN * _much_between(edges, stop, again)
        + (_OF_START if begun is not None else 0.0)
        + _OF_REST * (min(goes_on / length, 1.0) - 0.4)
        + _OF_COVER * (cover - 0.8)
        + (_AT_AN_END if _is_at_an_end(start, stop, ends) else 0.0)
        + (_AT_A_SOFT_BREAK if broken.is_soft else 0.0)
    )
    return _Seen(start, stop, again, 1.0 / (1.0 + math.exp(-odds)))


def _much_between(edges: Edges, stop: float, again: float) -> float:
    """Return how much else is played before an attempt comes again, but for another attempt or two."""
    played = np.minimum(edges.stops, again) - np.maximum(edges.starts, stop)
    seconds = float(np.maximum(played, 0).sum()) / FRAMES_PER_S
    return min(max(seconds - _FREE_S, 0.0), _MOST_PLAYED_S) / _PLAYED_S


def _is_at_an_end(start: float, stop: float, ends: Sequence[tuple[float, float, int]]) -> bool:
    """Return whether a passage ends there, as other takes of it do.

    Two takes that break off at the same place are not an end: a third one is required if the attempt is all
    of one.
    """
    near = _SAME_S * FRAMES_PER_S
    return any(
        abs(end - stop) <= near and count >= _SEVERAL + (abs(begin - start) <= near)
        for begin, end, count in ends
    )


def _told(seen: _Seen) -> FalseStart:
    start_s, stop_s, again_s = (place / FRAMES_PER_S for place in (seen.start, seen.stop, seen.again))
    return FalseStart.told(start_s, stop_s, again_s, round(seen.chance, 3))
