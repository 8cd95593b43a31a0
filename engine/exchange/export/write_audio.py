"""The result as audio files, at the rate, channels and bit depth of the sources unless requested or coded.

The order is fixed: render, amplify and fade at the document's rate, convert, then dither and write. The
report has one line a file, with its origin.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import log10
from pathlib import Path

import numpy as np

from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.timebase import convert_samples, format_time, s_to_samples, samples_to_s
from engine.core.wording import counted, listed
from engine.document.state import DocumentState
from engine.document.tracks import Source, audible
from engine.exchange.export.audio_plan import (
    AudioPlan,
    PlannedAudio,
    depth_words,
    planned_audio,
    source_depth,
    unheard_sentence,
    written_rate_hz,
)
from engine.exchange.export.levels import Normalised, amplified, cached_peaks, faded, faded_block, normalise
from engine.exchange.export.placing.marks import Cues, find_cues
from engine.exchange.export.request import (
    Exported,
    ExportRequest,
    accepted_edits,
    counted_edits,
    edit_figures,
)
from engine.exchange.export.unchanged import copied_blocks, unchanged_spans
from engine.sound.conform import converted, of_length
from engine.sound.edl.crossfade import Block
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.loudness import decibels
from engine.sound.edl.render import Renderer, mix_channels
from engine.sound.edl.tracks.voice import media_path, sides
from engine.sound.headers.bwf import Broadcast, broadcast_chunks
from engine.sound.headers.mp3 import encoder_delay_samples
from engine.sound.headers.start_times import read_origination
from engine.sound.pictures.peaks import PeakPyramid
from engine.sound.reader import SourceReader, Stamp, read_unchanged, stamped
from engine.sound.writer import AnyBlock, Dither, WrittenAudio, bits_of, block_dtype, dithered, write_audio

_MOST_LISTED = 3
_BLOCK_FRAMES = 1 << 18
BLOCK_FRAMES = 65_536
_FLOATS = ("FLOAT", "DOUBLE")
_BEFORE = 0.05  # of the whole, for recordings whose peaks are not kept


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Render the document into one audio file, or into one for each track or region.

    Raises
    ------
    ExportError : the result is empty, or the format cannot hold it
    """
    plan = planned_audio(request)
    stamps = tuple(_stamps(request))
    cues = find_cues(request, plan.edit_list)
    before = look_before(request, progress.part(0.0, _BEFORE))
    measured = _BEFORE + (1.0 - _BEFORE) * plan.measure_cost_s / plan.cost_s
    gain = _gain(request, plan, progress.part(_BEFORE, measured))
    writing = progress.part(measured, 1.0)
    fresh = {file.path for file in plan.files if not os.path.lexists(file.path)}
    done: list[Written] = []
    try:
        for number, file in enumerate(plan.files):
            share = writing.step(number, len(plan.files))
            done.append(_write_file(request, file, plan.edit_list, cues, (gain, before), stamps, share))
    except BaseException:
        for one in done:  # those that are whole go with the one that failed, unless they replaced another
            with suppress(OSError):
                if one.exported.path in fresh:
                    one.exported.path.unlink(missing_ok=True)
        raise
    if not (request.options.stems or request.options.regions):
        return done[0].summary
    unheard = unheard_sentence(request, plan.edit_list) if request.options.regions else ""
    return report_together(request, done, unheard)


def _stamps(request: ExportRequest) -> Iterator[Stamp]:
    """Stamp each audible recording."""
    tracks = audible(request.state.tracks)
    for source_id in dict.fromkeys(key for track in tracks for key in track.source_ids):
        path = request.media.get(source_id)
        if path is not None:  # else opening it says what is missing
            yield stamped(path, request.state.sources[source_id].content_hash)


def _gain(request: ExportRequest, plan: AudioPlan, progress: Progress) -> Normalised | None:
    """Listen to the whole mix for its loudness, so that stems keep their balance."""
    target = request.options.loudness_lufs
    if target is None:
        return None
    rate_hz, channels = written_rate_hz(request), mix_channels(request.state)
    with Renderer(request.state, plan.edit_list, request.media) as renderer:
        blocks = _blocks(renderer, plan.span, progress)
        written = converted(blocks, renderer.rate_hz, rate_hz, channels=channels)
        return normalise(written, target, rate_hz=rate_hz, name=shown(request.out))


