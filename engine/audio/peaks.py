"""Minimum, maximum and loudness of a file at every zoom: what a waveform is drawn from.

The base level holds one column per 256 samples and every level above one per four columns below. Peaks are
built from the conformed file, so their positions are samples of the document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.audio.reader import SourceReader, left_out_sentence
from engine.progress import SILENT, Progress
from engine.safe_write import shown

BASE_SAMPLES = 256
FULL_SCALE = 1.0 - 2.0**-15
"""From here on a sample counts as clipped: the highest that 16 bits hold."""
_FACTOR = 4
_FEWEST_COLUMNS = 512  # no level is smaller than half of this: a lane has more pixels
# Measured on stereo 48 kHz: 2**15 to 2**18 samples of all channels together are equally fast (they stay in
# the second-level cache, or nearly so), 2**20 is a quarter slower. A whole number of base columns.
_BLOCK_SAMPLES = 1 << 18
_CHUNK_LEVELS = 8  # 65,536 base columns, nearly six minutes at 48 kHz: 1.5 MB for stereo
_INT16_SCALE = np.float32(2.0**-15)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What to draw, one value per column: float32 arrays of shape (n_columns,), zeros outside the file."""

    minimum: NDArray[np.float32]
    maximum: NDArray[np.float32]
    rms: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PeakPyramid:
    """The peaks of one file.

    Attributes
    ----------
    levels : float32 arrays of shape (3, channels, n): minimum, maximum and sum of squares of each column;
        level k has columns of ``256 * 4**k`` samples, the last one what is left of the file
    rate_hz, channels, frames : of the file the peaks were built from
    bad_samples : how many samples were taken as zero since they are no sound, see `SourceReader`
    first_bad_samples : position of the first of them, -1 without one
    base_samples : width of the columns of level 0, 256 but for what `fine_peaks` makes
    """

    levels: tuple[NDArray[np.float32], ...]
    rate_hz: int
    channels: int
    frames: int
    bad_samples: int = 0
    first_bad_samples: int = -1
    base_samples: int = BASE_SAMPLES

    @property
    def silent(self) -> bool:
        """Whether no sample differs from zero."""
        top = self.levels[-1]
        return not bool(top[:2].any())

    def columns(
        self, channel: int, start_samples: float, samples_per_column: float, n_columns: int
    ) -> Columns:
        """Return columns [start + i * width, start + (i + 1) * width), each at least 256 samples wide.

        The coarsest level whose columns are no wider than half of what is drawn is used (or the base). Each
        of its columns counts in exactly one column of the result, so nothing is lost or drawn twice; edges
        are off by half a drawn column at most, and by one base column below 512 samples per column.
        """
        (minimum, maximum, squares), width = self._level(channel, samples_per_column)
        edges = _edges(start_samples, samples_per_column, n_columns, width)
        return _reduced(minimum, maximum, squares, edges, width, self.frames)

    def spans(
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
    ) -> Columns:
        """Return a column for each span [start, stop), read at the level that `columns` would use.

        Spans are ascending; what lies between two of them shows in neither, but for the column of the level
        in which a span begins.
        """
        (minimum, maximum, squares), width = self._level(channel, samples_per_column)
        first = starts_samples // width
        last = np.maximum(stops_samples // width, first + 1)
        return _reduced_spans(minimum, maximum, squares, first, last, width, self.frames)

    def cell_samples(self, samples_per_column: float) -> int:
        """Return the width of the level's columns that `columns` and `spans` read for a width drawn."""
        return self._level_at(samples_per_column)[1]

    def _level(self, channel: int, samples_per_column: float) -> tuple[NDArray[np.float32], int]:
        number, width = self._level_at(samples_per_column)
        return self.levels[number][:, channel], width

    def _level_at(self, samples_per_column: float) -> tuple[int, int]:
        """Return which level is read for a width drawn, and how wide its columns are."""
        level, width = 0, self.base_samples
        while level + 1 < len(self.levels) and 2 * width * _FACTOR <= samples_per_column:
            level, width = level + 1, width * _FACTOR
        return level, width


def sample_columns(
    samples: NDArray[Any],
    samples_start: int,
    start_samples: float,
    samples_per_column: float,
    n_columns: int,
) -> Columns:
    """Return the columns of raw samples, exactly: for zooms below 256 samples per column.

    A column narrower than a sample shows the sample it lies in.

    Parameters
    ----------
    samples : shape (n,), one channel
    samples_start : the position of the first of them in the file
    """
    values = np.ascontiguousarray(samples, np.float32)
    edges = _edges(start_samples - samples_start, samples_per_column, n_columns, 1)
    return _reduced(values, values, np.square(values), edges, 1, len(values))


def sample_spans(
    samples: NDArray[Any], starts_samples: NDArray[np.int64], stops_samples: NDArray[np.int64]
) -> Columns:
    """Return a column for each span [start, stop) of the raw samples of one channel, shape (n,), exactly."""
    values = np.ascontiguousarray(samples, np.float32)
    last = np.maximum(stops_samples, starts_samples + 1)
    return _reduced_spans(values, values, np.square(values), starts_samples, last, 1, len(values))


def build_peaks(path: Path, progress: Progress = SILENT) -> PeakPyramid:
    """Read a whole file once and reduce it to its peaks.

    Raises
    ------
    SourceError : the file cannot be read
    Cancelled : the user cancelled
    """
    with SourceReader(path) as reader:
        levels = tuple(
            np.empty((3, reader.channels, length), np.float32) for length in level_lengths(reader.frames)
        )
        done = [0] * len(levels)
        for chunk in peak_chunks(reader, progress):
            for number, part in enumerate(chunk):
                levels[number][:, :, done[number] : done[number] + part.shape[2]] = part
                done[number] += part.shape[2]
        bad = (reader.bad_samples, reader.first_bad_samples)
        return PeakPyramid(levels, reader.rate_hz, reader.channels, reader.frames, *bad)


def peak_chunks(
    reader: SourceReader, progress: Progress = SILENT
) -> Iterator[tuple[NDArray[np.float32], ...]]:
    """Yield the peaks of an open file piece by piece, so that hours of it are never in memory at once.

    Each piece is that part of every level, shape (3, channels, n); the pieces of a level join to the whole.
    """
    n_levels = len(level_lengths(reader.frames))
    n_columns = _FACTOR ** max(_CHUNK_LEVELS, n_levels - 1)  # a whole number of columns at every level
    held = np.empty((3, reader.channels, min(n_columns, -(-reader.frames // BASE_SAMPLES))), np.float32)
    filled = 0
    for done, block in enumerate(_base_columns(reader), start=1):
        progress.check_cancelled()
        while block.shape[2]:
            room = min(block.shape[2], n_columns - filled)
            held[:, :, filled : filled + room] = block[:, :, :room]
            filled, block = filled + room, block[:, :, room:]
            if filled == n_columns:
                yield _levels(held, n_levels)
                filled = 0
        progress.report(min(1.0, done * _block_frames(reader) / reader.frames), "Drawing waveforms")
    if filled:
        yield _levels(held[:, :, :filled], n_levels)


def _base_columns(reader: SourceReader) -> Iterator[NDArray[np.float32]]:
    """Yield the base level in blocks, shape (3, channels, n)."""
    # 16-bit files are reduced as integers: half the memory to move. Powers of two scale exactly.
    dtype, scale = (np.int16, _INT16_SCALE) if reader.subtype == "PCM_16" else (np.float32, np.float32(1))
    for samples in reader.blocks(_block_frames(reader), dtype):
        columns = np.empty((3, reader.channels, -(-len(samples) // BASE_SAMPLES)), np.float32)
        _reduce_block(samples, columns)
        columns[:2] *= scale
        columns[2] *= scale * scale
        yield columns


def _block_frames(reader: SourceReader) -> int:
    return max(1, _BLOCK_SAMPLES // reader.channels // BASE_SAMPLES) * BASE_SAMPLES


def level_lengths(frames: int) -> tuple[int, ...]:
    """Return how many columns each level of a file of `frames` samples has."""
    lengths = [-(-frames // BASE_SAMPLES)]
    while lengths[-1] > _FEWEST_COLUMNS:
        lengths.append(-(-lengths[-1] // _FACTOR))
    return tuple(lengths)


def peaks_warning(pyramid: PeakPyramid, path: Path) -> str:
    """Return one sentence about what is no sound, or silent, found while building the peaks, or nothing."""
    if pyramid.bad_samples:
        return left_out_sentence(path, pyramid.bad_samples, pyramid.first_bad_samples, pyramid.rate_hz)
    return f"{shown(path)} is silent from start to end." if pyramid.silent else ""


def _reduce_block(block: NDArray[Any], out: NDArray[np.float32]) -> None:
    whole = len(block) // BASE_SAMPLES
    # Contiguous per channel, then one reduction over the last axis: ten times faster than reducing the
    # interleaved samples.
    by_channel = np.ascontiguousarray(block[: whole * BASE_SAMPLES].T)
    _reduce_columns(by_channel.reshape(block.shape[1], whole, BASE_SAMPLES), out[:, :, :whole])
    rest = block[whole * BASE_SAMPLES :]
    if len(rest):
        _reduce_columns(np.ascontiguousarray(rest.T)[:, None, :], out[:, :, whole:])


def _reduce_columns(samples: NDArray[Any], out: NDArray[np.float32]) -> None:
    out[0] = samples.min(2)
    out[1] = samples.max(2)
    values = samples.astype(np.float32, copy=False)
    np.einsum("cnk,cnk->cn", values, values, out=out[2])


def _levels(base: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], ...]:
    """Return so many levels above columns of the base, which is the first of them."""
    levels = [base]
    while len(levels) < count:
        below = levels[-1]
        starts = np.arange(0, below.shape[2], _FACTOR)
        levels.append(
            np.stack(
                [
                    np.minimum.reduceat(below[0], starts, axis=1),
                    np.maximum.reduceat(below[1], starts, axis=1),
                    np.add.reduceat(below[2], starts, axis=1),
                ]
            )
        )
    return tuple(levels)


def _edges(start: float, samples_per_column: float, n_columns: int, width: int) -> NDArray[np.int64]:
    """Return where columns begin, and the last one ends, in units of `width` samples, shape (n + 1,)."""
    positions = start + samples_per_column * np.arange(n_columns + 1)
    return np.floor(positions / width).astype(np.int64)


def _reduced(
    minimum: NDArray[np.float32],
    maximum: NDArray[np.float32],
    squares: NDArray[np.float32],
    edges: NDArray[np.int64],
    width: int,
    frames: int,
) -> Columns:
    n_columns = len(edges) - 1
    result = Columns(*(np.zeros(n_columns, np.float32) for _ in range(3)))
    # A column shows at least the one it begins in, also where it is narrower than that.
    stops = np.maximum(edges[1:], edges[:-1] + 1)
    first = int(np.searchsorted(stops, 0, "right"))
    inside = slice(first, max(int(np.searchsorted(edges[:-1], len(minimum), "left")), first))
    if inside.start == inside.stop:
        return result
    starts = np.maximum(edges[:-1][inside], 0)
    stops = np.minimum(stops[inside], len(minimum))
    end = int(stops[-1])  # reduceat's last segment runs to the end of the array
    result.minimum[inside] = np.minimum.reduceat(minimum[:end], starts)
    result.maximum[inside] = np.maximum.reduceat(maximum[:end], starts)
    counts = np.minimum(stops * width, frames) - starts * width
    result.rms[inside] = np.sqrt(np.add.reduceat(squares[:end], starts) / counts)
    return result


def _reduced_spans(
    minimum: NDArray[np.float32],
    maximum: NDArray[np.float32],
    squares: NDArray[np.float32],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    width: int,
    frames: int,
) -> Columns:
    """Reduce cells [first, last) of a level to one column each; those outside the file are zero."""
    result = Columns(*(np.zeros(len(first), np.float32) for _ in range(3)))
    inside = np.flatnonzero((first < len(minimum)) & (last > 0))
    if not len(inside):
        return result
    starts, stops = np.maximum(first[inside], 0), np.minimum(last[inside], len(minimum))
    lowest, highest = int(starts[0]), int(stops.max())
    pairs = np.empty(2 * len(starts), np.int64)
    pairs[::2], pairs[1::2] = starts - lowest, stops - lowest

    def reduced(how: np.ufunc, values: NDArray[np.float32]) -> NDArray[np.float32]:
        # one value more, since reduceat takes no index at the end
        padded = values[lowest : highest + 1]
        if highest == len(values):
            padded = np.append(padded, np.float32(0))
        made: NDArray[np.float32] = how.reduceat(padded, pairs)[::2]
        return made

    result.minimum[inside] = reduced(np.minimum, minimum)
    result.maximum[inside] = reduced(np.maximum, maximum)
    counts = np.minimum(stops * width, frames) - starts * width
    result.rms[inside] = np.sqrt(reduced(np.add, squares) / counts)
    return result
