"""Comping: raising a take, or a part of it, over the clips that cover it, so that the track plays it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from engine.document.tracks.clip import Clip, rejoined, within

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