def _blocks(renderer: Renderer, span: tuple[int, int], progress: Progress) -> Iterator[Block]:
    """Yield a span of the result in blocks, reporting progress."""
    start, stop = span
    for begin in range(start, stop, BLOCK_FRAMES):
        progress.check_cancelled()
        yield renderer.read(begin, min(begin + BLOCK_FRAMES, stop))
        progress.report((begin - start) / (stop - start), "Measuring the loudness")


def _write_file(
    request: ExportRequest,
    file: PlannedAudio,
    edit_list: EditList,
    cues: Cues,
    measured: tuple[Normalised | None, Before],
    stamps: Sequence[Stamp],
    progress: Progress,
) -> Written:
    gain, before = measured
    # A lossless choice for WAV holds what the sources do, whatever is written in the end.
    dtype = block_dtype(file.subtype if request.options.depth is None else file.source_subtype)
    with Renderer(file.state, edit_list, request.media, dtype, progress) as renderer:
        blocks = _sound_of(request, file, edit_list, renderer, gain)
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
            total_frames=file.written_frames,
            coding=file.coding,
            tags=file.tags,
            trailing_chunks=_chunks(request, file, edit_list, cues, gain) if with_chunks else b"",
        )
        left_out = renderer.left_out
    return report(request, file, written, gain, before, left_out)


def _sound_of(
    request: ExportRequest,
    file: PlannedAudio,
    edit_list: EditList,
    renderer: Renderer,
    gain: Normalised | None,
) -> Iterator[AnyBlock]:
    """Return the samples of a file as it holds them."""
    (start, stop), options, own_hz = file.span, request.options, renderer.rate_hz
    gain_db = options.gain_db if gain is None else gain.gain_db
    fades = s_to_samples(options.fade_in_s, own_hz), s_to_samples(options.fade_out_s, own_hz)
    is_dithered = file.coding is None and file.subtype not in _FLOATS and _is_dithered(request, file)
    if not (gain_db or is_dithered):
        spans = unchanged_spans(request, file, edit_list, (start + fades[0], stop - fades[1]))
        if spans:

            def read(begin: int, end: int) -> Block:
                return faded_block(renderer.read(begin, end), begin - start, file.frames, *fades)

            return copied_blocks(spans, read, file, BLOCK_FRAMES)
    blocks: Iterator[Block] = (
        renderer.read(begin, min(begin + BLOCK_FRAMES, stop)) for begin in range(start, stop, BLOCK_FRAMES)
    )
    if gain_db:
        blocks = amplified(blocks, gain_db)
    if any(fades):
        blocks = faded(blocks, file.frames, *fades)
    if file.is_converted:
        blocks = converted(
            blocks, own_hz, file.rate_hz, channels=file.channels, dtype=block_dtype(file.subtype)
        )
        blocks = of_length(blocks, file.written_frames, file.channels)
    return dithered(blocks, bits_of(file.subtype)) if is_dithered else blocks


def _is_dithered(request: ExportRequest, file: PlannedAudio) -> bool:
    if request.options.dither is not None:
        return request.options.dither is Dither.TPDF
    if file.is_converted:
        return True  # samples between those of the recordings have no end of digits
    if request.options.depth is None:
        return False
    return file.source_subtype in _FLOATS or bits_of(file.subtype) < bits_of(file.source_subtype)


def _chunks(
    request: ExportRequest,
    file: PlannedAudio,
    edit_list: EditList,
    cues: Cues,
    gain: Normalised | None,
) -> bytes:
    """Return the metadata chunks of a file; only a mix was measured, so only a mix has its loudness.

    It is named after its tracks, not after the document, so that the same edit gives the same file.
    """
    state = file.state
    edits = accepted_edits(state)
    kind = "audio removed by" if request.options.removed else "edited with"
    name = ", ".join(track.name for track in audible(state.tracks))
    measured = None if request.options.stems or request.options.regions else gain
    broadcast = Broadcast(
        description=f"{name[:200]}: {kind} {counted_edits(edits)}",
        project=name,
        time_reference_samples=convert_samples(
            edit_list.to_source(file.span[0]), edit_list.rate_hz, file.rate_hz
        ),
        channel_names=_channel_names(state),
        cues=tuple(cue.at_rate(edit_list.rate_hz, file.rate_hz) for cue in cues.within(file.span)),
        loudness_lufs=None if measured is None else measured.loudness_lufs,
        true_peak_dbtp=None if measured is None else measured.true_peak_dbtp,
        origination=_origination(request, state),
    )
    return broadcast_chunks(broadcast, rate_hz=file.rate_hz, bits=bits_of(file.subtype))


