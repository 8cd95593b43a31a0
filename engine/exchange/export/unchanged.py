"""Spans of an export that are the bytes of a recording: they are copied, not decoded and encoded again.

Where one track plays a WAV file of the written form, without a gain, an edit or a fade, each rendered sample
is that of the recording bit for bit (`engine.sound.edl.render`). Copied bytes give the same file sooner;
seams, fades and everything else are rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.document.tracks import Clip, Track, audible, visible_in_time
from engine.exchange.export.audio_plan import PlannedAudio
from engine.exchange.export.levels import cached_peaks
from engine.exchange.export.request import ExportRequest
from engine.sound.edl.crossfade import Block
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.tracks.voice import media_path
from engine.sound.file_part import sample_chunk
from engine.sound.opening import address_of, explained
from engine.sound.pictures.peaks import BASE_SAMPLES, PeakPyramid
from engine.sound.writer import AnyBlock, EncodedBlock, bits_of

_SUBTYPES = ("PCM_16", "PCM_24")
"""Stored peaks of these are exact, as float32 holds their samples."""
_CONTAINERS = ("WAV", "WAVEX", "RF64")
_BIG_ENDIAN = b"RIFX"


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A span [start, stop) of the result that a file holds.

    Attributes
    ----------
    first_byte : where it begins in the file
    peak : its largest absolute sample, 1.0 at full scale
    """

    start_samples: int
    stop_samples: int
    path: Path
    first_byte: int
    peak: float


def unchanged_spans(
    request: ExportRequest, file: PlannedAudio, edit_list: EditList, inside_samples: tuple[int, int]
) -> tuple[Unchanged, ...]:
    """Return the spans of a file that play a recording unchanged, ascending; the export adds nothing there.

    They are whole columns of the stored peaks, so that their level is known without decoding; without
    stored peaks everything is rendered.

    Parameters
    ----------
    inside_samples : the span [start, stop) of the result that is outside of the fades of the file

    Raises
    ------
    SourceError : a recording is missing or cannot be read
    """
    state, tracks = file.state, audible(file.state.tracks)
    if len(tracks) != 1 or file.is_converted or file.container != "WAV" or file.subtype not in _SUBTYPES:
        return ()
    (track,) = tracks
    if track.gain_db or track.pan or track.id in edit_list.patches:
        return ()
    frame_bytes = file.channels * bits_of(file.subtype) // 8
    held: dict[str, _Samples | None] = {}
    found = []
    for one, start, stop, position in _alone(edit_list.of_track(track.id), track, inside_samples):
        source = state.sources[one.source_id]
        if source.id not in held:
            form = source.container in _CONTAINERS, source.subtype, source.channels, source.rate_hz
            is_alike = form == (True, file.subtype, file.channels, state.rate_hz)
            path = media_path(state, track, source.id, request.media)
            peaks = cached_peaks(request.state, source.id) if is_alike else None
            held[source.id] = None if peaks is None else _samples(path, peaks)
        samples, shift = held[source.id], position - one.shift_samples - start
        first, last = -(-(start + shift) // BASE_SAMPLES), (stop + shift) // BASE_SAMPLES
        if samples is None or not 0 <= first < last <= source.frames // BASE_SAMPLES:
            continue
        peak = float(np.abs(samples.peaks.levels[0][:2, :, first:last]).max())
        begin, end = first * BASE_SAMPLES, last * BASE_SAMPLES
        first_byte = samples.first_byte + begin * frame_bytes
        found.append(Unchanged(begin - shift, end - shift, samples.path, first_byte, peak))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Samples:
    """A WAV file, where its samples begin, and their peaks."""

    path: Path
    first_byte: int
    peaks: PeakPyramid


def _samples(path: Path, peaks: PeakPyramid) -> _Samples | None:
    """Return the samples of a file; None if they are not little-endian, or it is a part of one."""
    address = address_of(path)
    with explained(path), address.file.open("rb") as stream:
        is_other = stream.read(4) == _BIG_ENDIAN or address.track > 1 or address.channel > 0
        chunk = None if is_other else sample_chunk(address.file)
    return None if chunk is None else _Samples(address.file, chunk.start, peaks)


def _alone(
    edits: EditList, track: Track, inside_samples: tuple[int, int]
) -> Iterator[tuple[Clip, int, int, int]]:
    """Yield where one plain clip plays alone and outside of seams, ascending.

    Yields
    ------
    clip, start_samples, stop_samples : span in the result
    position_samples : of its start on the timeline
    """
    played, bounds = visible_in_time(edits.as_played(track).clips), edits.bounds_samples
    starts, stops = np.maximum(bounds[1::2], inside_samples[0]), np.minimum(bounds[2::2], inside_samples[1])
    for index in np.flatnonzero(starts[:-1] < stops).tolist():
        offset = int(edits.starts_samples[index] - edits.result_starts_samples[index])
        start, stop = int(starts[index]) + offset, int(stops[index]) + offset
        inside = [one for one in played if one.start_samples < stop and one.stop_samples > start]
        for one in inside:
            first, last = max(start, one.start_samples), min(stop, one.stop_samples)
            playing = (other.start_samples < last and other.stop_samples > first for other in inside)
            if one.clip.is_plain and sum(playing) == 1:
                yield one.clip, first - offset, last - offset, first


def copied_blocks(
    spans: Sequence[Unchanged], read: Callable[[int, int], Block], file: PlannedAudio, block_frames: int
) -> Iterator[AnyBlock]:
    """Yield a whole file in blocks: copied where it plays a recording unchanged, else rendered.

    A block is valid until the next one.

    Parameters
    ----------
    read : renders the result span [start, stop)
    """
    at, last = file.span
    frame_bytes = file.channels * bits_of(file.subtype) // 8
    held = memoryview(bytearray(block_frames * frame_bytes))
    for one in spans:
        yield from _rendered(read, at, one.start_samples, block_frames)
        with explained(one.path), one.path.open("rb", buffering=0) as stream:
            stream.seek(one.first_byte)
            for start in range(one.start_samples, one.stop_samples, block_frames):
                stop = min(start + block_frames, one.stop_samples)
                data = held[: (stop - start) * frame_bytes]
                is_whole = stream.readinto(data) == len(data)
                # the reader reports the damage of a file that ends before
                yield EncodedBlock(data, stop - start, one.peak) if is_whole else read(start, stop)
        at = one.stop_samples
    yield from _rendered(read, at, last, block_frames)


def _rendered(read: Callable[[int, int], Block], start: int, stop: int, block_frames: int) -> Iterator[Block]:
    for begin in range(start, stop, block_frames):
        yield read(begin, min(begin + block_frames, stop))
