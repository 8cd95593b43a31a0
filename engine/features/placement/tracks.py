"""Which files share a track: those of one device whose names differ in counters, and that do not overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path

from engine.features.placement.known import NOTHING_KNOWN, Known
from engine.features.placement.positions import Position
from engine.recordings.stated.continuations import Take
from engine.recordings.stated.file_head import FileHead
from engine.recordings.stated.names import common_name, follows, is_split_of, numbered
from engine.recordings.stated.placements import LEAST_DRIFT_S, Basis, Contradiction, Objection, PlacedTrack
from engine.sound.opening import address_of

_TOUCH_S = 2.5
"""Clocks state whole seconds: files placed by them may seem to overlap a little."""
_MOST_TOUCHING = 0.5
"""Share of the shorter file; two that overlap by more are simultaneous."""
_EXACT_S, _SOUND_TOUCH_S = 0.0005, 0.01
"""Seeming overlap of files placed by sound, and of those where the second continues the first by its name."""


@dataclass(frozen=True, slots=True)
class OnTracks:
    """Tracks, and the positions of files after those of one track were held against each other.

    Attributes
    ----------
    tracks : those of the document first, with the files that are added to them
    """

    tracks: tuple[PlacedTrack, ...]
    positions: tuple[Position, ...]


@dataclass(slots=True)
class _Lane:
    """A track that files are put on.

    Attributes
    ----------
    spans : [start, stop) of all that sounds on it
    drift_ppm : of a track of the document; None for a new one
    """

    files: list[int] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    drift_ppm: float | None = None

    def take(self, index: int, start: float, stop: float) -> None:
        self.files.append(index)
        self.spans.append((start, stop))

    def end_before(self, position: float) -> float:
        """Return where the last sound ends; of a track of the document, the last that begins by then."""
        is_new = self.drift_ppm is None
        return max((stop for start, stop in self.spans if is_new or start <= position), default=-inf)

    def has_room(self, position: Position, stop: float, rate_hz: int) -> bool:
        """Return whether a file ends before the next clip of a track of the document, and has its clock."""
        if self.drift_ppm is None:
            return True
        start = position.start_samples
        drifts_s = abs(position.drift_ppm - self.drift_ppm) / 1e6 * (stop - start) / rate_hz
        is_free = not any(start < begin < stop - _EXACT_S * rate_hz for begin, _ in self.spans)
        return is_free and drifts_s < LEAST_DRIFT_S


def on_tracks(
    heads: Sequence[FileHead],
    takes: Sequence[Take],
    positions: Sequence[Position],
    rate_hz: int,
    known: Known = NOTHING_KNOWN,
) -> OnTracks:
    """Put files on tracks.

    Parameters
    ----------
    heads : those of `known` first
    positions : of each file
    known : a document; a file goes on its track that holds files of the same device and name
    """
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    bare = _bare_names(heads)
    for take in takes:
        for index in take.files:
            head = heads[index]
            name = bare.get(head.path, numbered(head.path.stem).masked)
            channel = address_of(head.path).channel
            groups[(take.device, name, head.format, head.channels, channel)].append(index)
    adjusted = list(positions)
    there = [_Lane(drift_ppm=track.drift_ppm) for track in known.tracks]
    for clip in known.clips:
        there[clip.track].spans.append((clip.start_samples, clip.stop_samples))
    lanes: list[_Lane] = []
    for group in groups.values():
        order = sorted(group, key=lambda index: (adjusted[index].start_samples, index))
        _note_order(order, heads, adjusted)
        old = dict.fromkeys(known.files[index].track for index in order if index < len(known.files))
        own = [there[number] for number in old]
        for index in order:
            if index < len(known.files):
                there[known.files[index].track].files.append(index)
            else:
                _put(index, own, heads, adjusted, rate_hz)
        lanes += own[len(old) :]
    lanes.sort(key=lambda lane: min(lane.files))
    first = len(known.files)
    placed = [
        replace(track, files=tuple(index - first for index in lane.files if index >= first))
        for track, lane in zip(known.tracks, there, strict=True)
    ]
    placed += [
        PlacedTrack(_name(lane.files, heads), tuple(index - first for index in lane.files)) for lane in lanes
    ]
    return OnTracks(tuple(placed), tuple(adjusted))


def _bare_names(heads: Sequence[FileHead]) -> dict[Path, str]:
    """Return the masked name without its last counter of files that continue one without it."""
    names = {head.path: numbered(head.path.stem) for head in heads}
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in names:
        folders[path.parent].append(path)
    return {
        path: names[other].masked
        for paths in folders.values()
        for other in paths
        for path in paths
        if is_split_of(names[other], names[path])
    }


def _put(
    index: int, lanes: list[_Lane], heads: Sequence[FileHead], positions: list[Position], rate_hz: int
) -> None:
    """Add a file to the first track where it follows the last file, or to a new one."""
    position = positions[index]
    stop = _stop(heads[index], position, rate_hz)
    for lane in lanes:
        if not lane.has_room(position, stop, rate_hz):
            continue
        end = lane.end_before(position.start_samples)
        over_s = (end - position.start_samples) / rate_hz
        if over_s > _EXACT_S and over_s <= _touch_s(lane.files[-1], index, heads, positions):
            positions[index] = position = replace(position, start_samples=end)
            over_s = 0.0
        if over_s <= _EXACT_S:
            lane.take(index, position.start_samples, _stop(heads[index], position, rate_hz))
            return
    if lanes and not _begin_together(index, lanes, positions, rate_hz):
        last = max(lanes, key=lambda lane: max(end for _, end in lane.spans))
        _note_overlap(index, last.files[-1] if last.files else index, positions)
    added = _Lane()
    added.take(index, position.start_samples, stop)
    lanes.append(added)


def _touch_s(first: int, second: int, heads: Sequence[FileHead], positions: Sequence[Position]) -> float:
    """Return how much two files of a device may seem to overlap, given how exact their places are."""
    if all(positions[one].basis is not Basis.SOUND for one in (first, second)):
        return min(_TOUCH_S, _MOST_TOUCHING * min(heads[one].duration_s for one in (first, second)))
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


def _begin_together(index: int, lanes: Sequence[_Lane], positions: Sequence[Position], rate_hz: int) -> bool:
    """Return whether a file begins with one on another track, as the channels of one recorder do."""
    start = positions[index].start_samples
    return any(
        abs(positions[other].start_samples - start) <= _EXACT_S * rate_hz
        for lane in lanes
        for other in lane.files
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
    return heads[track[0]].title or common_name(names) or heads[track[0]].path.parent.name or names[0].stem
