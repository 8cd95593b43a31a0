"""The files of a document as others are placed relative to them: where each sounds, and by which clock."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from engine.document.decisions import Verdict, edited
from engine.document.kinds.payload import real
from engine.document.kinds.recorder import DRIFT_PPM, RECORDER
from engine.document.kinds.sounding import BY_SAMPLES
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.document.tracks.clip import Clip
from engine.document.tracks.clip_edits import clip_name
from engine.features.placement.known import Known, KnownFile
from engine.recordings.stated.file_head import read_heads
from engine.recordings.stated.placements import FixedClip, PlacedTrack
from engine.sound.conform import conformed_path


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
    """Return when a position of a track sounds, see `engine.document.kinds.recorder`."""
    return (position + track.by_samples) / (1.0 + track.drift_ppm / 1e6)


def _fixed(state: DocumentState, number: int, clip: Clip, track: PlacedTrack) -> FixedClip:
    edges = (_sounding(edge, track) for edge in (clip.start_samples, clip.stop_samples))
    return FixedClip(clip_name(state, clip), number, *edges)
