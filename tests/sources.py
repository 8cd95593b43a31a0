"""Sources of files and of nothing, and tracks of one whole source, without a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.document.edits.tracks import NewTrack
from engine.document.state import DocumentState
from engine.document.tracks import Source, Track, whole_clip
from engine.sound.reader import content_hash, probe


def source_of(path: Path) -> Source:
    """Return the source of an audio file."""
    info = probe(path)
    return Source(
        "s1",
        str(path),
        content_hash(path),
        info.rate_hz,
        info.channels,
        info.frames,
        info.container,
        info.subtype,
    )


def no_source(key: str, frames: int = 48_000, rate_hz: int = 48_000) -> Source:
    """Return a source without a file, of one channel."""
    return Source(key, f"/{key}.wav", "", rate_hz, 1, frames, "WAV", "PCM_16")


def one_source_track(
    key: str,
    source: Source,
    name: str,
    position: int,
    start_samples: int = 0,
    *,
    rate_hz: int = 0,
    **values: object,
) -> Track:
    """Return a track of one whole source.

    Parameters
    ----------
    rate_hz : of the document; 0 for that of the source
    values : further fields of the track
    """
    clip = replace(whole_clip(source, rate_hz or source.rate_hz, start_samples), id=f"clip-{key}")
    return Track(key, name, position, clips=(clip,), **values)


def each_alone(sources: Sequence[Source], names: Sequence[str]) -> tuple[NewTrack, ...]:
    """Return new tracks of one source each, from the start of the timeline."""
    return tuple(NewTrack(name, (source,)) for source, name in zip(sources, names, strict=True))


def played_whole(state: DocumentState) -> DocumentState:
    """Return a document whose tracks, of one clip each, play all of their sources as these are now."""
    tracks = []
    for track in state.tracks:
        (clip,) = track.clips
        whole = whole_clip(state.sources[clip.source_id], state.rate_hz, clip.start_samples)
        tracks.append(replace(track, clips=(replace(clip, length_samples=whole.length_samples),)))
    return replace(state, tracks=tuple(tracks))


def begun_at(track: Track, start_samples: int) -> Track:
    """Return a track of one clip, begun elsewhere on the timeline."""
    (clip,) = track.clips
    return replace(track, clips=(replace(clip, start_samples=start_samples),))
