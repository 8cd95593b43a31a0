"""Which files share a track: those of one device whose names differ in counters, and that do not overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.recordings.placement.continuations import Take
from engine.recordings.placement.file_head import FileHead
from engine.recordings.placement.names import common_name, follows, numbered
from engine.recordings.placement.placements import Basis, Contradiction, Objection, PlacedTrack
from engine.recordings.placement.positions import Position

_TOUCH_S = 2.5
"""Clocks state whole seconds: files placed by them may seem to overlap a little."""
_EXACT_S, _SOUND_TOUCH_S = 0.0005, 0.01
"""Seeming overlap of files placed by sound, and of those where the second continues the first by its name."""


@dataclass(frozen=True, slots=True)
class OnTracks:
    """Tracks, and the positions of files after those of one track were held against each other."""

    tracks: tuple[PlacedTrack, ...]
    positions: tuple[Position, ...]


def on_tracks(
    heads: Sequence[FileHead], takes: Sequence[Take], positions: Sequence[Position], rate_hz: int
) -> OnTracks:
    """Put files on tracks.

    Parameters
    ----------
    positions : of each file
    """
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for take in takes:
        for index in take.files:
            head = heads[index]
            name = numbered(head.path.stem).masked
            groups[(take.device, name, head.format, head.channels)].append(index)
    adjusted = list(positions)
    tracks: list[list[int]] = []
    for group in groups.values():
        order = sorted(group, key=lambda index: (adjusted[index].start_samples, index))
        _note_order(order, heads, adjusted)
        own: list[list[int]] = []
        for index in order:
            _put(index, own, heads, adjusted, rate_hz)
        tracks += own
    tracks.sort(key=min)
    named = tuple(PlacedTrack(_name(track, heads), tuple(track)) for track in tracks)
    return OnTracks(named, tuple(adjusted))


def _put(
    index: int, tracks: list[list[int]], heads: Sequence[FileHead], positions: list[Position], rate_hz: int
) -> None:
    """Add a file to the first track where it follows the last file, or to a new one."""
    position = positions[index]
    for track in tracks:
        last = track[-1]
        over_s = (_stop(heads[last], positions[last], rate_hz) - position.start_samples) / rate_hz
        if over_s <= _EXACT_S:
            track.append(index)
            return
        if over_s <= _touch_s(last, index, heads, positions):
            positions[index] = replace(position, start_samples=_stop(heads[last], positions[last], rate_hz))
            track.append(index)
            return
    if tracks and not _begin_together(index, tracks, positions, rate_hz):
        ends = {track[-1]: _stop(heads[track[-1]], positions[track[-1]], rate_hz) for track in tracks}
        _note_overlap(index, max(ends, key=lambda one: ends[one]), positions)
    tracks.append([index])


def _touch_s(first: int, second: int, heads: Sequence[FileHead], positions: Sequence[Position]) -> float:
    """Return how much two files of a device may seem to overlap, given how exact their places are."""
    if all(positions[one].basis is not Basis.SOUND for one in (first, second)):
        return _TOUCH_S
    names = [numbered(heads[one].path.stem) for one in (first, second)]
    return _SOUND_TOUCH_S if follows(*names) else _EXACT_S


def _note_overlap(index: int, last: int, positions: list[Position]) -> None:
    """Mark two files of a device that would sound together; only the other one if one is placed by sound."""
    text = "It would sound together with another file of its track, so that it has a track of its own."
    found = Contradiction(Objection.OVERLAPS, None, 0.0, text)
    by_sound = [one for one in (index, last) if positions[one].basis is Basis.SOUND]
    for one in (index, last):
        if by_sound != [one]:
            positions[one] = positions[one].doubted(found)


def _begin_together(
    index: int, tracks: Sequence[Sequence[int]], positions: Sequence[Position], rate_hz: int
) -> bool:
    """Return whether a file begins with one on another track, as the channels of one recorder do."""
    start = positions[index].start_samples
    return any(
        abs(positions[other].start_samples - start) <= _EXACT_S * rate_hz
        for track in tracks
        for other in track
    )


def _note_order(order: Sequence[int], heads: Sequence[FileHead], positions: list[Position]) -> None:
    """Mark files whose counters contradict the order of their times, unless the sound placed them."""
    counters = [numbered(heads[one].path.stem).counters for one in order]
    for place, index in enumerate(order):
        is_before = place > 0 and counters[place - 1] > counters[place]
        is_after = place + 1 < len(order) and counters[place + 1] < counters[place]
        is_by_time = positions[index].basis not in (Basis.SOUND, Basis.CONTINUATION)
        if is_by_time and (is_before or is_after):
            text = "The order of its number is not that of its time."
            found = Contradiction(Objection.ORDER_DISAGREES, None, 0.0, text)
            positions[index] = positions[index].doubted(found)


def _stop(head: FileHead, position: Position, rate_hz: int) -> float:
    return position.start_samples + head.duration_s * rate_hz / (1.0 + position.drift_ppm / 1e6)


def _name(track: Sequence[int], heads: Sequence[FileHead]) -> str:
    names = [numbered(heads[index].path.stem) for index in track]
    return common_name(names) or heads[track[0]].path.parent.name or names[0].stem
