"""Songs of a day: takes that share music on one diagonal are takes of one song.

Of each song, the longest take is the reference that the others are placed on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.features.day.day import DaySong, SongTake
from engine.features.day.finding.links import ONE_SONG_SCORE, Link, Links, links_of, seen_by, seen_from
from engine.features.day.finding.segments import LONG_S, Segment, is_less, pitches_of, usual_db
from engine.features.takes.features import FRAMES_PER_S, Frames
from engine.features.takes.pairs import Pair

SettleEdges = Callable[[Sequence[Segment], Sequence[Sequence[int]], Links], Sequence[Segment]]

_COVERED = 0.4
_MOSTLY, _FEW, _EACH_S = 0.75, 8.0, 1.2
"""Share and score of short takes at least, and score of each second of the music in common."""
_SONG_S, _LEAST_TAKE_S = 20.0, 4.0
"""Playing that is shorter, and alike no other, is not a song; a take is longer than a few notes."""
_WHOLE = 0.9
_EDGE_S, _FIRST_S = 6.0, 2.0
_ALONE_DB, _REPEATED_DB, _DRUMS = 1.0, -3.0, 0.4
"""Mean differences to the songs of the day below which short playing is noodling, once and more often, and
the share of their pitches below which it is drums alone."""


def grouped_songs(
    segments: Sequence[Segment], pairs: Iterable[Pair], settle: SettleEdges | None = None
) -> list[DaySong]:
    """Return the songs in the order of their first takes.

    Parameters
    ----------
    settle : moves edges of takes, see `edges`; None where takes begin as segments do
    """
    links = links_of(segments, pairs)
    parents = list(range(len(segments)))

    def root(number: int) -> int:
        while parents[number] != number:
            number = parents[number]
        return number

    for (one, other), link in sorted(links.items(), key=lambda item: -item[1].score):
        if is_one_song(segments[one], segments[other], link):
            parents[max(root(one), root(other))] = min(root(one), root(other))
    groups: dict[int, list[int]] = defaultdict(list)
    for number in range(len(segments)):
        groups[root(number)].append(number)
    if settle is not None:
        segments = settle(segments, list(groups.values()), links)
    songs: list[DaySong] = []
    for members in groups.values():
        if sum(segments[one].length for one in members) < _SONG_S * FRAMES_PER_S:
            continue
        members = [one for one in members if segments[one].length >= _LEAST_TAKE_S * FRAMES_PER_S]
        takes = _takes(segments, members, links)
        songs.append(DaySong(f"Song {len(songs) + 1}", tuple(takes)))
    return songs


def with_false_starts(takes: Sequence[Segment], links: Links) -> list[Segment]:
    """Return the full takes, and the thin ones that play the first notes of a full one."""
    full = [number for number, one in enumerate(takes) if not one.is_thin]

    def is_false_start(number: int) -> bool:
        for other, seen in seen_by(links, number, full):
            begins = seen.link.spans[1 - seen.side][0] - takes[other].start
            one, two = sorted((number, other))
            if begins <= _FIRST_S * FRAMES_PER_S and is_one_song(takes[one], takes[two], seen.link):
                return True
        return False

    return [one for number, one in enumerate(takes) if number in full or is_false_start(number)]


def without_noodling(frames: Frames, songs: Sequence[DaySong]) -> list[DaySong]:
    """Return songs, numbered, but short ones with less in most bands than the others, and solos of drums."""
    played = [_segments(one) for one in songs]
    long = [one for takes in played for one in takes if one.length >= LONG_S * FRAMES_PER_S]
    if not long:
        return list(songs)
    usual, pitched = usual_db(frames, long), np.median([_pitched(frames, one) for one in long])

    def is_noodling(takes: Sequence[Segment]) -> bool:
        if max(one.length for one in takes) >= LONG_S * FRAMES_PER_S:
            return False
        if len(takes) > 1:
            return all(is_less(frames, one, usual, _REPEATED_DB) for one in takes)
        return is_less(frames, takes[0], usual, _ALONE_DB) or _pitched(frames, takes[0]) < _DRUMS * pitched

    left = [song for song, takes in zip(songs, played, strict=True) if not is_noodling(takes)]
    return [replace(song, name=f"Song {number}") for number, song in enumerate(left, 1)]


def _pitched(frames: Frames, one: Segment) -> float:
    """Return how much pitch classes stand out in a take; drums alone have a third of it."""
    return float(np.linalg.norm(pitches_of(frames, one)))


def _segments(song: DaySong) -> list[Segment]:
    edges_s = ((take.start_s, take.stop_s) for take in song.takes)
    return [
        Segment(round(FRAMES_PER_S * start_s), round(FRAMES_PER_S * stop_s)) for start_s, stop_s in edges_s
    ]


def longest_of(segments: Sequence[Segment], members: Sequence[int]) -> int:
    """Return the longest take of a song, which the others are placed on."""
    return max(members, key=lambda one: (segments[one].length, one))


def is_one_song(one: Segment, other: Segment, link: Link) -> bool:
    """Return whether two takes are of one song by the music that they have in common."""
    shorter = min(one, other, key=lambda each: each.length)
    share = link.shares[0] if shorter is one else link.shares[1]
    each_s = link.score / max(share * shorter.length / FRAMES_PER_S, 1.0)
    is_long = link.score >= ONE_SONG_SCORE and share >= _COVERED
    return each_s >= _EACH_S and (is_long or (share >= _MOSTLY and link.score >= _FEW))


def _takes(segments: Sequence[Segment], members: Sequence[int], links: Links) -> list[SongTake]:
    """Return the takes of a song, each placed on the longest one."""
    reference = longest_of(segments, members)
    placed = {one: _placed_on(segments, reference, one, links) for one in members}
    whole = [one for one in members if placed[one].is_complete]
    first = placed[whole[0]] if whole else _ON_ITSELF
    return [
        SongTake(
            segments[one].start / FRAMES_PER_S,
            segments[one].stop / FRAMES_PER_S,
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


def _placed_on(segments: Sequence[Segment], reference: int, one: int, links: Links) -> _Place:
    """Return how a take plays the reference: which part, how much higher, and how much faster."""
    if one == reference:
        return _ON_ITSELF
    seen = seen_from(links, reference, one)
    if seen is None:  # both are like a third take
        long_enough = segments[one].length >= _WHOLE * segments[reference].length
        return _Place(long_enough, 0, 1.0)
    begins = seen.back_of(segments[one].start) - segments[reference].start
    ends = seen.back_of(segments[one].stop) - segments[reference].stop
    near = _EDGE_S * FRAMES_PER_S
    return _Place(begins <= near and ends >= -near, seen.semitones, seen.speed)
