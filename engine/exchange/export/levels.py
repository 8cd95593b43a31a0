"""Levels of an export: clipping is found before a file is written, and one gain sets the loudness.

Only blocks that can exceed full scale, by the cached peaks of the recordings, are rendered. Loudness is that
of EBU R 128 (`engine.sound.edl.loudness`). Fades of files are half a period of a cosine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, gcd, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import ExportError
from engine.core.files.safe_write import shown
from engine.core.latest import found_once_of
from engine.core.progress import SILENT, Progress
from engine.core.timebase import convert_samples, format_time, s_to_samples, samples_to_s
from engine.core.wording import level_text
from engine.document.state import DocumentState
from engine.document.tracks import Visible, audible, visible
from engine.exchange.export.audio_plan import PlannedAudio, planned_audio
from engine.exchange.export.formats import AUDIO_SUFFIXES
from engine.exchange.export.request import ExportOptions, ExportRequest
from engine.sound.conform import MOST_OVER_CONVERTED, REACH_SAMPLES, converted
from engine.sound.edl.crossfade import Block
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.loudness import (
    MOST_OVER_SAMPLES,
    TAPS,
    BetweenSamples,
    cell_samples,
    cell_starts,
    decibels,
    measure,
)
from engine.sound.edl.render import Renderer
from engine.sound.pictures.peak_cache import load_peaks
from engine.sound.pictures.peaks import BASE_SAMPLES, FACTOR, PeakPyramid

HIGHEST_TRUE_PEAK_DBTP = -1.0
"""EBU R 128 allows no more: converters and lossy coders overshoot."""
_CELL_SAMPLES = 16 * BASE_SAMPLES
_SEAM = 2.0  # both sides of a crossfade at full gain
Peaks = NDArray[np.float64]
_BLOCK_FRAMES = 65_536
_APART_S = 0.5  # what is nearer is one place to who listens
_FLOATS = ("FLOAT", "DOUBLE")
_DITHER_DB = 0.001  # three steps of 16 bits: lowered to full scale itself, dither would clip again


@dataclass(frozen=True, slots=True)
class Overs:
    """Samples of one file over full scale.

    Attributes
    ----------
    name : "The mix", or the name of the file if there are several
    peak : the highest absolute value, over 1.0
    between : whether values between samples count, as for coded files
    starts_s : start of each place, in the file
    sources_samples : the same in the recording
    """

    name: str
    peak: float
    between: bool
    starts_s: tuple[float, ...]
    sources_samples: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Clipping:
    """Files of an export that exceed full scale.

    Attributes
    ----------
    files : files with overs, in order
    of_files : number of files analysed
    """

    files: tuple[Overs, ...]
    of_files: int

    @property
    def lower_db(self) -> float:
        """Gain reduction without any clipping, in tenths of a decibel."""
        return ceil((decibels(self._worst.peak) + _DITHER_DB) * 10) / 10

    @property
    def _worst(self) -> Overs:
        return max(self.files, key=lambda one: one.peak)

    @property
    def sentence(self) -> str:
        """How much it is and where first."""
        worst = self._worst
        over = f"{self.lower_db:.1f} dB over full scale"  # as the button says
        over += " between its samples" if worst.between else ""
        first, count = format_time(worst.starts_s[0], 1), len(worst.starts_s)
        where = f"at {first}" if count == 1 else f"at {count} places, first at {first}"
        if len(self.files) == 1:
            return f"{worst.name} goes {over} {where}."
        return (
            f"{len(self.files)} of {self.of_files} files go over full scale; the loudest is {worst.name}, "
            f"{over} {where}."
        )


def find_clipping(requests: Sequence[ExportRequest], progress: Progress = SILENT) -> Clipping | None:
    """Find samples of these exports that integers or a coder would clip; None without any.

    Normalised exports are skipped: their true peak stays below full scale.

    Raises
    ------
    ExportError : one of them cannot be written
    SourceError : a recording is missing or cannot be read
    """
    looked: list[tuple[PlannedAudio, Overs | None]] = []
    sounds = [
        (request, planned_audio(request).edit_list, file)
        for request in requests
        if request.out.suffix.lower() in AUDIO_SUFFIXES and request.options.loudness_lufs is None
        for file in planned_audio(request).files
        if file.subtype not in _FLOATS or file.coding is not None
    ]
    for number, (request, edit_list, file) in enumerate(sounds):
        alike = [over for other, over in looked if _is_alike(other, file)]
        share = progress.step(number, len(sounds))
        looked.append((file, alike[0] if alike else _overs_of(request, edit_list, file, share)))
    found = tuple(over for _, over in looked if over is not None)
    distinct = tuple(dict.fromkeys(found))
    return Clipping(distinct, len(looked)) if distinct else None


def lowered(requests: Sequence[ExportRequest], progress: Progress = SILENT) -> list[ExportRequest]:
    """Return the exports with one common gain reduction, so that none clips.

    Raises
    ------
    ExportError, SourceError : see `find_clipping`
    """
    found = find_clipping(requests, progress)
    if found is None:
        return list(requests)
    options = [replace(one.options, gain_db=one.options.gain_db - found.lower_db) for one in requests]
    return [replace(one, options=its) for one, its in zip(requests, options, strict=True)]


def _is_alike(one: PlannedAudio, other: PlannedAudio) -> bool:
    """Return whether two files hold the same sound with the same kind of peak."""
    is_coded, other_is = one.coding is not None, other.coding is not None
    is_of_rate = one.rate_hz == other.rate_hz
    return is_coded == other_is and is_of_rate and one.span == other.span and one.state == other.state


def _overs_of(
    request: ExportRequest, edit_list: EditList, file: PlannedAudio, progress: Progress
) -> Overs | None:
    """Render only the blocks that may exceed full scale."""
    options, (start, stop), between = request.options, file.span, file.coding is not None
    gain = 10.0 ** (options.gain_db / 20.0)
    bounds = highest_possible(file.state, edit_list, file.span, _BLOCK_FRAMES) * gain
    if file.is_converted:  # each sample is made of those around it, which the block beside may hold
        bounds = np.maximum.reduce([bounds, np.roll(bounds, 1), np.roll(bounds, -1)]) * MOST_OVER_CONVERTED
    loud = np.flatnonzero(bounds * (MOST_OVER_SAMPLES if between else 1.0) > 1.0)
    if not len(loud):
        return None
    rate_hz = edit_list.rate_hz
    peak, cells = 0.0, []
    with Renderer(file.state, edit_list, request.media) as renderer:
        for number, block in enumerate(loud.tolist()):
            progress.check_cancelled()
            first = start + block * _BLOCK_FRAMES
            last = min(first + _BLOCK_FRAMES, stop)
            lead = TAPS - 1 if between else 0
            samples = _written(renderer, file, (first, last), lead, options)
            starts = cell_starts(first, last, cell_samples(rate_hz))
            written_starts = np.minimum(starts * file.rate_hz // rate_hz, len(samples) - lead - 1)
            highest = _in_cells(samples, lead, written_starts)
            peak = max(peak, float(highest.max()))
            cells.append(first - start + starts[highest > 1.0])
            progress.report((number + 1) / len(loud), "Looking for clipping")
    places = np.concatenate(cells)
    if not len(places):
        return None
    apart = np.diff(places, prepend=-s_to_samples(2 * _APART_S, rate_hz)) > s_to_samples(_APART_S, rate_hz)
    is_one = not (options.stems or options.regions)
    name = "The mix" if is_one else shown(file.path.name)
    begun = places[apart].tolist()
    starts_s = tuple(samples_to_s(place, rate_hz) for place in begun)
    return Overs(name, peak, between, starts_s, tuple(edit_list.to_source(start + place) for place in begun))


def _written(
    renderer: Renderer, file: PlannedAudio, span: tuple[int, int], lead: int, options: ExportOptions
) -> Block:
    """Return the samples of a file for a span of the result, with `lead` samples before it."""
    own_hz, to_hz, start = renderer.rate_hz, file.rate_hz, file.span[0]
    first, last = span[0] - start, span[1] - start
    if not file.is_converted:
        return _faded(renderer, file, (first - lead, last), options)
    margin = REACH_SAMPLES * max(1, ceil(own_hz / to_hz))
    # Only from such a place on do both rates begin with a sample at the same time.
    shared = own_hz // gcd(own_hz, to_hz)
    begin, end = max(0, first - margin) // shared * shared, min(file.frames, last + margin)
    blocks = converted([_faded(renderer, file, (begin, end), options)], own_hz, to_hz, channels=file.channels)
    around = np.concatenate(list(blocks))
    low, high, skipped = (convert_samples(place, own_hz, to_hz) for place in (first, last, begin))
    taken = around[max(0, low - lead - skipped) : high - skipped]
    before = max(0, lead + skipped - low)  # the file begins with silence, as far as a coder knows
    room = lead + max(1, high - low) - before - len(taken)
    samples: Block = np.pad(taken, ((before, max(0, room)), (0, 0)))
    return samples


def _faded(renderer: Renderer, file: PlannedAudio, span: tuple[int, int], options: ExportOptions) -> Block:
    """Render a span of a file at the document's rate, with its gain and its fades."""
    start, rate_hz = file.span[0], renderer.rate_hz
    gain = np.float32(10.0 ** (options.gain_db / 20.0))
    fades = s_to_samples(options.fade_in_s, rate_hz), s_to_samples(options.fade_out_s, rate_hz)
    samples = renderer.read(start + span[0], start + span[1]) * gain
    return faded_block(samples, span[0], file.frames, *fades)


