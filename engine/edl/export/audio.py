"""The result as audio files, at the rate, channels and bit depth of the sources unless asked or coded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from engine.audio.bwf import Broadcast, CuePoint, broadcast_chunks
from engine.audio.convert_rate import converted, of_length
from engine.audio.dither import Dither, dithered
from engine.audio.encoder_delay import encoder_delay_samples
from engine.audio.unchanged import Stamp, read_unchanged, stamped
from engine.audio.writer import WrittenAudio, bits_of, block_dtype, write_audio
from engine.document.state import DocumentState
from engine.document.track import audible
from engine.edl.crossfade import Block
from engine.edl.export.audio_plan import (
    PlannedAudio,
    PlannedSound,
    depth_words,
    planned_audio,
    planned_sound,
)
from engine.edl.export.gain import Normalised, normalise
from engine.edl.export.request import Exported, ExportRequest, accepted_edits, counted_edits, edit_figures
from engine.edl.export.seams import removed_pieces, seams
from engine.edl.placed_markers import placed_markers
from engine.edl.render import Renderer, mix_channels
from engine.edl.voice import sides
from engine.progress import Progress
from engine.safe_write import shown
from engine.timebase import convert_samples, format_time, samples_to_s
from engine.wording import counted

BLOCK_FRAMES = 65_536

_FLOATS = ("FLOAT", "DOUBLE")


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Render the document into one audio file, or into one for each track.

    Raises
    ------
    ExportError : nothing remains to be heard, or the format cannot hold it
    """
    sound, files = planned_sound(request), planned_audio(request)
    stamps = tuple(_stamps(request))
    cues = _cues(request, sound)
    measuring = progress.part(0.0, 0.5 if request.options.loudness_lufs is not None else 0.0)
    gain = _gain(request, sound, measuring)
    writing = progress.part(0.5 if request.options.loudness_lufs is not None else 0.0, 1.0)
    fresh = {file.path for file in files if not os.path.lexists(file.path)}
    done = []
    try:
        for number, file in enumerate(files):
            share = writing.step(number, len(files))
            done.append(_write_file(request, file, sound, cues, gain, stamps, share))
    except BaseException:
        for stem in done:  # those that are whole go with the one that failed, unless they replaced another
            with suppress(OSError):
                if stem.path in fresh:
                    stem.path.unlink(missing_ok=True)
        raise
    return done[0] if not request.options.stems else _together(request, done)


def _stamps(request: ExportRequest) -> Iterator[Stamp]:
    """Look at each recording that will be heard."""
    for source_id in dict.fromkeys(track.source_id for track in audible(request.state.tracks)):
        path = request.media.get(source_id)
        if path is not None:  # else opening it says what is missing
            yield stamped(path, request.state.sources[source_id].content_hash)


def _cues(request: ExportRequest, sound: PlannedSound) -> tuple[CuePoint, ...]:
    """Return the cuts and the markers within the span, counted from its start."""
    is_removed, (start, stop) = request.options.removed, sound.span
    find = removed_pieces if is_removed else seams
    cues = [
        CuePoint(mark.position_samples - start, mark.label)
        for mark in find(request.state, sound.edit_list)
        if start <= mark.position_samples < stop
    ]
    markers = placed_markers(request.state.markers.values(), sound.edit_list, onto_seams=not is_removed)
    for marker in markers:
        first, last = max(marker.start_samples, start), min(marker.stop_samples, stop)
        if first < last or (not marker.is_region and start <= marker.start_samples <= stop):
            cues.append(CuePoint(first - start, marker.name, last - first))
    return tuple(sorted(cues, key=lambda cue: cue.position_samples))


def _gain(request: ExportRequest, sound: PlannedSound, progress: Progress) -> Normalised | None:
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
    request: ExportRequest,
    file: PlannedAudio,
    sound: PlannedSound,
    cues: tuple[CuePoint, ...],
    gain: Normalised | None,
    stamps: Sequence[Stamp],
    progress: Progress,
) -> Exported:
    start, stop = sound.span
    # A lossless choice for WAV holds what the sources do, whatever is written in the end.
    kept = block_dtype(file.subtype if request.options.depth is None else file.source_subtype)
    with Renderer(file.state, sound.edit_list, request.media, kept, progress) as renderer:
        blocks: Iterator[Block] = (
            renderer.read(begin, min(begin + BLOCK_FRAMES, stop))
            for begin in range(start, stop, BLOCK_FRAMES)
        )
        if gain is not None:
            blocks = gain.apply(blocks)
        if file.coding is None and file.subtype not in _FLOATS and _is_dithered(request, file):
            blocks = dithered(blocks, bits_of(file.subtype))
        frames = max(1, convert_samples(stop - start, renderer.rate_hz, file.rate_hz))
        if file.rate_hz != renderer.rate_hz:
            blocks = converted(blocks, renderer.rate_hz, file.rate_hz, channels=file.channels)
            blocks = of_length(blocks, frames, file.channels)
        with_chunks = request.options.broadcast and file.container == "WAV"
        written = write_audio(
            file.path,
            read_unchanged(blocks, stamps),
            rate_hz=file.rate_hz,
            channels=file.channels,
            container=file.container,
            subtype=file.subtype,
            overwrite=request.overwrite,
            progress=progress,
            total_frames=frames,
            coding=file.coding,
            trailing_chunks=_chunks(request, file, sound, cues, gain) if with_chunks else b"",
        )
        left_out = renderer.left_out
    exported = _exported(request, file, sound, written, gain)
    return replace(exported, sentence=" ".join([exported.sentence, *left_out]))


