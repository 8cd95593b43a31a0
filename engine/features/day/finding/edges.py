"""Edges of takes, by the other takes of their song: intros that were missed, and noodling beside the song."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.features.day.finding.activity import State
from engine.features.day.finding.joining import pitches_alike, rhythm_odds
from engine.features.day.finding.links import ONE_SONG_SCORE, Links, seen_by
from engine.features.day.finding.segments import Segment
from engine.features.day.finding.songs import longest_of
from engine.features.takes.features import FRAMES_PER_S, Frames

_AGREE_S, _LONGEST_S = 2.0, 25.0
"""How exactly takes agree on a start, and the longest intro, or noodling, at an edge."""
_LEAST_S = 2.5
"""Shorter noodling stays: the other takes show their first common note no more exactly than that."""
_IN_TIME_BEFORE, _IN_TIME_AFTER, _IN_KEY = 0.5, -1.0, 0.75
"""Log odds of rhythm before and after a song, and correlation of pitches, below which playing is noodling. A
last chord that rings has no rhythm, so the end of a take has to be out of time."""


def settled_edges(
    frames: Frames,
    states: NDArray[np.int64],
    segments: Sequence[Segment],
    groups: Sequence[Sequence[int]],
    links: Links,
) -> Sequence[Segment]:
    """Return takes without noodling at their edges, and with quiet intros that other takes have.

    Parameters
    ----------
    states : of each frame, see `engine.features.day.finding.activity`
    groups : the numbers of the takes of each song
    links : of all takes
    """
    left = without_noodling_at_edges(frames, segments, groups, links)
    return with_common_starts(left, groups, links, states)


def without_noodling_at_edges(
    frames: Frames,
    segments: Sequence[Segment],
    groups: Iterable[Sequence[int]],
    links: Links,
) -> tuple[Segment, ...]:
    """Return takes without what no other take plays at their edges, unless it sounds like the take itself."""
    made = list(segments)
    for members in groups:
        for one in members:
            own, seen = segments[one], seen_by(links, one, members)
            spans = [link.span for _, link in seen if link.link.score >= ONE_SONG_SCORE]
            if not spans:
                continue
            first = round(min(first for first, _ in spans))
            last = round(max(last for _, last in spans))
            if _is_noodling(frames, Segment(own.start, first), Segment(first, own.stop), _IN_TIME_BEFORE):
                made[one] = replace(made[one], start=first)
            if _is_noodling(frames, Segment(last, own.stop), Segment(own.start, last), _IN_TIME_AFTER):
                made[one] = replace(made[one], stop=last)
    return tuple(made)


def _is_noodling(frames: Frames, edge: Segment, rest: Segment, in_time: float) -> bool:
    """Return whether playing at an edge has neither the rhythm nor the pitches of the rest of a take."""
    if not _LEAST_S <= edge.length / FRAMES_PER_S <= min(_LONGEST_S, rest.length / FRAMES_PER_S):
        return False
    return rhythm_odds(frames, edge, rest) <= in_time and pitches_alike(frames, edge, rest) < _IN_KEY


def with_common_starts(
    segments: Sequence[Segment],
    groups: Iterable[Sequence[int]],
    links: Links,
    states: NDArray[np.int64],
) -> tuple[Segment, ...]:
    """Return segments that begin where two takes of their song agree, so that quiet intros are not missed."""
    made, stops = list(segments), np.array([one.stop for one in segments])
    for members in groups:
        reference = longest_of(segments, members)
        late: dict[int, float] = {reference: 0.0}
        for one, seen in seen_by(links, reference, members):
            late[one] = seen.back_of(segments[one].start) - segments[reference].start
        near = _AGREE_S * FRAMES_PER_S
        agreed = [
            one for one in late.values() if sum(abs(one - other) <= near for other in late.values()) > 1
        ]
        for one, off in late.items():
            missing = round(off - min(agreed, default=off))
            start = segments[one].start - missing
            is_free = start >= 0 and not ((stops > start) & (stops <= segments[one].start)).any()
            is_an_intro = near < missing <= _LONGEST_S * FRAMES_PER_S and is_free
            if is_an_intro and not (states[start : segments[one].start] == State.TALK).any():
                made[one] = replace(segments[one], start=start)
    return tuple(made)
