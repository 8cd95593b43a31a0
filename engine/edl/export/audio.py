"""The result as WAV or FLAC files, at the rate, channels and bit depth of the sources unless asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from engine.audio.bwf import Broadcast, CuePoint, broadcast_chunks
from engine.audio.dither import Dither, dithered
from engine.audio.writer import (
    WrittenAudio,
    bits_of,
    block_dtype,
    container_for,
    export_format,
    write_audio,
)
from engine.document.state import DocumentState
from engine.document.track import audible
from engine.edl.build import build
from engine.edl.crossfade import Block
from engine.edl.edit_list import EditList
from engine.edl.export.gain import Normalised, normalise
from engine.edl.export.request import Depth, Exported, ExportRequest, accepted_cuts
from engine.edl.export.seams import removed_edit_list, removed_pieces, seams
from engine.edl.render import Renderer
from engine.errors import ExportError
from engine.progress import Progress
from engine.safe_write import shown
from engine.timebase import format_time, samples_to_s
from engine.wording import counted

BLOCK_FRAMES = 65_536

_SUBTYPES = {Depth.BITS_16: "PCM_16", Depth.BITS_24: "PCM_24", Depth.FLOAT_32: "FLOAT"}
_FLOATS = ("FLOAT", "DOUBLE")
_WORDS = {"FLOAT": "32-bit float", "DOUBLE": "64-bit float"}
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('/\\:*?"<>|', "-"))


@dataclass(frozen=True, slots=True)
class _File:
    """One audio file: its path, and the document as it is heard there."""

    path: Path
    state: DocumentState


@dataclass(frozen=True, slots=True)
class _Sound:
    """What all files of a request share.

    Attributes
    ----------
    span : the part [start, stop) of the edit list that is written
    cues : within the span, counted from its start
    """

    edit_list: EditList
    span: tuple[int, int]
    cues: tuple[CuePoint, ...]


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Render the document into one audio file, or into one for each track.

    Raises
    ------
    ExportError : nothing remains to be heard, or the format cannot hold it
    """
    sound = _sound(request)
    files = _files(request)
    measuring = progress.part(0.0, 0.5 if request.options.loudness_lufs is not None else 0.0)
    gain = _gain(request, sound, measuring)
    writing = progress.part(0.5 if request.options.loudness_lufs is not None else 0.0, 1.0)
    fresh = {file.path for file in files if not os.path.lexists(file.path)}
    done = []
    try:
        for number, file in enumerate(files):
            done.append(_write_file(request, file, sound, gain, writing.step(number, len(files))))
    except BaseException:
        for stem in done:  # those that are whole go with the one that failed, unless they replaced another
            with suppress(OSError):
                if stem.path in fresh:
                    stem.path.unlink(missing_ok=True)
        raise
    return done[0] if not request.options.stems else _together(request, done)


def paths(request: ExportRequest) -> tuple[Path, ...]:
    """Return the files that `write` would write."""
    return tuple(file.path for file in _files(request))


def _files(request: ExportRequest) -> list[_File]:
    if not request.options.stems:
        return [_File(request.out, request.state)]
    files = []
    for number, track in enumerate(audible(request.state.tracks), 1):
        name = " ".join(track.name.translate(_NOT_IN_NAMES).split())[:60]
        path = request.out.with_stem(f"{request.out.stem} {number:02d} {name}".rstrip(" ."))
        alone = replace(request.state, tracks=(replace(track, mute=False, solo=False),))
        files.append(_File(path, alone))
    return files


def _sound(request: ExportRequest) -> _Sound:
    """Return what is to be heard, or say why there is nothing."""
    state, name = request.state, shown(request.out)
    if not state.tracks:
        raise ExportError(f"{name} would be empty because nothing is imported: import audio first.")
    edit_list = build(state)
    if request.options.removed:
        edit_list = removed_edit_list(state, edit_list)
        if not edit_list.length_samples:
            raise ExportError(f"{name} would be empty because nothing is cut: accept a cut first.")
        marks = removed_pieces(state, edit_list)
    else:
        if not edit_list.length_samples:
            raise ExportError(f"{name} would be empty because everything is cut: reject a cut first.")
        marks = seams(state, edit_list)
    if request.options.stems and not audible(state.tracks):
        raise ExportError(f"{name} would have no stems because every track is muted: unmute one first.")
    start, stop = request.options.range_samples or (0, edit_list.length_samples)
    if not 0 <= start < stop <= edit_list.length_samples:
        length = format_time(samples_to_s(edit_list.length_samples, edit_list.rate_hz))
        raise ExportError(
            f"{name} cannot hold {format_time(samples_to_s(start, edit_list.rate_hz))} to "
            f"{format_time(samples_to_s(stop, edit_list.rate_hz))} of {length}: choose a range inside it."
        )
    inside = (mark for mark in marks if start <= mark.position_samples < stop)
    cues = tuple(CuePoint(mark.position_samples - start, mark.label) for mark in inside)
    return _Sound(edit_list, (start, stop), cues)


def _gain(request: ExportRequest, sound: _Sound, progress: Progress) -> Normalised | None:
    """Listen to the whole mix for its loudness, so that stems keep their balance."""
    target = request.options.loudness_lufs
    if target is None:
        return None
    with Renderer(request.state, sound.edit_list, request.media) as renderer:
        return normalise(
            _blocks(renderer, sound.span, progress), target, rate_hz=renderer.rate_hz, name=shown(request.out)
        )


