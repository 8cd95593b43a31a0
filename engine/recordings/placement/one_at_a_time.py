"""Places that one device cannot have recorded: two files at once, or against its own timecode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from engine.recordings.placement.continuations import Take
from engine.recordings.placement.file_head import FileHead
from engine.recordings.placement.names import numbered, of_one_track
from engine.recordings.placement.placements import Basis
from engine.recordings.placement.positions import Position
from engine.recordings.placement.take_times import take_length_s, take_times

_AGREE_S, _MOST_PPM = 2.5, 500.0
_MOST_OVERLAP = 0.5
"""Share of the shorter take."""


def one_at_a_time(
    takes: Sequence[Take], heads: Sequence[FileHead], rate_hz: int, places: Mapping[int, Position]
) -> bool:
    """Return whether takes can be at some places.

    Takes of one device do not sound together if their names differ in counters only, and they are as far from
    each other as their time references, which are exact.
    """
    times = take_times(takes, heads)
    for first, second in combinations(sorted(places), 2):
        if takes[first].device != takes[second].device:
            continue
        apart_s = (places[second].start_samples - places[first].start_samples) / rate_hz
        lengths_s = [take_length_s(takes[one], heads) for one in (first, second)]
        shared_s = min(apart_s + lengths_s[1], lengths_s[0]) - max(apart_s, 0.0)
        if _share_a_track(takes[first], takes[second], heads) and shared_s > min(
            _AGREE_S, _MOST_OVERLAP * min(lengths_s)
        ):
            return False
        one, other = times.get(first), times.get(second)
        if one is None or other is None or one.clock != other.clock:
            continue
        are_exact = one.basis is other.basis is Basis.TIME_REFERENCE and one.was_set and other.was_set
        stated_s = other.start_s - one.start_s
        if are_exact and abs(stated_s - apart_s) > _AGREE_S + _MOST_PPM / 1e6 * abs(apart_s):
            return False
    return True


def _share_a_track(first: Take, second: Take, heads: Sequence[FileHead]) -> bool:
    """Return whether a file of each may be of one track, by their names."""
    names = [[numbered(heads[index].path.stem) for index in take.files] for take in (first, second)]
    return any(of_one_track(one, other) for one in names[0] for other in names[1])
