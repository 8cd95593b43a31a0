"""Passages with takes on lanes: clips of a track that overlap, tracks that go together, and wishes.

Wishes of the user are stars, and the answers to switches that were proposed before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.document.edits.markers import AVOIDED, MOST_STARS, ratings_of
from engine.document.edits.takes import take_lanes
from engine.document.kinds.order import COMP, covered
from engine.document.kinds.sounding import TAKE, takes_of
from engine.document.proposals import Verdict, edited
from engine.document.state import DocumentState
from engine.document.tracks import Clip, Track, visible_in_time

LEAST_S = 1.0
"""A shorter passage has no bars to choose from."""
_SAME_S = 0.1
"""Tracks that were recorded together have takes of the same length, but for the blocks of a recorder."""
_MOSTLY = 0.9
"""Share of a bar that is played from one lane if a user cut near the line, and not in the middle of it."""


@dataclass(frozen=True, slots=True)
class LanePassage:
    """A span [start, stop) of the timeline with several takes on some tracks.

    Attributes
    ----------
    tracks : recorded together; each has the same number of takes there
    lanes : of each track the lanes of its takes, from 0
    """

    start_samples: int
    stop_samples: int
    tracks: tuple[Track, ...]
    lanes: tuple[tuple[int, ...], ...]

    @property
    def count(self) -> int:
        """The number of takes."""
        return len(self.lanes[0])


def lane_passages(state: DocumentState, track_ids: Sequence[str] = ()) -> tuple[LanePassage, ...]:
    """Return the passages with takes on lanes, ascending.

    Parameters
    ----------
    track_ids : only those of these tracks; none are all
    """
    found: list[tuple[LanePassage, list[tuple[int, int]]]] = []
    for track in state.tracks:
        if track_ids and track.id not in track_ids:
            continue
        for passage, edges in _of_track(state, track):
            place = _parallel(found, passage, edges, state.rate_hz)
            if place is None:
                found.append((passage, edges))
            else:
                known = found[place][0]
                joined = LanePassage(
                    max(known.start_samples, passage.start_samples),
                    min(known.stop_samples, passage.stop_samples),
                    (*known.tracks, track),
                    (*known.lanes, *passage.lanes),
                )
                found[place] = joined, edges
    return tuple(sorted((one for one, _ in found), key=lambda one: one.start_samples))


def _of_track(state: DocumentState, track: Track) -> Iterator[tuple[LanePassage, list[tuple[int, int]]]]:
    """Yield the passages of one track, each with the edges of its takes inside."""
    lanes = take_lanes(state, track)
    if len(lanes) < 2:
        return
    edges = np.unique([edge for clip in track.clips for edge in (clip.start_samples, clip.stop_samples)])
    is_in = np.array([_covers(lane, edges) for lane in lanes])
    several = np.pad(is_in.sum(axis=0) > 1, 1).astype(np.int8)
    firsts, lasts = np.flatnonzero(np.diff(several) == 1), np.flatnonzero(np.diff(several) == -1)
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        start, stop = int(edges[first]), int(edges[last])
        own = [number for number in range(len(lanes)) if is_in[number, first:last].any()]
        if stop - start >= LEAST_S * state.rate_hz:
            inner = []
            for number in own:
                here = first + np.flatnonzero(is_in[number, first:last])
                inner.append((int(edges[here[0]]), int(edges[here[-1] + 1])))
            yield LanePassage(start, stop, (track,), (tuple(own),)), inner


def _covers(lane: Sequence[Clip], edges: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether a lane plays each span between two neighbouring edges."""
    found = np.zeros(len(edges) - 1, np.bool_)
    for clip in lane:
        first, last = np.searchsorted(edges, [clip.start_samples, clip.stop_samples])
        found[first:last] = True
    return found


def _parallel(
    found: Sequence[tuple[LanePassage, list[tuple[int, int]]]],
    passage: LanePassage,
    edges: list[tuple[int, int]],
    rate_hz: int,
) -> int | None:
    """Return the place of a passage whose tracks have takes with the same edges; None without one."""
    for place, (one, its) in enumerate(found):
        is_other = passage.tracks[0] not in one.tracks
        if is_other and len(its) == len(edges) and np.abs(np.subtract(its, edges)).max() <= _SAME_S * rate_hz:
            return place
    return None


def lane_track(state: DocumentState, track: Track, number: int) -> Track:
    """Return one take of a track as a track of its own, as it was recorded: without the fades of a comp."""
    lane = take_lanes(state, track)[number]
    clips = tuple(replace(clip, fade_in_samples=0, fade_out_samples=0) for clip in lane)
    return replace(track, id=f"{track.id}/{number}", clips=clips)


