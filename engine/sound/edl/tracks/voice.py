"""One track as the renderer plays it: its sources on the document's timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.progress import SILENT, Progress
from engine.document.file.stored_audio import StoredAudio
from engine.document.state import DocumentState
from engine.document.tracks import SILENT_DB, Track, source_length_samples
from engine.sound.conform import conformed_path
from engine.sound.edl.crossfade import Block
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.tracks.patched_reader import ClipReader, PatchedReader, Reads
from engine.sound.edl.tracks.patches import Patches
from engine.sound.edl.tracks.stored_sounds import NOTHING_AT_HAND, StoredSounds, lost_on_track
from engine.sound.reader import SourceReader


def sides(pan: float) -> tuple[float, float]:
    """Return the gains of the left and the right channel at a pan of -1 to 1.

    A balance: the side turned away from is attenuated in proportion, the other stays as it is. So the middle
    is exactly 1 on both sides, and either end exactly 0 on one.
    """
    return min(1.0, 1.0 - pan), min(1.0, 1.0 + pan)


def media_path(state: DocumentState, track: Track, source_id: str, media: Mapping[str, Path]) -> Path:
    """Return the current path of a source of a track.

    Raises
    ------
    SourceError : the path is unknown; the message names the track and the path it was imported from
    """
    path = media.get(source_id)
    if path is None:
        imported = state.sources[source_id].path
        raise SourceError(
            f"The audio of track {track.name!r} is missing: {shown(imported)}; locate the file again."
        )
    return path


def sounding_span(state: DocumentState, track: Track, patches: Patches | None) -> tuple[int, int]:
    """Return from where to where of the document a track sounds: another clock moves both its ends."""
    span = track.start_samples, track.stop_samples
    if patches is None:
        return span
    start, stop = patches.sounding(*span)
    return start, min(stop, state.length_samples)


@dataclass(slots=True)
class Voice:
    """A track's audio at the document's rate and positions; close it when done.

    Attributes
    ----------
    gain : linear
    channels : of the track
    start_samples, stop_samples : from where to where it sounds
    pan : -1 to 1, see `sides`
    """

    track: Track
    gain: float
    channels: int
    start_samples: int
    stop_samples: int
    reader: Reads
    dtype: DTypeLike
    pan: float = 0.0

    def read(self, start_samples: int, stop_samples: int) -> Block:
        """Read the document span [start, stop), shape (frames, channels), without the gain; zero outside."""
        first = self.track.start_samples
        begin, end = max(start_samples, self.start_samples), min(stop_samples, self.stop_samples)
        if isinstance(self.reader, PatchedReader) and self.reader.fills(start_samples, stop_samples):
            begin, end = start_samples, stop_samples
        if (begin, end) == (start_samples, stop_samples):
            return self.reader.read(begin - first, end - first, dtype=self.dtype)
        block: Block = np.zeros((stop_samples - start_samples, self.channels), self.dtype)
        if begin < end:
            read = self.reader.read(begin - first, end - first, dtype=self.dtype)
            block[begin - start_samples : end - start_samples] = read
        return block

    def seam(self, edit_list: EditList, index: int) -> tuple[Block, Block]:
        """Read the two pieces that overlap where segment `index` takes over from the one before.

        Each has shape (fade, channels). Before the first segment and after the last there is silence.
        """
        ends = index == len(edit_list.starts_samples)
        fades = edit_list.fades_out_samples[-1:] if ends else edit_list.fades_in_samples[index:]
        length = int(fades[0])
        left = right = np.zeros((length, self.channels), self.dtype)
        if index > 0:
            stop = int(edit_list.stops_samples[index - 1])
            left = self.read(stop - length, stop)
        if not ends:
            start = int(edit_list.starts_samples[index])
            right = self.read(start, start + length)
        return left, right

    @property
    def left_out(self) -> str:
        """Notices of invalid samples and unreadable audio, or ""."""
        reader, notices = self.reader, []
        if isinstance(reader, PatchedReader):
            if reader.lost:
                notices.append(lost_on_track(self.track.name, list(reader.lost), reader.rate_hz))
            reader = reader.source
        if isinstance(reader, SourceReader | ClipReader):
            notices.append(reader.left_out)
        return " ".join(filter(None, notices))

    def close(self) -> None:
        """Close the sources."""
        self.reader.close()


def open_voice(
    state: DocumentState,
    track: Track,
    media: Mapping[str, Path],
    dtype: DTypeLike = np.float32,
    progress: Progress = SILENT,
    patches: Patches | None = None,
    at_hand: Mapping[str, StoredAudio] = NOTHING_AT_HAND,
) -> Voice:
    """Open the sources of a track for rendering, converted to the document's rate if they differ.

    Parameters
    ----------
    patches : edits of its sound; None without edits
    at_hand : see `StoredSounds`

    Raises
    ------
    SourceError : one is missing, cannot be read or is another file than the one imported. Of several, a file
        that cannot be read raises when it is first read
    """
    for clip in track.clips:
        if clip.gain_db != SILENT_DB:
            media_path(state, track, clip.source_id, media)
    channels = state.channels(track)

    def opened(source_id: str) -> SourceReader:
        return _opened(state, media_path(state, track, source_id, media), source_id, progress)

    is_whole = track.plays_from_start
    reader: Reads = opened(track.clips[0].source_id) if is_whole else ClipReader(track, channels, opened)
    if patches is not None:
        stored = StoredSounds(media, state.rate_hz, channels, at_hand)
        frames = track.stop_samples - track.start_samples
        reader = PatchedReader(reader, patches, frames, channels, track.start_samples, stored)
    start, stop = sounding_span(state, track, patches)
    return Voice(
        track=track,
        gain=float(10.0 ** (track.gain_db / 20.0)),
        channels=channels,
        start_samples=start,
        stop_samples=stop,
        reader=reader,
        dtype=dtype,
        pan=track.pan,
    )


def _opened(state: DocumentState, path: Path, source_id: str, progress: Progress) -> SourceReader:
    """Open a source at the document's rate."""
    source = replace(state.sources[source_id], path=str(path))
    reader = SourceReader(conformed_path(source, state.rate_hz, progress))
    # A WAV that was cut short opens as a shorter one: what is missing must not become silence.
    length_samples = source_length_samples(source, state.rate_hz)
    found = (reader.rate_hz, reader.channels, reader.frames)
    if found != (state.rate_hz, source.channels, length_samples):
        reader.close()
        raise SourceError(f"{shown(path)} is not the file that was imported: bring the old one back.")
    return reader