def _in_cells(samples: Block, lead: int, starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the highest of each cell, between samples too where some lead in."""
    if lead:
        meter = BetweenSamples()
        meter.highest(samples[:lead])
        between: NDArray[np.float32] = meter.in_cells(samples[lead:], starts)
        return between
    highest: NDArray[np.float32] = np.maximum.reduceat(np.abs(samples).max(axis=1), starts)
    return highest


def highest_possible(
    state: DocumentState, edit_list: EditList, span: tuple[int, int], block_samples: int
) -> Peaks:
    """Return an upper bound of the samples of each block of a result span, shape (blocks,).

    1.0 is full scale; infinite if unknown: peaks are not cached, the sound of a track is edited, or a track
    has cuts of its own.
    """
    firsts = np.arange(span[0], span[1], block_samples)
    if edit_list.own:
        return np.full(len(firsts), np.inf)
    cells = _cells(state, edit_list)
    return np.array(
        [_of_block(edit_list, cells, first, min(first + block_samples, span[1])) for first in firsts.tolist()]
    )


def _of_block(edit_list: EditList, cells: Peaks, first: int, stop: int) -> float:
    """Return the bound of a block [first, stop) of the result."""
    results, starts = edit_list.result_starts_samples, edit_list.starts_samples
    # The segments that reach into it: they are in the order in which they are heard.
    after = int(np.searchsorted(results, stop))
    before = max(int(np.searchsorted(results, first, side="right")) - 2, 0)
    highest, has_seam = 0.0, False
    for index in range(before, after):
        length = int(edit_list.stops_samples[index] - starts[index])
        begin, end = max(first - int(results[index]), 0), min(stop - int(results[index]), length)
        if begin >= end:
            continue
        source = int(starts[index])
        peaks = cells[(source + begin) // _CELL_SAMPLES : (source + end - 1) // _CELL_SAMPLES + 1]
        if edit_list.inserted[index]:  # room tone is of any place
            peaks, has_seam = cells, True
        highest = max(highest, float(peaks.max(initial=0.0)))
        fades_in, fades_out = edit_list.fades_in_samples[index], edit_list.fades_out_samples[index]
        has_seam = has_seam or begin < fades_in or end > length - fades_out
    return highest * (_SEAM if has_seam else 1.0)


def _cells(state: DocumentState, edit_list: EditList) -> Peaks:
    """Return the bound of each cell of the document's timeline."""
    total = np.zeros(-(-max(state.length_samples, 1) // _CELL_SAMPLES))
    for track in audible(state.tracks):
        known = {key: cached_peaks(state, key) for key in track.source_ids}
        for one in visible(edit_list.as_played(track).clips):
            cached = known[one.clip.source_id]
            if cached is None:
                return np.full_like(total, np.inf)
            here = slice(one.start_samples // _CELL_SAMPLES, -(-one.stop_samples // _CELL_SAMPLES))
            # a cell in which one clip ends and another begins has the sum: a bound, not the peak
            gain = 10.0 ** ((track.gain_db + one.clip.gain_db) / 20.0)
            total[here] += _of_clip(cached, one) * gain
        patches = edit_list.patches.get(track.id)
        for start, stop in () if patches is None else patches.reaches.tolist():
            total[max(start, 0) // _CELL_SAMPLES : max(stop, 0) // _CELL_SAMPLES + 1] = np.inf
    return total


@found_once_of(32)
def cached_peaks(state: DocumentState, source_id: str) -> PeakPyramid | None:
    """Return the stored peaks of a source, None without any; read once for all files of an export."""
    source = state.sources[source_id]
    return load_peaks(source.content_hash, state.rate_hz) if source.content_hash else None


def _of_clip(peaks: PeakPyramid, one: Visible) -> Peaks:
    """Return the peak of a clip in each cell of the timeline that it overlaps."""
    level = min(2, len(peaks.levels) - 1)
    width = peaks.base_samples * FACTOR**level
    columns = np.abs(peaks.levels[level][:2]).max(axis=(0, 1)).astype(np.float64)
    first, last = one.start_samples // _CELL_SAMPLES, -(-one.stop_samples // _CELL_SAMPLES)
    borders = np.arange(first, last + 1) * _CELL_SAMPLES
    borders = np.clip(borders, one.start_samples, one.stop_samples) - one.clip.shift_samples
    begin = np.clip(borders[:-1] // width, 0, len(columns) - 1)
    end = np.clip((borders[1:] - 1) // width, 0, len(columns) - 1)
    highest: Peaks = columns[begin]
    for further in range(1, int((end - begin).max(initial=0)) + 1):
        np.maximum(highest, columns[np.minimum(begin + further, end)], out=highest)
    return highest


@dataclass(frozen=True, slots=True)
class Normalised:
    """A gain and the resulting levels.

    Attributes
    ----------
    target_lufs : requested loudness
    loudness_lufs, true_peak_dbtp : of the programme with the gain
    """

    target_lufs: float
    gain_db: float
    loudness_lufs: float
    true_peak_dbtp: float

    @property
    def sentence(self) -> str:
        """Message to the user."""
        loudness, peak = level_text(self.loudness_lufs, "LUFS", 1), level_text(self.true_peak_dbtp, "dBTP", 1)
        sentence = f"Its loudness is {loudness}, its true peak {peak}."
        if self.loudness_lufs < self.target_lufs - 0.05:
            sentence += (
                f" At {level_text(self.target_lufs, 'LUFS', 1)} it would have passed "
                f"{level_text(HIGHEST_TRUE_PEAK_DBTP, 'dBTP')}, so it was raised no further; "
                "use a limiter for more."
            )
        return sentence

    @property
    def figures(self) -> Mapping[str, float]:
        """The numbers by name."""
        return {
            "gain_db": self.gain_db,
            "loudness_lufs": self.loudness_lufs,
            "true_peak_dbtp": self.true_peak_dbtp,
        }


def amplified(blocks: Iterable[NDArray[Any]], gain_db: float) -> Iterator[Block]:
    """Yield the blocks with a gain, as doubles: rounding comes once, when they are written."""
    gain = 10.0 ** (gain_db / 20.0)
    for block in blocks:
        yield np.multiply(block, gain, dtype=np.float64)


def normalise(blocks: Iterable[Block], target_lufs: float, *, rate_hz: int, name: str) -> Normalised:
    """Find the gain for a loudness; where the true peak would pass -1 dBTP, a smaller one.

    Raises
    ------
    ExportError : it is too quiet or too short to have a loudness
    """
    found = measure(blocks, rate_hz=rate_hz)
    if not (isfinite(found.integrated_lufs) and isfinite(found.true_peak_dbtp)):
        raise ExportError(
            f"{name} cannot be brought to {target_lufs:.1f} LUFS because the result is silent or shorter "
            "than 0.4 s: export it without a loudness."
        )
    gain_db = min(target_lufs - found.integrated_lufs, HIGHEST_TRUE_PEAK_DBTP - found.true_peak_dbtp)
    return Normalised(target_lufs, gain_db, found.integrated_lufs + gain_db, found.true_peak_dbtp + gain_db)


def faded(
    blocks: Iterable[NDArray[Any]], frames: int, fade_in_samples: int, fade_out_samples: int
) -> Iterator[Block]:
    """Yield blocks with the first and the last samples faded by half a period of a cosine.

    That shape has no corner at either end. A fade is at most as long as the file. Blocks that neither fade
    touches are passed through without a copy.

    Parameters
    ----------
    blocks : shape (n, channels) each, `frames` together
    """
    at = 0
    for block in blocks:
        yield faded_block(block, at, frames, fade_in_samples, fade_out_samples)
        at += len(block)


def faded_block(
    block: NDArray[Any], at: int, frames: int, fade_in_samples: int, fade_out_samples: int
) -> Block:
    """Apply the same fades to samples that begin at a position of a file."""
    rising, falling = min(fade_in_samples, frames), min(fade_out_samples, frames)
    stop = at + len(block)
    if at >= rising and stop <= frames - falling:
        return block
    places = np.arange(at, stop)
    gains = _gains(places, rising) * _gains(frames - 1 - places, falling)
    quieter: Block = (block * gains[:, np.newaxis]).astype(block.dtype)
    return quieter


def _gains(places: NDArray[np.int64], length: int) -> NDArray[np.float64]:
    """Return the gains of a fade in, at places counted from its start."""
    if not length:
        return np.ones(len(places))
    gains: NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * np.minimum((places + 0.5) / length, 1.0))
    return gains