def pairs_in(
    state: DocumentState, track: Track, number: int, start: int, stop: int
) -> tuple[tuple[str, int], ...]:
    """Return the sources of a lane in a span, and where each begins on the timeline."""
    lane = take_lanes(state, track)[number]
    here = (clip for clip in lane if clip.start_samples < stop and clip.stop_samples > start)
    return tuple(dict.fromkeys(clip.take for clip in here))


def is_there(state: DocumentState, passage: LanePassage, edges: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each take of a passage plays whole pieces on all its tracks, shape (takes, pieces).

    Parameters
    ----------
    edges : of the pieces, on the timeline, shape (pieces + 1,)
    """
    spans = list(pairwise(edges.tolist()))
    found = np.ones((passage.count, len(spans)), np.bool_)
    for track, numbers in zip(passage.tracks, passage.lanes, strict=True):
        lanes = take_lanes(state, track)
        for row, number in enumerate(numbers):
            found[row] &= [_overlap(lanes[number], *span) >= span[1] - span[0] for span in spans]
    return found


def playing(
    state: DocumentState, passage: LanePassage, played: Sequence[Track], edges: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the take that each track of a passage plays in each piece, shape (tracks, pieces).

    It is -1 for parts of several takes.

    Parameters
    ----------
    played : the tracks of the passage after accepted switches
    edges : of the pieces, on the timeline, shape (pieces + 1,)
    """
    found = np.full((len(played), len(edges) - 1), -1, np.int64)
    whole = int(edges[0]), int(edges[-1])
    for row, (track, numbers, one) in enumerate(zip(passage.tracks, passage.lanes, played, strict=True)):
        takes = [set(pairs_in(state, track, number, *whole)) for number in numbers]
        shown = visible_in_time(one.clips)
        for piece, (start, stop) in enumerate(pairwise(edges.tolist())):
            lengths = np.zeros(len(takes))
            for part in shown:
                both = min(part.stop_samples, stop) - max(part.start_samples, start)
                if both > 0:
                    lengths[[part.clip.take in take for take in takes]] += both
            if lengths.max(initial=0.0) >= _MOSTLY * (stop - start):
                found[row, piece] = int(lengths.argmax())
    return found


def _overlap(clips: Sequence[Clip], start: int, stop: int) -> int:
    """Return how many samples of a span clips of one lane cover."""
    return sum(max(0, min(clip.stop_samples, stop) - max(clip.start_samples, start)) for clip in clips)


_RATINGS = {Verdict.ACCEPTED: MOST_STARS, Verdict.REJECTED: AVOIDED}


def wishes_of(state: DocumentState) -> list[tuple[int, int, int]]:
    """Return the rated spans [start, stop), and those of switches that were accepted or rejected before."""
    switches = (one.id for one in state.proposals.values() if one.kind == COMP.name)
    decided = ((*state.span(key), _RATINGS.get(state.verdict(key), 0)) for key in switches)
    return [*ratings_of(state), *(one for one in decided if one[2])]


def chosen_switches(state: DocumentState) -> dict[str, tuple[int, int]]:
    """Return the bars that accepted switches cover in the take that stays, [start, stop), by proposal."""
    return {
        key: covered(edited(one, state.decisions[key]))
        for key, one in state.proposals.items()
        if one.kind == COMP.name and state.verdict(key) is Verdict.ACCEPTED
    }


def common_samples(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Return how much two spans share."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def lane_wishes(
    state: DocumentState, passage: LanePassage, played: Sequence[Track]
) -> Iterator[tuple[int, int, int, int]]:
    """Yield spans [start, stop) of takes on lanes with their rating: take, start, stop and stars.

    A star is for the take that plays where it is; takes of rejected switches are avoided.

    Parameters
    ----------
    played : the tracks of the passage after accepted switches
    """
    for start, stop, stars in ratings_of(state):
        first, last = max(start, passage.start_samples), min(stop, passage.stop_samples)
        if first < last:
            now = playing(state, passage, played, np.array([first, last]))[:, 0]
            if now[0] >= 0 and (now == now[0]).all():
                yield int(now[0]), first, last, stars
    for one in state.proposals.values():
        if one.kind == TAKE.name and state.verdict(one.id) is Verdict.REJECTED:
            rejected = edited(one, state.decisions[one.id])
            start, stop = rejected.start_samples, rejected.stop_samples
            for take in _playing_any(state, passage, takes_of(rejected), (start, stop)):
                yield take, start, stop, AVOIDED


def _playing_any(
    state: DocumentState, passage: LanePassage, wanted: Sequence[tuple[str, int]], span: tuple[int, int]
) -> list[int]:
    """Return the takes of a passage that some sources play in a span."""
    return [
        take
        for take in range(passage.count)
        if any(
            one in wanted
            for track, lanes in zip(passage.tracks, passage.lanes, strict=True)
            for one in pairs_in(state, track, lanes[take], *span)
        )
    ]
