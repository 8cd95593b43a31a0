"""Divide medleys: where other takes begin or end as the middle of one does, a song begins or ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from engine.features.day.finding.joining import LONG_BREAK_S, is_after_a_break
from engine.features.day.finding.links import COVERED_S, Links, Seen, is_near, seen_by
from engine.features.day.finding.segments import Segment
from engine.features.takes.features import FRAMES_PER_S

Range = tuple[int, int]

_SURE_SCORE = 40.0
"""Minimum score of a link that divides a take."""
_SONG_S, _PART_S, _APART_S, _SNAP_S, _ACROSS_S = 45.0, 25.0, 15.0, 3.0, 15.0


def divided(takes: Sequence[Segment], links: Links, segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return takes, medleys divided: where other takes begin or end as the middle of one does.

    Parameters
    ----------
    segments : those that the takes were joined of, whose edges are more exact than those of other takes
    """
    made: list[Segment] = []
    for number, one in enumerate(takes):
        edges, least = [one.start], _PART_S * FRAMES_PER_S
        found = (*_beginnings(takes, links, segments, number), *_endings(takes, links, segments, number))
        for stop, start in sorted(found):
            is_far = min(stop - edges[-1], one.stop - start) >= least
            if is_far and not _is_played_across(links, number, stop, len(takes)):
                edges += [stop, start]
        edges.append(one.stop)
        made += [
            Segment(start, stop, one.is_thin) for start, stop in zip(edges[::2], edges[1::2], strict=True)
        ]
    return tuple(made)


def _beginnings(
    takes: Sequence[Segment], links: Links, segments: Sequence[Segment], number: int
) -> Iterator[Range]:
    """Yield the places in a take where another one begins, each as stop and start."""
    starts = np.array([one.start for one in segments])
    for other, seen in seen_by(links, number, range(len(takes))):
        begins = seen.back_of(takes[other].start)
        near = starts[np.abs(starts - begins) <= _SNAP_S * FRAMES_PER_S]
        begins = float(near[np.argmin(np.abs(near - begins))]) if len(near) else begins
        if seen.link.score >= _SURE_SCORE and _is_a_song(takes, other, takes[number], seen):
            yield round(begins), round(begins)


def _endings(
    takes: Sequence[Segment], links: Links, segments: Sequence[Segment], number: int
) -> Iterator[Range]:
    """Yield the places in a take where two others end, or one before a long break, each as stop and start.

    Others that begin elsewhere are practised parts: their end is not that of the song.
    """
    own = takes[number]
    inside = [one for one in segments if own.start <= one.start and one.stop <= own.stop]
    stops = np.array([one.stop for one in inside[:-1]])
    near: Counter[int] = Counter()
    for other, seen in seen_by(links, number, range(len(takes))):
        end = seen.span[1]
        if len(stops) and seen.link.score >= _SURE_SCORE and _is_all_of(takes[other], own, seen):
            at = int(np.argmin(np.abs(stops - end)))
            near[at] += is_near(stops[at], end, _SNAP_S)
    for at, count in near.items():
        stop, start = inside[at].stop, inside[at + 1].start
        if count > 1 or (count and start - stop >= LONG_BREAK_S * FRAMES_PER_S):
            yield stop, start


def _is_all_of(there: Segment, own: Segment, seen: Seen) -> bool:
    """Return whether a long take is played from its start to its end at the start of another one."""
    first, last = seen.link.spans[1 - seen.side]
    is_whole = first - there.start <= COVERED_S * FRAMES_PER_S and is_near(last, there.stop)
    is_first = abs(seen.back_of(there.start) - own.start) <= _APART_S * FRAMES_PER_S
    return there.length >= _SONG_S * FRAMES_PER_S and is_whole and is_first


def _is_played_across(links: Links, number: int, place: float, count: int) -> bool:
    """Return whether another take plays the music of a take from well before a place to well after it."""
    well = _ACROSS_S * FRAMES_PER_S
    spans = (seen.span for _, seen in seen_by(links, number, range(count)))
    return any(start <= place - well and place + well <= stop for start, stop in spans)


def _is_a_song(takes: Sequence[Segment], other: int, one: Segment, seen: Seen) -> bool:
    """Return whether another take, not the rest of this one, is a song from its first note on."""
    there = takes[other]
    is_long = there.length >= _SONG_S * FRAMES_PER_S
    is_apart = not 0 <= there.start - one.stop <= _APART_S * FRAMES_PER_S
    is_from_start = seen.link.spans[1 - seen.side][0] - there.start <= COVERED_S * FRAMES_PER_S
    return is_long and is_apart and is_from_start and is_after_a_break(takes, other, LONG_BREAK_S)
