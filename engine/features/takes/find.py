"""Find passages played more than once in a recording, and attempts that break off and are repeated.

Takes of one passage are grouped: every member is placed on the longest of them. Players break off in the
middle of music, so an attempt is a suffix of the playing before a break that is a prefix of the playing after
one, which continues (the overlap of a genome assembly, E. W. Myers, 1995).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from engine.analysis.found_takes import FalseStart, FoundTakes, Take, TakeGroup
from engine.core.progress import SILENT, Progress
from engine.core.timebase import format_time
from engine.features.takes.features import FRAMES_PER_S, Floats, Frames, frames_of
from engine.features.takes.pairs import Pair, Spans, find_pairs, pairs_between
from engine.features.takes.playing import SOFT_BELOW_DB, are_tuning, performances

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
            if number and number not in used and not _is_explained(pair, members)
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


def _is_explained(pair: Pair, members: Sequence[Member]) -> bool:
    """Return whether both sides of a pair are mostly inside members."""
    return all(
        any(
            min(pair.stops[side], one.stop) - max(pair.starts[side], one.start) > 0.5 * pair.length(side)
            for one in members
        )
        for side in (0, 1)
    )


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
    return [_false_start(best[place]) for place in sorted(best, key=lambda one: best[one].stop)]


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


def _false_start(seen: _Seen) -> FalseStart:
    start_s, stop_s, again_s = (place / FRAMES_PER_S for place in (seen.start, seen.stop, seen.again))
    return FalseStart.of(start_s, stop_s, again_s, round(seen.chance, 3))


_COMPLETE_WITHIN_S, _COMPLETE_SHARE = 2.0, 0.06
_LOOKED_AT_S = 6.0
"""Minimum length analysed at the repetition of an attempt."""
_EVERY_S, _MOST_S = 3300.0, 3600.0


def find_takes(
    blocks: Iterable[Floats], rate_hz: int, total_samples: int = 0, progress: Progress = SILENT
) -> FoundTakes:
    """Analyse a mono stream and find passages played more than once in it.

    Parameters
    ----------
    blocks : float32 at `rate_hz`, each of shape (n,); non-finite samples count as silence
    total_samples : how many are expected, for the progress

    Raises
    ------
    Cancelled : the user asked for it
    """
    frames = frames_of(blocks, rate_hz, total_samples, progress.part(0.0, 0.18))
    return takes_in(frames, progress.part(0.18, 1.0))


def takes_in(frames: Frames, progress: Progress = SILENT, *, in_all_keys: bool = True) -> FoundTakes:
    """Find passages played more than once in analysed frames.

    Parameters
    ----------
    in_all_keys : also find passages that are repeated in another key

    Raises
    ------
    Cancelled : the user asked for it
    """
    spans = performances(frames.levels_db)
    pairs = find_pairs(frames, spans, progress.part(0.0, 0.9), in_all_keys=in_all_keys)
    return takes_from(frames, spans, pairs, progress.part(0.9, 1.0))


def takes_from(
    frames: Frames, spans: Spans, pairs: Sequence[Pair], progress: Progress = SILENT
) -> FoundTakes:
    """Return the passages played more than once by the similar passages of all performances.

    Parameters
    ----------
    spans : the performances, frames [start, stop), shape (k, 2)
    pairs : those that `find_pairs` found

    Raises
    ------
    Cancelled : the user asked for it
    """
    edges = Edges(spans[:, 0], spans[:, 1])
    played_again = []
    for pair in takes_of(pairs, edges):
        progress.check_cancelled()
        if not are_tuning(frames, pair.sides()):
            played_again.append(pair)
    together = grouped(played_again)
    groups = sorted(map(_group, together), key=lambda group: group.takes[0].start_s)
    near = near_pairs(frames, spans, progress.part(0.0, 0.5))
    softly = performances(frames.levels_db, SOFT_BELOW_DB)
    nearer = near_pairs(frames, softly, progress.part(0.5, 1.0))
    breaks = (
        Broken(chain(pairs, near), edges),
        Broken(chain(pairs, nearer), Edges(softly[:, 0], softly[:, 1]), is_soft=True),
    )
    starts = [one for one in false_starts(breaks, together) if not _is_tuning(one, frames)]
    played = tuple((start / FRAMES_PER_S, stop / FRAMES_PER_S) for start, stop in spans.tolist())
    return FoundTakes(tuple(groups), tuple(starts), played)


def false_starts_in(
    frames: Frames, progress: Progress = SILENT, *, every_s: float = _EVERY_S, most_s: float = _MOST_S
) -> tuple[FalseStart, ...]:
    """Find the likely false starts, in a time that grows with the length of the recording.

    Recordings longer than an hour are searched hour by hour, with overlaps: players return to a broken-off
    passage within minutes, and in the same key.

    Parameters
    ----------
    every_s, most_s : how far apart the hours begin, and how long they are

    Raises
    ------
    Cancelled : the user asked for it
    """
    every, most = round(every_s * FRAMES_PER_S), round(most_s * FRAMES_PER_S)
    begins = range(0, max(1, len(frames) - (most - every)), every)
    found: list[FalseStart] = []
    for number, begin in enumerate(begins):
        share = progress.step(number, len(begins))
        part = takes_in(frames.part(begin, begin + most), share, in_all_keys=False).likely_false_starts()
        limit_s = most_s if number == len(begins) - 1 else every_s
        known_s = found[-1].stop_s if found else 0.0
        fresh = [one.later(begin / FRAMES_PER_S) for one in part if one.start_s < limit_s]
        # The end of the hour before is the middle of this one.
        found += [one for one in fresh if one.start_s >= known_s]
    return tuple(found)


def _is_tuning(start: FalseStart, frames: Frames) -> bool:
    """Return whether players tune in an attempt and in its repetition."""
    length_s = max(start.stop_s - start.start_s, _LOOKED_AT_S)
    spans_s = (start.start_s, start.stop_s), (start.begins_again_s, start.begins_again_s + length_s)
    return are_tuning(frames, [(FRAMES_PER_S * begin_s, FRAMES_PER_S * end_s) for begin_s, end_s in spans_s])


def _group(members: Sequence[Member]) -> TakeGroup:
    low, high = min(one.low for one in members), max(one.high for one in members)
    length = max(high - low, 1.0)
    within = max(_COMPLETE_WITHIN_S * FRAMES_PER_S, _COMPLETE_SHARE * length)
    complete = [one.low - low <= within and high - one.high <= within for one in members]
    first = members[complete.index(True) if any(complete) else 0]
    takes = tuple(
        Take(
            one.start / FRAMES_PER_S,
            one.stop / FRAMES_PER_S,
            whole,
            (one.semitones - first.semitones + 5) % 12 - 5,
            round(one.speed / first.speed, 3),
            round(float(np.clip((one.low - low) / length, 0.0, 1.0)), 3),
            round(float(np.clip((one.high - low) / length, 0.0, 1.0)), 3),
        )
        for one, whole in zip(members, complete, strict=True)
    )
    return TakeGroup(f"passage at {format_time(first.start / FRAMES_PER_S, 0)}", takes)
