"""Files that are in a document already: they stay, and others are placed relative to where they sound."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.document.edits.clips import clip_name
from engine.document.kinds.kind import real
from engine.document.kinds.sounding import BY_SAMPLES
from engine.document.kinds.timing import DRIFT_PPM, RECORDER
from engine.document.proposals import Proposal, Verdict, edited
from engine.document.state import DocumentState
from engine.document.tracks import Clip
from engine.features.placement.positions import Group, Position
from engine.recordings.stated.continuations import Take
from engine.recordings.stated.file_head import FileHead, read_heads
from engine.recordings.stated.placements import (
    Basis,
    Contradiction,
    FixedClip,
    Objection,
    PlacedTrack,
    Reason,
)
from engine.sound.conform import conformed_path

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


def known_files(state: DocumentState, media: Mapping[str, Path]) -> Known:
    """Return the files of a document at their places; those that are missing are left out, their clips stay.

    Parameters
    ----------
    media : where each source is now, by source id

    Raises
    ------
    SourceError : a recording cannot be read
    """
    clocks = _clocks(state)
    tracks = tuple(PlacedTrack(track.name, (), track.id, *clocks[track.id]) for track in state.tracks)
    clips = [(number, clip) for number, track in enumerate(state.tracks) for clip in track.clips]
    played: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
    for number, clip in clips:
        played[clip.source_id][number, clip.shift_samples] += clip.length_samples
    found = [key for key in played if key in media]
    heads = read_heads([media[key] for key in found])
    files = []
    for key, head in zip(found, heads, strict=True):
        (number, shift), _ = played[key].most_common(1)[0]
        track = tracks[number]
        places = {place for _, place in played[key]}
        start = _sounding(shift, track)
        files.append(KnownFile(head, number, start, track.drift_ppm, len(places) == 1))
    fixed = (_fixed(state, number, clip, tracks[number]) for number, clip in clips)
    return Known(tuple(files), tracks, tuple(fixed))


def media_to_read(state: DocumentState, originals: Mapping[str, Path]) -> dict[Path, Path]:
    """Return the file that holds the samples of each original, at the rate of the document."""
    return {
        path: conformed_path(replace(state.sources[key], path=str(path)), state.rate_hz)
        for key, path in originals.items()
        if key in state.sources
    }


def _clocks(state: DocumentState) -> Mapping[str, tuple[float, float]]:
    """Return shift and drift of the recorder of each track, as the accepted edits have them."""
    found = {track.id: (0.0, 0.0) for track in state.tracks}
    for proposal in _accepted_recorders(state):
        payload = edited(proposal, state.decisions.get(proposal.id)).payload
        clock = real(payload, BY_SAMPLES, 0.0), real(payload, DRIFT_PPM, 0.0)
        found |= {key: clock for key in proposal.tracks if key in found}
    return found


def _accepted_recorders(state: DocumentState) -> Iterable[Proposal]:
    return (
        one
        for one in state.proposals.values()
        if one.kind == RECORDER.name and state.verdict(one.id) is Verdict.ACCEPTED
    )


def _sounding(position: int, track: PlacedTrack) -> float:
    """Return when a position of a track sounds, see `engine.document.kinds.timing`."""
    return (position + track.by_samples) / (1.0 + track.drift_ppm / 1e6)


def _fixed(state: DocumentState, number: int, clip: Clip, track: PlacedTrack) -> FixedClip:
    edges = (_sounding(edge, track) for edge in (clip.start_samples, clip.stop_samples))
    return FixedClip(clip_name(state, clip), number, *edges)
