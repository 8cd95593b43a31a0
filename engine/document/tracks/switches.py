"""Switches of takes: clips of a track as accepted proposals let them play.

The clips themselves stay as they are, so that a switch is undone by its decision alone, and the order of
decisions changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from engine.core.latest import found_once_of
from engine.core.timebase import s_to_samples
from engine.document.decisions import Verdict
from engine.document.kinds.operations import Raise
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.document.tracks.clip import Clip, free_id, visible_in_time
from engine.document.tracks.comping import raised


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
