"""Tracks whose sound is edited, written as recordings of their own, for programs that edit no sound.

No format holds a slip of a fraction of a sample, or a stretch that is filled with room tone. So such a track
is consolidated: a WAV file beside the project plays it with its edits, and the project names that file in the
place of the recording. Nothing else changes: it begins where the recording does and is as long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.audio.reader import content_hash
from engine.audio.writer import write_audio
from engine.document.state import DocumentState
from engine.document.track import Source, Track, source_length_samples
from engine.edl.build import build
from engine.edl.export.formats import FORMATS
from engine.edl.export.request import ExportRequest
from engine.edl.names import name_of_file
from engine.edl.patches import Patches
from engine.edl.voice import open_voice
from engine.progress import Progress
from engine.safe_write import shown
from engine.wording import counted

BLOCK_FRAMES = 1 << 16
SUBTYPE = "FLOAT"


def consolidated_files(request: ExportRequest) -> Mapping[str, Path]:
    """Return the file that each edited track would be written to, by the track's id."""
    if not FORMATS[request.out.suffix.lower()].names_media:
        return {}
    patches = build(request.state).patches
    files = {}
    for number, track in enumerate(request.state.tracks, 1):
        if track.id in patches:
            name = f"{request.out.stem} edited {number:02d} {name_of_file(track.name)}".rstrip(" .")
            files[track.id] = request.out.with_name(f"{name}.wav")
    return files


def consolidated_bytes(request: ExportRequest) -> Mapping[Path, int]:
    """Return how long each of these files will be."""
    state = request.state
    tracks = {track.id: track for track in state.tracks}
    return {
        path: 4 * state.sources[tracks[key].source_id].channels * _frames(state, tracks[key])
        for key, path in consolidated_files(request).items()
    }


def consolidate(request: ExportRequest, progress: Progress) -> tuple[ExportRequest, tuple[str, ...]]:
    """Write what a request needs, and return the request over these files, and what to tell the user.

    Raises
    ------
    ExportError : a file cannot be written
    SourceError : a recording is missing or cannot be read
    """
    files = consolidated_files(request)
    if not files:
        return request, ()
    patches = build(request.state).patches
    state, media = request.state, dict(request.media)
    sources, tracks, lost = dict(state.sources), list(state.tracks), list[str]()
    for done, (number, track) in enumerate((k, one) for k, one in enumerate(tracks) if one.id in files):
        path = files[track.id]
        share = progress.part(done / len(files), (done + 1) / len(files))
        source, left_out = _written(request, track, patches[track.id], path, share)
        lost += [left_out] if left_out else []
        sources[source.id] = source
        media[source.id] = path
        tracks[number] = replace(track, source_id=source.id)
    names = ", ".join(repr(track.name) for track in state.tracks if track.id in files)
    said = (
        f"The sound of {counted(len(files), 'track')} is edited, which such files cannot hold: "
        f"{names} play from {', '.join(shown(path.name) for path in files.values())} beside it."
    )
    return replace(request, state=replace(state, sources=sources, tracks=tuple(tracks)), media=media), (
        said,
        *lost,
    )


def _frames(state: DocumentState, track: Track) -> int:
    return source_length_samples(state.sources[track.source_id], state.rate_hz)


def _written(
    request: ExportRequest, track: Track, patches: Patches, path: Path, progress: Progress
) -> tuple[Source, str]:
    """Write one track with its edits; return the file as a source, and what of it could not be heard."""
    state = request.state
    voice = open_voice(state, track, request.media, np.float32, progress, patches)
    frames, first = _frames(state, track), track.start_samples

    def blocks() -> Iterator[NDArray[np.float32]]:
        for start in range(0, frames, BLOCK_FRAMES):
            progress.check_cancelled()
            yield voice.read(first + start, first + min(start + BLOCK_FRAMES, frames)).astype(np.float32)
            progress.report(start / frames, f"Writing {shown(path.name)}")

    try:
        write_audio(
            path,
            blocks(),
            rate_hz=state.rate_hz,
            channels=voice.channels,
            container="WAV",
            subtype=SUBTYPE,
            total_frames=frames,
            overwrite=request.overwrite,
        )
    finally:
        voice.close()
    written = Source(
        id=f"edited-{track.id}",
        path=str(path),
        content_hash=content_hash(path),
        rate_hz=state.rate_hz,
        channels=voice.channels,
        frames=frames,
        container="WAV",
        subtype=SUBTYPE,
    )
    return written, voice.left_out
