"""Takes of one passage put together: every member is placed on the longest of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.features.takes.features import FRAMES_PER_S
from engine.features.takes.pairs import Pair, Spans

LEAST_S = 5.0
"""Less of a passage is an attempt and no take."""
_EDGES_NEAR_S, _STOPS_NEAR_S = 0.8, 3.5
"""Maximum shift of a border to an edge of playing, and across ringing."""
_LEAST_BY_BREAKS = (math.inf, math.inf, 16.0, 8.0, 8.0)
"""Minimum score of a path with none to all four of its borders at edges of playing.

Of different passages, and of songs played once each, paths were worth at most 13 with two such borders.
"""
_MOSTLY = 0.6
_PART_S = 0.8
"""Players stop for so long between two takes, at least."""


@dataclass(frozen=True, slots=True)
class Member:
    """A segment of a recording placed on a passage; see `engine.analysis.found_takes.Take`.

    Attributes
    ----------
    start, stop : in frames
    low, high : where on the reference it begins and ends, in frames of the recording
    """

    start: float
    stop: float
    low: float
    high: float
    semitones: int
    speed: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Where playing begins and ends, in frames, shape (k,) each."""

    starts: Spans
    stops: Spans

    def settled(self, pair: Pair) -> Pair:
        """Return a pair with its borders moved to close edges of playing.

        A take that breaks off on one side alone rings longer than the other: there the edge may be further
        away.
        """
        stops = _both_near(pair.stops, self.stops, _EDGES_NEAR_S)
        if not any(np.any(self.stops == stop) for stop in stops):
            stops = _both_near(pair.stops, self.stops, _STOPS_NEAR_S)
        return replace(pair, starts=_both_near(pair.starts, self.starts, _EDGES_NEAR_S), stops=stops)

    def stop_after(self, place: float, back_s: float, on_s: float) -> float | None:
        """Return the end of playing at a place or after it, or else just before; None where none is near."""
        off = self.stops - place
        near = self.stops[(off >= -back_s * FRAMES_PER_S) & (off <= on_s * FRAMES_PER_S)]
        after = near[near >= place]
        return float(after[0]) if len(after) else float(near[-1]) if len(near) else None

    def start_before(self, place: float, on_s: float, back_s: float) -> float | None:
        """Return the beginning of playing nearest to a place, up to `back_s` before it; None for none."""
        off = place - self.starts
        near = self.starts[(off >= -on_s * FRAMES_PER_S) & (off <= back_s * FRAMES_PER_S)]
        return float(near[np.argmin(np.abs(near - place))]) if len(near) else None

    def stop_of(self, place: float) -> float:
        """Return the end of the playing at a place."""
        later = self.stops[self.stops > place - FRAMES_PER_S]
        return float(later[0]) if len(later) else place

    def part(self, pair: Pair) -> bool:
        """Return whether players stopped between both."""
        later = self.starts[1:]
        between = (self.stops[:-1] >= pair.stops[0] - FRAMES_PER_S) & (later <= pair.starts[1] + FRAMES_PER_S)
        return bool(np.any(between & (later - self.stops[:-1] >= _PART_S * FRAMES_PER_S)))

    def count(self, pair: Pair) -> int:
        """Return how many of the four borders are where playing begins or ends."""
        begun = sum(bool(np.any(self.starts == place)) for place in pair.starts)
        return begun + sum(bool(np.any(self.stops == place)) for place in pair.stops)


def _both_near(places: tuple[float, float], edges: Spans, on_s: float) -> tuple[float, float]:
    return _near(places[0], edges, _EDGES_NEAR_S, on_s), _near(places[1], edges, _EDGES_NEAR_S, on_s)


def _near(place: float, edges: Spans, back_s: float, on_s: float) -> float:
    """Return the edge that a border belongs to, else the border."""
    if not len(edges):
        return place
    off = (edges - place) / FRAMES_PER_S
    near = np.flatnonzero((off >= -back_s) & (off <= on_s))
    return float(edges[near[np.argmin(np.abs(off[near]))]]) if len(near) else place


def takes_of(pairs: Iterable[Pair], edges: Edges) -> list[Pair]:
    """Return the pairs that are takes of one another, their borders settled.

    Music that comes again as it is played on, a verse after a chorus, is none: players stopped in between,
    and of the four borders two at least are where playing begins or ends.
    """
    settled = (edges.settled(pair) for pair in pairs if pair.length(0) >= LEAST_S * FRAMES_PER_S)
    return [
        pair for pair in settled if pair.score >= _LEAST_BY_BREAKS[edges.count(pair)] and edges.part(pair)
    ]


def grouped(pairs: Sequence[Pair]) -> list[tuple[Member, ...]]:
    """Return groups of members, each group around the longest stretch that is left."""
    left = sorted(pairs, key=lambda pair: -pair.score)
    groups = []
    while left:
        first = left[0]
        low, high = first.starts[0], first.stops[0]
        members = [Member(low, high, low, high, 0, 1.0, first.score)]
        used = _gather(members, left)
        groups.append(tuple(sorted(members, key=lambda one: one.start)))
        left = [
            pair
            for number, pair in enumerate(left)
            if number and number not in used and not _is_told(pair, members)
        ]
    return [group for group in groups if len(group) > 1]


def _gather(members: list[Member], pairs: Sequence[Pair]) -> set[int]:
    """Add to members all that pairs lead to from them; return which pairs were used."""
    used: set[int] = set()
    grows = True
    while grows:
        grows = False
        for number, pair in enumerate(pairs):
            if number in used:
                continue
            for side in (0, 1):
                found = _led_to(members, pair, side)
                if found is not None:
                    members.append(found)
                    used.add(number)
                    grows = True
                    break
    return used


def _led_to(members: Sequence[Member], pair: Pair, side: int) -> Member | None:
    """Return the new member that a pair adds from one containing one of its sides; None for nothing new."""
    start, stop = pair.starts[side], pair.stops[side]
    there = (pair.starts[1 - side], pair.stops[1 - side])
    if any(
        min(there[1], one.stop) - max(there[0], one.start) > 0.2 * (there[1] - there[0]) for one in members
    ):
        return None
    for one in members:
        shared = min(stop, one.stop) - max(start, one.start)
        if shared < _MOSTLY * (stop - start):
            continue
        rate = (one.high - one.low) / max(one.stop - one.start, 1e-6)
        low, high = one.low + rate * (start - one.start), one.low + rate * (stop - one.start)
        by = pair.semitones if side == 0 else -pair.semitones
        faster = pair.speed if side == 0 else 1.0 / pair.speed
        return Member(*there, low, high, one.semitones + by, one.speed * faster, pair.score)
    return None


def _is_told(pair: Pair, members: Sequence[Member]) -> bool:
    """Return whether both sides of a pair are mostly inside members."""
    return all(
        any(
            min(pair.stops[side], one.stop) - max(pair.starts[side], one.start) > 0.5 * pair.length(side)
            for one in members
        )
        for side in (0, 1)
    )