def _blocks(renderer: Renderer, span: tuple[int, int], progress: Progress) -> Iterator[Block]:
    """Yield a span of the result in blocks, telling how far it is."""
    start, stop = span
    for begin in range(start, stop, BLOCK_FRAMES):
        progress.check_cancelled()
        yield renderer.read(begin, min(begin + BLOCK_FRAMES, stop))
        progress.report((begin - start) / (stop - start), "Measuring the loudness")


def _write_file(
    request: ExportRequest, file: _File, sound: _Sound, gain: Normalised | None, progress: Progress
) -> Exported:
    state, options = file.state, request.options
    subtypes = [state.sources[track.source_id].subtype for track in state.tracks]
    # A lossless choice for WAV holds what the sources do, whatever is written in the end.
    source_subtype = export_format(subtypes, ".wav")
    subtype = export_format(subtypes, file.path.suffix)
    container = container_for(file.path.suffix)
    if options.depth is not None:
        subtype = _SUBTYPES[options.depth]
        if container == "FLAC" and subtype == "FLOAT":
            raise ExportError(f"{shown(file.path)} cannot hold floating-point samples: choose 16 or 24 bits.")
    start, stop = sound.span
    kept_dtype = block_dtype(subtype if options.depth is None else source_subtype)
    with Renderer(state, sound.edit_list, request.media, kept_dtype, progress) as renderer:
        blocks: Iterator[Block] = (
            renderer.read(begin, min(begin + BLOCK_FRAMES, stop))
            for begin in range(start, stop, BLOCK_FRAMES)
        )
        if gain is not None:
            blocks = gain.apply(blocks)
        if subtype not in _FLOATS and _is_dithered(request, source_subtype, subtype):
            blocks = dithered(blocks, bits_of(subtype))
        with_chunks = options.broadcast and container == "WAV"
        written = write_audio(
            file.path,
            blocks,
            rate_hz=renderer.rate_hz,
            channels=renderer.channels,
            container=container,
            subtype=subtype,
            overwrite=request.overwrite,
            progress=progress,
            total_frames=stop - start,
            trailing_chunks=_chunks(request, state, sound, gain, subtype) if with_chunks else b"",
        )
        channels = renderer.channels
    return _exported(request, sound, written, gain, channels, subtype)


def _is_dithered(request: ExportRequest, source_subtype: str, subtype: str) -> bool:
    if request.options.dither is not None:
        return request.options.dither is Dither.TPDF
    if request.options.depth is None:
        return False
    return source_subtype in _FLOATS or bits_of(subtype) < bits_of(source_subtype)


def _chunks(
    request: ExportRequest, state: DocumentState, sound: _Sound, gain: Normalised | None, subtype: str
) -> bytes:
    """Return what the file says of itself; only a mix was measured, so only it tells its loudness.

    It is named after its tracks, not after the document: the same edit is the same file whatever the document
    is called.
    """
    edit_list = sound.edit_list
    cuts = len(accepted_cuts(state))
    kind = "what was removed by" if request.options.removed else "edited with"
    name = ", ".join(track.name for track in audible(state.tracks))
    told = gain if not request.options.stems else None
    said = Broadcast(
        description=f"{name[:200]}: {kind} {counted(cuts, 'cut')}",
        project=name,
        time_reference_samples=edit_list.to_source(sound.span[0]),
        channel_names=_channel_names(state),
        cues=sound.cues,
        loudness_lufs=None if told is None else told.loudness_lufs,
        true_peak_dbtp=None if told is None else told.true_peak_dbtp,
    )
    return broadcast_chunks(said, rate_hz=edit_list.rate_hz, bits=bits_of(subtype))


def _channel_names(state: DocumentState) -> tuple[str, ...]:
    """Name each channel of the mix after the tracks that are heard on it."""
    width = max(state.sources[track.source_id].channels for track in state.tracks)
    names: list[list[str]] = [[] for _ in range(width)]
    for track in audible(state.tracks):
        channels = state.sources[track.source_id].channels
        for heard in names if channels == 1 else names[:channels]:
            heard.append(track.name)
    return tuple(" + ".join(heard) for heard in names)


def _exported(
    request: ExportRequest,
    sound: _Sound,
    written: WrittenAudio,
    gain: Normalised | None,
    channels: int,
    subtype: str,
) -> Exported:
    edit_list = sound.edit_list
    length_s = samples_to_s(written.frames, edit_list.rate_hz)
    sentence = (
        f"Exported {format_time(length_s, 1)} to {shown(written.path.name)}: {edit_list.rate_hz} Hz, "
        f"{_channel_words(channels)}, {_depth_words(subtype)}."
    )
    if written.clipped_samples:
        sentence += (
            f" {written.clipped_samples} samples were too loud and were clipped; lower the gain of a track."
        )
    figures = {
        "length_s": length_s,
        "source_length_s": samples_to_s(edit_list.source_length_samples, edit_list.rate_hz),
        "cuts": float(len(accepted_cuts(request.state))),
        "peak": written.peak,
        "clipped_samples": float(written.clipped_samples),
    }
    if gain is not None:
        sentence += f" {gain.sentence}"
        figures |= gain.figures
    return Exported(written.path, sentence, figures)


def _together(request: ExportRequest, stems: list[Exported]) -> Exported:
    """Answer for all stems at once."""
    return Exported(request.out, " ".join(stem.sentence for stem in stems), stems[0].figures, tuple(stems))


def _channel_words(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")


def _depth_words(subtype: str) -> str:
    return _WORDS.get(subtype) or f"{subtype.removeprefix('PCM_').lstrip('SU')} bit"
