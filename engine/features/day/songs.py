"""Songs of a day: stretches of playing that share music are takes of one song.

The similar passages of two stretches are laid over each other; where they cover most of the shorter one, both
are of one song. Of each song, the longest take that others agree with is the reference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.features.day.day import DaySong, SongTake
from engine.features.day.stretches import Stretch
from engine.features.takes.features import FRAMES_PER_S
from engine.features.takes.pairs import Pair

_COVERED = 0.45
_LEAST_SCORE = 14.0
_SONG_S = 40.0
"""A stretch this long is a song, though it is played once."""
_WHOLE = 0.9
_EDGE_S = 6.0
_ALONG_S = 8.0
"""A verse may be like another one: similar passages this far from the strongest pair are at another place."""


@dataclass(frozen=True, slots=True)
class Link:
    """The common music of two stretches.

    Attributes
    ----------
    score : the sum of the scores of their similar passages
    shares : the part of each that similar passages cover
    semitones : how much higher the later one is
    speed : how much faster the later one is
    spans : first and last frame of the music in common at the same places of the song, in each
    """

    score: float
    shares: tuple[float, float]
    semitones: int
    speed: float
    spans: tuple[tuple[float, float], tuple[float, float]]


def links_of(stretches: Sequence[Stretch], pairs: Iterable[Pair]) -> dict[tuple[int, int], Link]:
    """Return the links between stretches, by their numbers, the earlier first."""
    starts = np.array([one.start for one in stretches])
    between: dict[tuple[int, int], list[Pair]] = defaultdict(list)
    for pair in pairs:
        numbers = []
        for start, stop in pair.sides():
            middle = (start + stop) / 2.0
            number = int(np.searchsorted(starts, middle, side="right")) - 1
            if number < 0 or middle >= stretches[number].stop:
                break
            numbers.append(number)
        if len(numbers) == 2 and numbers[0] != numbers[1]:
            between[numbers[0], numbers[1]].append(pair)
    return {key: _link(stretches, key, found) for key, found in between.items()}


def _link(stretches: Sequence[Stretch], key: tuple[int, int], pairs: Sequence[Pair]) -> Link:
    weights: Mapping[int, float] = defaultdict(float)
    for pair in pairs:
        weights[pair.semitones] += pair.score  # type: ignore[index]
    semitones = max(weights, key=lambda turn: weights[turn])
    same = [pair for pair in pairs if pair.semitones == semitones]
    covered = []
    for side in (0, 1):
        stretch = stretches[key[side]]
        flags = np.zeros(stretch.length, np.bool_)
        for pair in same:
            first, last = pair.starts[side] - stretch.start, pair.stops[side] - stretch.start
            flags[max(0, int(first)) : max(0, int(last))] = True
        covered.append(float(flags.mean()))
    best = max(same, key=lambda pair: pair.score)
    along = [pair for pair in same if _off_s(best, pair) <= _ALONG_S]
    spans = tuple(
        (min(pair.starts[side] for pair in along), max(pair.stops[side] for pair in along)) for side in (0, 1)
    )
    score = sum(pair.score for pair in same)
    return Link(score, (covered[0], covered[1]), semitones, best.speed, (spans[0], spans[1]))


def _off_s(best: Pair, pair: Pair) -> float:
    """Return how far a pair is from where the strongest one would lead."""
    return abs(best.other(0, pair.starts[0]) - pair.starts[1]) / FRAMES_PER_S


def grouped_songs(stretches: Sequence[Stretch], pairs: Iterable[Pair]) -> list[DaySong]:
    """Return the songs in the order of their first takes."""
    links = links_of(stretches, pairs)
    parents = list(range(len(stretches)))

    def root(number: int) -> int:
        while parents[number] != number:
            number = parents[number]
        return number

    for (one, other), link in sorted(links.items(), key=lambda item: -item[1].score):
        shorter = link.shares[0] if stretches[one].length < stretches[other].length else link.shares[1]
        if link.score >= _LEAST_SCORE and shorter >= _COVERED:
            parents[max(root(one), root(other))] = min(root(one), root(other))
    groups: dict[int, list[int]] = defaultdict(list)
    for number in range(len(stretches)):
        groups[root(number)].append(number)
    songs = []
    for members in groups.values():
        if max(stretches[one].length for one in members) < _SONG_S * FRAMES_PER_S:
            continue
        takes = _takes(stretches, members, links)
        songs.append(DaySong(f"Song {len(songs) + 1}", tuple(takes)))
    return songs


def _takes(
    stretches: Sequence[Stretch], members: Sequence[int], links: Mapping[tuple[int, int], Link]
) -> list[SongTake]:
    """Return the takes of a song, each placed on the longest one."""
    reference = max(members, key=lambda one: (stretches[one].length, one))
    placed = {one: _placed_on(stretches, reference, one, links) for one in members}
    whole = [one for one in members if placed[one].is_complete]
    first = placed[whole[0]] if whole else _ON_ITSELF
    return [
        SongTake(
            stretches[one].start / FRAMES_PER_S,
            stretches[one].stop / FRAMES_PER_S,
            placed[one].is_complete,
            (placed[one].semitones - first.semitones + 5) % 12 - 5,
            round(placed[one].speed / first.speed, 3),
        )
        for one in members
    ]


@dataclass(frozen=True, slots=True)
class _Place:
    """A take on the reference of its song."""

    is_complete: bool
    semitones: int
    speed: float


_ON_ITSELF = _Place(True, 0, 1.0)


def _placed_on(
    stretches: Sequence[Stretch], reference: int, one: int, links: Mapping[tuple[int, int], Link]
) -> _Place:
    """Return how a take plays the reference: which part, how much higher, and how much faster."""
    if one == reference:
        return _ON_ITSELF
    link = links.get((min(one, reference), max(one, reference)))
    if link is None:  # both are like a third take
        long_enough = stretches[one].length >= _WHOLE * stretches[reference].length
        return _Place(long_enough, 0, 1.0)
    own, other = (1, 0) if one > reference else (0, 1)
    way = 1 if one > reference else -1
    speed = link.speed**way
    (start, stop), (first, last) = link.spans[own], link.spans[other]
    begins = first - (start - stretches[one].start) * speed - stretches[reference].start
    ends = last + (stretches[one].stop - stop) * speed - stretches[reference].stop
    near = _EDGE_S * FRAMES_PER_S
    return _Place(begins <= near and ends >= -near, link.semitones * way, speed)