def _origination(request: ExportRequest, state: DocumentState) -> datetime | None:
    """Return the earliest recording date of the audible sources: a new export does not change it."""
    sources = {key for track in audible(state.tracks) for key in track.source_ids}
    paths = [request.media[source_id] for source_id in sources if source_id in request.media]
    return min(filter(None, map(read_origination, paths)), default=None)


def _channel_names(state: DocumentState) -> tuple[str, ...]:
    """Name each channel of the mix after the tracks audible on it."""
    names: list[list[str]] = [[] for _ in range(mix_channels(state))]
    for track in audible(state.tracks):
        channels = state.channels(track)
        for number, channel in enumerate(names if channels == 1 else names[:channels]):
            is_silent = number < 2 and not sides(track.pan)[number]
            if not is_silent:
                channel.append(track.name)
    return tuple(" + ".join(channel) for channel in names)


@dataclass(frozen=True, slots=True)
class Before:
    """Input of an export.

    Attributes
    ----------
    peak : the largest absolute sample of the audible recordings, 1.0 at full scale
    length_s : of the recording, before cuts
    words : length, rate, depth and peak in words
    """

    peak: float
    length_s: float
    words: str


def look_before(request: ExportRequest, progress: Progress) -> Before:
    """Measure the audible recordings; their peaks are cached since the import, or computed now.

    Raises
    ------
    SourceError : a recording is missing or cannot be read
    """
    state = request.state
    tracks = {source_id: track for track in audible(state.tracks) for source_id in track.source_ids}
    peak = 0.0
    for number, (source_id, track) in enumerate(tracks.items()):
        path, share = media_path(state, track, source_id, request.media), progress.step(number, len(tracks))
        cached = cached_peaks(state, source_id)
        peak = max(
            peak, _top_of(cached) if cached is not None else _peak_of(state.sources[source_id], path, share)
        )
    length_s = samples_to_s(state.length_samples, state.rate_hz)
    rates = sorted({state.sources[key].rate_hz for track in state.tracks for key in track.source_ids})
    words = (
        f"{format_time(length_s, 1)}, {listed([f'{rate} Hz' for rate in rates])}, {source_depth(state)}, "
        f"{peak_words(peak)}"
    )
    return Before(peak, length_s, words)


def _top_of(cached: PeakPyramid) -> float:
    return float(np.abs(cached.levels[-1][:2]).max(initial=0.0))


_MOST_PEAKS = 256
_peaks: dict[tuple[Path, str], float] = {}
"""Of recordings without cached peaks, by path and content hash: an export may write many files of each."""


def _peak_of(source: Source, path: Path, progress: Progress) -> float:
    """Return the largest absolute sample of a file."""
    key = path, source.content_hash
    if source.content_hash and key in _peaks:  # of a file without a known hash, the content may be another
        return _peaks[key]
    peak = 0.0
    with SourceReader(path) as reader:
        for number, block in enumerate(reader.blocks(_BLOCK_FRAMES)):
            progress.check_cancelled()
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            progress.report(
                min(1.0, (number + 1) * _BLOCK_FRAMES / reader.frames), "Measuring the recordings"
            )
    if len(_peaks) >= _MOST_PEAKS:
        _peaks.clear()
    _peaks[key] = peak
    return peak


def peak_words(peak: float) -> str:
    """Return a peak in words: "peak −3.1 dBFS"."""
    if peak <= 0.0:
        return "silent"
    text = f"{20 * log10(peak):.1f}"
    return f"peak {'0.0' if text == '-0.0' else text.replace('-', '−')} dBFS"


@dataclass(frozen=True, slots=True)
class Written:
    """A written file, and notes for its report."""

    exported: Exported
    notes: tuple[str, ...]

    @property
    def summary(self) -> Exported:
        """The file with its notes."""
        one = self.exported
        return Exported(one.path, " ".join((one.sentence, *self.notes)), one.figures)


