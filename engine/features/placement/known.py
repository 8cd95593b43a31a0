"""Files that are in a document already: they stay, and others are placed relative to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.features.placement.positions import Group, Position
from engine.recordings.stated.continuations import Take
from engine.recordings.stated.file_head import FileHead
from engine.recordings.stated.placements import (
    Basis,
    Contradiction,
    FixedClip,
    Objection,
    PlacedTrack,
    Reason,
)

_TOGETHER_S = 0.005


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file of a document.

    Attributes
    ----------
    track : number of its track in `Known.tracks`
    start_samples : of its first sample, at the rate of the document; below 0 where a clip begins later in it
    drift_ppm : of its clock relative to the timeline
    is_at_one_place : whether all of its clips play it at one place
    """

    head: FileHead
    track: int
    start_samples: float
    drift_ppm: float = 0.0
    is_at_one_place: bool = True

    @property
    def position(self) -> Position:
        """Return its place, which others are counted from."""
        place = Position(self.start_samples, self.drift_ppm, Basis.DOCUMENT, 1.0, True, Reason.ORIGIN)
        if self.is_at_one_place:
            return place
        text = "The document plays the recording that it is placed by at several places."
        return place.doubted(Contradiction(Objection.AT_SEVERAL_PLACES, None, 0.0, text))


@dataclass(frozen=True, slots=True)
class Known:
    """Files, tracks and clips of a document.

    Attributes
    ----------
    tracks : without files
    """

    files: tuple[KnownFile, ...] = ()
    tracks: tuple[PlacedTrack, ...] = ()
    clips: tuple[FixedClip, ...] = ()

    @property
    def end_samples(self) -> float:
        """Return where the last clip ends."""
        return max((clip.stop_samples for clip in self.clips), default=0.0)

    def of_takes(self, takes: Sequence[Take], rate_hz: int) -> Group:
        """Return the places of the takes that hold files of the document; those are numbered first."""
        found: Group = {}
        for number, take in enumerate(takes):
            own = [
                _of_take(self.files[index], start, take, rate_hz)
                for index, start in zip(take.files, take.starts_samples, strict=True)
                if index < len(self.files)
            ]
            if own:
                found[number] = _agreed(own, rate_hz)
        return found


NOTHING_KNOWN = Known()


def _of_take(file: KnownFile, start: int, take: Take, rate_hz: int) -> Position:
    """Return the place of a take by one of its files."""
    offset = start / (take.rate_hz or 1) * rate_hz / (1.0 + file.drift_ppm / 1e6)
    return file.position.moved(-offset)


def _agreed(places: Sequence[Position], rate_hz: int) -> Position:
    """Return the place of a take by its files; uncertain where they differ."""
    starts = [one.start_samples for one in places]
    first = next((one for one in places if one.is_certain), places[0])
    if max(starts) - min(starts) <= _TOGETHER_S * rate_hz:
        return first
    text = "Files that were recorded with it were moved apart in the document."
    off_s = (max(starts) - min(starts)) / rate_hz
    return first.doubted(Contradiction(Objection.MOVED_APART, None, off_s, text))
