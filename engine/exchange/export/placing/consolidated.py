"""Write the edited sound of tracks to files, for programs that do not edit sound.

`engine.exchange.export.placing.stretches` gives the segments, and their places in a file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.wording import counted
from engine.document.tracks import Track
from engine.exchange.export.placing.stretches import Consolidated
from engine.exchange.export.request import ExportRequest
from engine.sound.edl.tracks.voice import Voice, media_path, open_voice
from engine.sound.reader import read_unchanged, stamped
from engine.sound.writer import write_audio

BLOCK_FRAMES = 1 << 16
SAMPLE_BYTES = 4


def consolidated_bytes(one: Consolidated) -> int:
    """Return the size of the samples of a file."""
    return SAMPLE_BYTES * one.source.channels * one.source.frames


def consolidate(
    request: ExportRequest, there: Collection[object], written: list[Path], progress: Progress
) -> tuple[str, ...]:
    """Write the files that clips of a request name in addition to its recordings; return notices of
    unreadable audio.

    Parameters
    ----------
    there : files that the same export has already written for another format
    written : receives each complete file

    Raises
    ------
    ExportError : a file cannot be written
    SourceError : a recording is missing, cannot be read, or was written to meanwhile
    """
    tracks = {track.id: track for track in request.state.tracks}
    wanted = [one for one in request.consolidated.values() if one not in there]
    left_out = []
    for number, one in enumerate(wanted):
        left_out.append(_write(request, tracks[one.track_id], one, progress.step(number, len(wanted))))
        written.append(one.path)
    return tuple(filter(None, left_out))


def said_of(request: ExportRequest) -> str:
    """Report the parts that play from companion files."""
    files = request.consolidated
    names = ", ".join(repr(track.name) for track in request.state.tracks if track.id in files)
    parts = sum(len(one.stretches) for one in files.values())
    listed = ", ".join(shown(one.path.name) for one in files.values())
    return (
        f"Such files cannot hold edited sound: {counted(parts, 'part')} of {names} "
        f"{'plays' if parts == 1 else 'play'} from {listed} next to it."
    )


def _write(request: ExportRequest, track: Track, one: Consolidated, progress: Progress) -> str:
    """Write one file and return notices of its unreadable audio."""
    state = request.state
    stamps = [
        stamped(media_path(state, track, key, request.media), state.sources[key].content_hash)
        for key in track.source_ids
    ]
    patches = request.edit_list.patches.get(track.id)
    played = request.edit_list.as_played(track)
    with closing(open_voice(state, played, request.media, np.float32, progress, patches)) as voice:
        write_audio(
            one.path,
            read_unchanged(_blocks(voice, one, progress), stamps),
            rate_hz=state.rate_hz,
            channels=voice.channels,
            container="WAV",
            subtype=one.source.subtype,
            total_frames=one.source.frames,
            overwrite=request.overwrite,
        )
        return voice.left_out


def _blocks(voice: Voice, one: Consolidated, progress: Progress) -> Iterator[NDArray[np.float32]]:
    """Yield the samples of a file: the segments with their margins, and silence between them."""
    first, margin, at = voice.track.start_samples, one.margin_samples, 0
    for stretch in one.stretches:
        start, stop = stretch.start_samples - margin, stretch.stop_samples + margin
        begins_at = start - first + stretch.shift_samples
        yield np.zeros((begins_at - at, voice.channels), np.float32)
        for begin in range(start, stop, BLOCK_FRAMES):
            progress.check_cancelled()
            end = min(begin + BLOCK_FRAMES, stop)
            yield voice.read(begin, end).astype(np.float32)
            at = begins_at + end - start
            progress.report(at / one.source.frames, f"Writing {shown(one.path.name)}")
