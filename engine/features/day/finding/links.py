"""Links: the music that two segments of playing have in common, on one diagonal.

A verse is like the next verse, and songs of one band are alike for seconds. Two takes of one song are alike
in one key and at one speed: similar passages off that diagonal do not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.features.day.finding.segments import Segment
from engine.features.takes.features import FRAMES_PER_S
from engine.features.takes.pairs import Pair

_ALONG_S, _DRIFT = 2.5, 0.03
"""How far passages may be off the diagonal of the strongest one, and more for each second away from it."""
_LEAST_SCORE = 8.0
"""Minimum score of a link that is evidence."""
ONE_SONG_SCORE = 20.0
"""Minimum score of a link of two takes of one song, unless they are short."""
COVERED_S, _NEAR_S = 5.0, 2.0
"""How late music in common may begin to be that of a start; how near two places are that are the same."""


@dataclass(frozen=True, slots=True)
class Link:
    """The music in common of two segments, the earlier first.

    Attributes
    ----------
    score : sum of the scores of the similar passages on the diagonal
    shares : the part of each that these passages cover
    semitones : how much higher the later one is
    speed : how much faster the later one is
    spans : first and last frame of the music in common, in each
    """

    score: float
    shares: tuple[float, float]
    semitones: int
    speed: float
    spans: tuple[tuple[float, float], tuple[float, float]]

    def other(self, side: int, place: float) -> float:
        """Return where a place on one side is on the other, also beyond the music in common."""
        faster = self.speed if side == 0 else 1.0 / self.speed
        (first, last), (there, until) = self.spans[side], self.spans[1 - side]
        if place <= first:
            return there - (first - place) / faster
        if place >= last:
            return until + (place - last) / faster
        return there + (place - first) * (until - there) / max(last - first, 1.0)


Links = Mapping[tuple[int, int], Link]
"""Links by the numbers of both segments, the earlier first."""


def links_of(segments: Sequence[Segment], pairs: Iterable[Pair]) -> dict[tuple[int, int], Link]:
    """Return the links between segments, by their numbers, the earlier first."""
    starts = np.array([one.start for one in segments])
    between: dict[tuple[int, int], list[Pair]] = defaultdict(list)
    for pair in pairs:
        numbers = []
        for start, stop in pair.sides():
            middle = (start + stop) / 2.0
            number = int(np.searchsorted(starts, middle, side="right")) - 1
            if number < 0 or middle >= segments[number].stop:
                break
            numbers.append(number)
        if len(numbers) == 2 and numbers[0] != numbers[1]:
            between[numbers[0], numbers[1]].append(pair)
    return {key: _link(segments, key, found) for key, found in between.items()}


def _link(segments: Sequence[Segment], key: tuple[int, int], pairs: Sequence[Pair]) -> Link:
    along = max((_along(best, pairs) for best in pairs), key=_score)
    best = max(along, key=lambda pair: pair.score)
    shares, spans = [], []
    for side in (0, 1):
        segment = segments[key[side]]
        flags = np.zeros(segment.length, np.bool_)
        for pair in along:
            first, last = pair.starts[side] - segment.start, pair.stops[side] - segment.start
            flags[max(0, int(first)) : max(0, int(last))] = True
        shares.append(float(flags.mean()))
        spans.append((min(one.starts[side] for one in along), max(one.stops[side] for one in along)))
    lengths = [last - first for first, last in spans]
    speed = lengths[0] / max(lengths[1], 1.0) if len(along) > 1 else best.speed
    return Link(_score(along), (shares[0], shares[1]), best.semitones, speed, (spans[0], spans[1]))


def _score(pairs: Iterable[Pair]) -> float:
    return sum(pair.score for pair in pairs)


def _along(best: Pair, pairs: Iterable[Pair]) -> list[Pair]:
    """Return the pairs in the key of one and near its diagonal."""
    found = []
    for pair in pairs:
        middle = (pair.starts[0] + pair.stops[0]) / 2.0
        off_s = abs(best.other(0, middle) - (pair.starts[1] + pair.stops[1]) / 2.0) / FRAMES_PER_S
        away_s = max(best.starts[0] - middle, middle - best.stops[0], 0.0) / FRAMES_PER_S
        if pair.semitones == best.semitones and off_s <= _ALONG_S + _DRIFT * away_s:
            found.append(pair)
    return found


@dataclass(frozen=True, slots=True)
class Seen:
    """A link as one of its sides sees it.

    Attributes
    ----------
    side : 0 for the earlier one
    """

    link: Link
    side: int

    @property
    def semitones(self) -> int:
        return self.link.semitones if self.side == 0 else -self.link.semitones

    @property
    def speed(self) -> float:
        return self.link.speed if self.side == 0 else 1.0 / self.link.speed

    @property
    def span(self) -> tuple[float, float]:
        """First and last frame of the music in common on this side."""
        return self.link.spans[self.side]

    def other_of(self, place: float) -> float:
        """Return where a place of this side is on the other."""
        return self.link.other(self.side, place)

    def back_of(self, place: float) -> float:
        """Return where a place of the other side is on this one."""
        return self.link.other(1 - self.side, place)

    def covers_start(self, start: float) -> bool:
        """Return whether the music in common begins near a place of this side."""
        return self.span[0] - start <= COVERED_S * FRAMES_PER_S


def seen_from(links: Links, own: int, other: int) -> Seen | None:
    """Return the link to another segment, if it is evidence."""
    link = links.get((min(own, other), max(own, other)))
    if link is None or link.score < _LEAST_SCORE:
        return None
    return Seen(link, int(own > other))


def seen_by(links: Links, own: int, others: Iterable[int]) -> Iterator[tuple[int, Seen]]:
    """Yield the numbers of those other segments that a segment has links to, and the links."""
    for other in others:
        seen = seen_from(links, own, other) if other != own else None
        if seen is not None:
            yield other, seen


def is_near(one: float, other: float, near_s: float = _NEAR_S) -> bool:
    """Return whether two places, in frames, are about the same."""
    return abs(one - other) <= near_s * FRAMES_PER_S