def report(
    request: ExportRequest,
    file: PlannedAudio,
    written: WrittenAudio,
    gain: Normalised | None,
    before: Before,
    left_out: Sequence[str],
) -> Written:
    """Return the report of one file."""
    length_s = samples_to_s(written.frames, file.rate_hz)
    is_clipped = written.clipped_samples > 0
    peak = min(written.peak, 1.0) if is_clipped else written.peak
    line = (
        f"Exported {format_time(length_s, 1)} to {shown(written.path.name)}: {_rate_words(file)}, "
        f"{_channel_words(file.channels)}, {_depth_words(file, length_s)}, {peak_words(peak)}; "
        f"before: {before.words}."
    )
    notes = []
    if request.options.gain_db and gain is None:
        louder = "louder" if request.options.gain_db > 0 else "quieter"
        notes.append(f"It is {abs(request.options.gain_db):.1f} dB {louder} than the document.")
    if is_clipped:
        notes.append(_clipped_words(written))
    figures = {
        "length_s": length_s,
        "source_length_s": before.length_s,
        **edit_figures(accepted_edits(request.state)),
        "peak": written.peak,
        "source_peak": before.peak,
        "rate_hz": float(file.rate_hz),
        "clipped_samples": float(written.clipped_samples),
    }
    if file.container == "MP3" and file.tags is not None and file.tags.chapters:
        figures["chapters"] = float(len(file.tags.chapters))
        notes.append(f"It has {counted(len(file.tags.chapters), 'chapter')}, one for each region.")
    if file.coding is not None:
        delay_samples = encoder_delay_samples(file.path, file.rate_hz)
        figures["encoder_delay_samples"] = float(delay_samples)
        if delay_samples:
            notes.append(
                f"The coder put {counted(delay_samples, 'sample')} in front; the file states this, "
                "and players skip them."
            )
    if gain is not None:
        notes.append(gain.sentence)
        figures |= gain.figures
    return Written(Exported(written.path, line, figures), (*notes, *left_out))


def report_together(request: ExportRequest, written: Sequence[Written], unheard: str) -> Exported:
    """Report several files at once: each of a few, or their count.

    Parameters
    ----------
    unheard : regions without a file, "" if all have one
    """
    parts = [one.summary for one in written]
    if unheard:
        last = parts[-1]
        parts[-1] = Exported(last.path, f"{last.sentence} {unheard}", last.figures)
    figures = dict(parts[0].figures)
    if request.options.regions:
        figures["length_s"] = sum(part.figures["length_s"] for part in parts)
        figures["peak"] = max(part.figures["peak"] for part in parts)
    figures["clipped_samples"] = sum(part.figures["clipped_samples"] for part in parts)
    if len(parts) <= _MOST_LISTED:
        return Exported(request.out, " ".join(part.sentence for part in parts), figures, tuple(parts))
    lengths_s = sum(part.figures["length_s"] for part in parts)
    sentence = (
        f"Exported {counted(len(parts), 'file')}, {format_time(lengths_s, 1)} in all, "
        f"{shown(parts[0].path.name)} to {shown(parts[-1].path.name)}."
    )
    notes = dict.fromkeys(note for one in written for note in one.notes)
    summary = " ".join([sentence, *notes, *filter(None, (unheard,))])
    return Exported(request.out, summary, figures, tuple(parts))


def _clipped_words(written: WrittenAudio) -> str:
    over = f", up to {decibels(written.peak):.1f} dB over full scale," if written.peak > 1.0 else ""
    were = "was" if written.clipped_samples == 1 else "were"
    clipped = counted(written.clipped_samples, "sample")
    return f"{clipped} {were} too loud{over} and {were} clipped; export it lower."


def _rate_words(file: PlannedAudio) -> str:
    own_hz = file.state.rate_hz
    return f"{file.rate_hz} Hz" + (f" converted from {own_hz} Hz" if file.rate_hz != own_hz else "")


def _depth_words(file: PlannedAudio, length_s: float) -> str:
    """Return the bit depth of the samples or, for a coded file, its bit rate."""
    if file.coding is None:
        return depth_words(file.subtype)
    kbit_s = file.path.stat().st_size * 8 / 1_000 / length_s
    return f"{file.coding.codec.name} at {kbit_s:.0f} kbit/s"


def _channel_words(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
