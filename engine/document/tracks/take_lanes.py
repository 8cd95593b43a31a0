"""Takes of a track: clips that play the same passage, in lanes under each other.

A clip and the parts that were split off it are one take. Takes come in the order in which their sources were
imported, then by their place in the source, so that lanes stay where they are when a take is raised.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.core.latest import found_once_of
from engine.document.state import DocumentState
from engine.document.tracks.clip import Clip
from engine.document.tracks.track import Source, Track

LARGEST_OVERLAP = 0.25
"""Clips that overlap by a larger share of the shorter one, crossfade aside, are takes of one passage."""
MOST_LANES = 100
"""Further takes are in the last lane."""


def take_lanes(state: DocumentState, track: Track) -> tuple[tuple[Clip, ...], ...]:
    """Return the clips of a track in lanes, each with the bottom layer first; without takes, one lane.

    The clips of a lane overlap by a crossfade at most.
    """
    if len(track.clips) == 1:
        return (track.clips,)
    return _packed(track.clips, state.sources)


def take_tracks(state: DocumentState, track: Track) -> tuple[Track, ...]:
    """Return the takes of a track as tracks of their own, which no document holds; none without takes."""
    lanes = take_lanes(state, track)
    takes = (replace(track, id=f"{track.id}/{number}", clips=clips) for number, clips in enumerate(lanes))
    return tuple(takes) if len(lanes) > 1 else ()


def are_takes(one: Clip, other: Clip) -> bool:
    """Return whether two clips overlap by more than a crossfade."""
    first, second = sorted((one, other), key=lambda clip: (clip.start_samples, clip.stop_samples))
    overlap = min(first.stop_samples, second.stop_samples) - second.start_samples
    if first.stop_samples < second.stop_samples:
        overlap -= max(first.fade_out_samples, second.fade_in_samples)
    return overlap > LARGEST_OVERLAP * min(first.length_samples, second.length_samples)


@found_once_of(64)
def _packed(clips: tuple[Clip, ...], sources: Mapping[str, Source]) -> tuple[tuple[Clip, ...], ...]:
    """Put each take into the first lane that has room for it."""
    places = {key: place for place, key in enumerate(sources)}
    layers = {clip.id: layer for layer, clip in enumerate(clips)}
    takes: dict[tuple[int, int], list[Clip]] = {}
    for clip in clips:
        takes.setdefault((places[clip.source_id], -clip.shift_samples), []).append(clip)
    lanes: list[list[Clip]] = []
    for _, take in sorted(takes.items()):
        lane = next((lane for lane in lanes if all(_has_room(lane, clip) for clip in take)), None)
        if lane is None:
            lane = [] if len(lanes) < MOST_LANES else lanes.pop()
            lanes.append(lane)
        for clip in take:
            insort(lane, clip, key=_start)
    return tuple(tuple(sorted(lane, key=lambda clip: layers[clip.id])) for lane in lanes)


def _has_room(lane: Sequence[Clip], clip: Clip) -> bool:
    """Return whether a clip overlaps the clips of a lane, ascending, by a crossfade at most."""
    first = bisect_right(lane, clip.start_samples, key=_stop)
    last = bisect_left(lane, clip.stop_samples, key=_start)
    return not any(are_takes(other, clip) for other in lane[first:last])


def _start(clip: Clip) -> int:
    return clip.start_samples


def _stop(clip: Clip) -> int:
    return clip.stop_samples