def _is_dithered(request: ExportRequest, file: PlannedAudio) -> bool:
    if request.options.dither is not None:
        return request.options.dither is Dither.TPDF
    if request.options.depth is None:
        return False
    return file.source_subtype in _FLOATS or bits_of(file.subtype) < bits_of(file.source_subtype)


def _chunks(
    request: ExportRequest,
    file: PlannedAudio,
    sound: PlannedSound,
    cues: tuple[CuePoint, ...],
    gain: Normalised | None,
) -> bytes:
    """Return what the file says of itself; only a mix was measured, so only it tells its loudness.

    It is named after its tracks, not after the document: the same edit is the same file whatever the document
    is called.
    """
    state, edit_list = file.state, sound.edit_list
    edits = accepted_edits(state)
    kind = "what was removed by" if request.options.removed else "edited with"
    name = ", ".join(track.name for track in audible(state.tracks))
    told = gain if not request.options.stems else None
    said = Broadcast(
        description=f"{name[:200]}: {kind} {counted_edits(edits)}",
        project=name,
        time_reference_samples=edit_list.to_source(sound.span[0]),
        channel_names=_channel_names(state),
        cues=cues,
        loudness_lufs=None if told is None else told.loudness_lufs,
        true_peak_dbtp=None if told is None else told.true_peak_dbtp,
    )
    return broadcast_chunks(said, rate_hz=edit_list.rate_hz, bits=bits_of(file.subtype))


def _channel_names(state: DocumentState) -> tuple[str, ...]:
    """Name each channel of the mix after the tracks that are heard on it."""
    names: list[list[str]] = [[] for _ in range(mix_channels(state))]
    for track in audible(state.tracks):
        channels = state.sources[track.source_id].channels
        for number, heard in enumerate(names if channels == 1 else names[:channels]):
            is_silent = number < 2 and not sides(track.pan)[number]
            if not is_silent:
                heard.append(track.name)
    return tuple(" + ".join(heard) for heard in names)


def _exported(
    request: ExportRequest,
    file: PlannedAudio,
    sound: PlannedSound,
    written: WrittenAudio,
    gain: Normalised | None,
) -> Exported:
    edit_list = sound.edit_list
    length_s = samples_to_s(written.frames, file.rate_hz)
    sentence = (
        f"Exported {format_time(length_s, 1)} to {shown(written.path.name)}: {_rate_words(file)}, "
        f"{_channel_words(file.channels)}, {_depth_words(file, length_s)}."
    )
    if written.clipped_samples:
        sentence += (
            f" {written.clipped_samples} samples were too loud and were clipped; lower the gain of a track."
        )
    figures = {
        "length_s": length_s,
        "source_length_s": samples_to_s(edit_list.source_length_samples, edit_list.rate_hz),
        **edit_figures(accepted_edits(request.state)),
        "peak": written.peak,
        "clipped_samples": float(written.clipped_samples),
    }
    if file.coding is not None:
        delay_samples = encoder_delay_samples(file.path, file.rate_hz)
        figures["encoder_delay_samples"] = float(delay_samples)
        if delay_samples:
            sentence += (
                f" The coder put {counted(delay_samples, 'sample')} in front; the file says so, and players "
                "leave them out."
            )
    if gain is not None:
        sentence += f" {gain.sentence}"
        figures |= gain.figures
    return Exported(written.path, sentence, figures)


def _together(request: ExportRequest, stems: list[Exported]) -> Exported:
    """Answer for all stems at once."""
    return Exported(request.out, " ".join(stem.sentence for stem in stems), stems[0].figures, tuple(stems))


def _rate_words(file: PlannedAudio) -> str:
    own_hz = file.state.rate_hz
    return f"{file.rate_hz} Hz" + (f" converted from {own_hz} Hz" if file.rate_hz != own_hz else "")


def _depth_words(file: PlannedAudio, length_s: float) -> str:
    """Return the depth of the samples or, of a coded file, what a second of it takes."""
    if file.coding is None:
        return depth_words(file.subtype)
    kbit_s = file.path.stat().st_size * 8 / 1_000 / length_s
    return f"{file.coding.codec.name} at {kbit_s:.0f} kbit/s"


def _channel_words(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
