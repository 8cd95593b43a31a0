"""Takes of a track: clips that play the same passage, in lanes under each other, and their order.

A clip and the parts that were split off it are one take. Takes come in the order in which their sources were
imported, then by their place in the source, so that lanes stay where they are when a take is raised. An
accepted switch of takes leaves the clips as they are, so that its decision alone undoes it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

import numpy as np

from engine.core.latest import found_once_of
from engine.core.timebase import s_to_samples
from engine.document.kinds.operations import Raise
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.document.tracks import Clip, Source, Track, free_id, rejoined, visible_in_time, within

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
            insort(lane, clip, key=attrgetter("start_samples"))
    return tuple(tuple(sorted(lane, key=lambda clip: layers[clip.id])) for lane in lanes)


def _has_room(lane: Sequence[Clip], clip: Clip) -> bool:
    """Return whether a clip overlaps the clips of a lane, ascending, by a crossfade at most."""
    first = bisect_right(lane, clip.start_samples, key=attrgetter("stop_samples"))
    last = bisect_left(lane, clip.stop_samples, key=attrgetter("start_samples"))
    return not any(are_takes(other, clip) for other in lane[first:last])


CROSSFADE_S = 0.010
"""Where a raised part follows on another take."""


def is_covered(clips: Sequence[Clip], clip: Clip, start_samples: int, stop_samples: int) -> bool:
    """Return whether clips of higher layers silence any of a clip between two positions."""
    start, stop = max(start_samples, clip.start_samples), min(stop_samples, clip.stop_samples)
    opaque = (upper.opaque for upper in clips[clips.index(clip) + 1 :])
    return any(max(first, start) < min(last, stop) for first, last in opaque)


def raised(
    clips: Sequence[Clip],
    keys: Collection[str],
    span_samples: tuple[int, int],
    crossfade_samples: int,
    new_id: Callable[[str], str],
) -> tuple[Clip, ...]:
    """Return the clips of a track with the parts of some inside a span on top.

    A part keeps the id of its clip. Where it was split off, it gets a crossfade, unless its take plays on
    there. Raised parts that continue each other become one clip again. A fade of another clip that is exactly
    below a fade of a raised part is removed: there is one crossfade between the two.

    Parameters
    ----------
    keys : ids of the clips
    new_id : returns the id of a part outside the span, from that of its clip
    """
    below: list[Clip] = []
    above: list[Clip] = []
    for clip in clips:
        start, stop = max(clip.start_samples, span_samples[0]), min(clip.stop_samples, span_samples[1])
        if clip.id not in keys or start >= stop:
            below.append(clip)
            continue
        inside = clip
        if clip.start_samples < start:
            inside = replace(inside, fade_in_samples=0)
            outside = replace(clip, id=new_id(clip.id), fade_out_samples=0)
            below.append(within(outside, clip.start_samples, start))
        if stop < clip.stop_samples:
            inside = replace(inside, fade_out_samples=0)
            outside = replace(clip, id=new_id(clip.id), fade_in_samples=0)
            below.append(within(outside, stop, clip.stop_samples))
        above.append(within(inside, start, stop))
    parts = {clip.id for clip in above}
    faded = _with_seams([*below, *above], parts, crossfade_samples)
    faded = [*_without_fades_below(faded[: len(below)], faded[len(below) :]), *faded[len(below) :]]
    takes: dict[tuple[object, str], list[Clip]] = {}
    for clip in faded[len(below) :]:
        takes.setdefault((_take(clip), clip.name), []).append(clip)
    ordered = (sorted(take, key=lambda clip: clip.start_samples) for take in takes.values())
    return (*faded[: len(below)], *(clip for take in ordered for clip in rejoined(take)))


def _take(clip: Clip) -> tuple[object, ...]:
    return *clip.take, clip.gain_db


def _with_seams(clips: list[Clip], keys: set[str], crossfade_samples: int) -> list[Clip]:
    """Return clips with the fades of raised ones where their take goes on in a neighbour."""
    starts = {(_take(clip), clip.start_samples): clip for clip in clips}
    made = {clip.id: clip for clip in clips}
    for early in clips:
        at = early.stop_samples
        late = starts.get((_take(early), at))
        if late is None or keys.isdisjoint((early.id, late.id)):
            continue
        if not (is_covered(clips, early, at - 1, at) or is_covered(clips, late, at, at + 1)):
            made[early.id] = replace(made[early.id], fade_out_samples=0)
            made[late.id] = replace(made[late.id], fade_in_samples=0)
            continue
        if early.id in keys and not early.fade_out_samples:
            length = _fitting(made[early.id], crossfade_samples)
            made[early.id] = replace(made[early.id], fade_out_samples=length)
        if late.id in keys and not late.fade_in_samples:
            length = _fitting(made[late.id], crossfade_samples)
            made[late.id] = replace(made[late.id], fade_in_samples=length)
    return list(made.values())


def _without_fades_below(below: list[Clip], above: list[Clip]) -> list[Clip]:
    """Return lower clips without those fades that are where an upper clip fades the other way."""
    fades_in = {(clip.start_samples, clip.fade_in_samples) for clip in above if clip.fade_in_samples}
    fades_out = {(clip.stop_samples, clip.fade_out_samples) for clip in above if clip.fade_out_samples}
    found = []
    for clip in below:
        fade_in, fade_out = clip.fade_in_samples, clip.fade_out_samples
        if (clip.stop_samples - fade_out, fade_out) in fades_in:
            clip = replace(clip, fade_out_samples=0)
        if (clip.start_samples + fade_in, fade_in) in fades_out:
            clip = replace(clip, fade_in_samples=0)
        found.append(clip)
    return found


def _fitting(clip: Clip, fade_samples: int) -> int:
    """Return the length of another fade of a clip: half of it at most."""
    rest = clip.length_samples - clip.fade_in_samples - clip.fade_out_samples
    return min(fade_samples, clip.length_samples // 2, rest)


def accepted_switches(state: DocumentState) -> Iterator[tuple[str, Raise]]:
    """Yield the accepted switches of takes, each with the id of its proposal."""
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED) & ~table.made.drops & table.made.is_known
    for place in np.flatnonzero(chosen).tolist():
        yield from ((table.made.ids[place], one) for one in table.effect(place) if isinstance(one, Raise))


def switches_of(state: DocumentState, track_id: str) -> tuple[Raise, ...]:
    """Return the accepted switches of one track, in the order in which they apply."""
    every = (one for _, one in accepted_switches(state))
    return in_fixed_order([one for one in every if not one.tracks or track_id in one.tracks])


def in_fixed_order(raises: Sequence[Raise]) -> tuple[Raise, ...]:
    """Return switches in the order in which they apply: the later in time is above."""
    return tuple(sorted(raises, key=lambda one: (one.start_samples, one.stop_samples, one.takes, one.tracks)))


@found_once_of(64)
def switched(clips: tuple[Clip, ...], raises: tuple[Raise, ...], rate_hz: int) -> tuple[Clip, ...]:
    """Return the clips of a track with the takes of switches on top.

    Each switch has the effect of clips raised by hand in `reach`.

    Parameters
    ----------
    raises : in the order in which they apply
    """
    for one in raises:
        keys = keys_of(clips, one)
        taken = {clip.id for clip in clips}

        def new_id(clip_id: str, taken: set[str] = taken) -> str:
            taken.add(key := free_id(clip_id, taken))
            return key

        fade = s_to_samples(one.crossfade_ms / 1000.0, rate_hz)
        clips = raised(clips, keys, reach(one, rate_hz), fade, new_id) if keys else clips
    return clips


def playing_spans(clips: tuple[Clip, ...], played: tuple[Clip, ...]) -> Mapping[str, list[tuple[int, int]]]:
    """Return where each clip of a track plays, ascending, by id; clips that play nowhere are not among them.

    Parameters
    ----------
    played : the same clips after the switches of the track
    """
    of_take: dict[tuple[str, int], list[Clip]] = {}
    for clip in clips:
        of_take.setdefault(clip.take, []).append(clip)
    found: dict[str, list[tuple[int, int]]] = {}
    for one in visible_in_time(played):
        for clip in of_take.get(one.clip.take, ()):
            start = max(one.start_samples, clip.start_samples)
            stop = min(one.stop_samples, clip.stop_samples)
            if start < stop:
                found.setdefault(clip.id, []).append((start, stop))
    return found


def keys_of(clips: Sequence[Clip], one: Raise) -> tuple[str, ...]:
    """Return the ids of the clips of the take of a switch that reach into its span."""
    return tuple(
        clip.id
        for clip in clips
        if clip.take in one.takes
        and clip.start_samples < one.stop_samples
        and clip.stop_samples > one.start_samples
    )


def reach(one: Raise, rate_hz: int) -> tuple[int, int]:
    """Return the span of a switch with the outer halves of its crossfades."""
    fade = s_to_samples(one.crossfade_ms / 1000.0, rate_hz)
    return max(0, one.start_samples - fade // 2), one.stop_samples + fade - fade // 2
