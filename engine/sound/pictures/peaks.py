"""Minimum, maximum and loudness of a file at every zoom, from which waveforms are drawn.

The base level holds one column per 256 samples and every level above one per four columns below. Peaks are
built from the conformed file, so their positions are samples of the document. The visible range also has
finer peaks, of 16 samples: a frame that shows 250,000 samples per lane is then drawn from 16,000 columns,
and from samples themselves only if few are visible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.files.safe_write import shown
from engine.core.latest import found_once_of
from engine.core.progress import SILENT, Progress
from engine.core.side_by_side import side_by_side
from engine.sound.reader import SourceReader, left_out_sentence, no_sound

BASE_SAMPLES = 256
FULL_SCALE = 1.0 - 2.0**-15
"""From here on a sample counts as clipped: the highest that 16 bits hold."""
FACTOR = 4
_FEWEST_COLUMNS = 512  # no level is smaller than half of this: a lane has more pixels
# Measured on stereo 48 kHz: 2**15 to 2**18 samples of all channels together are equally fast (they stay in
# the second-level cache, or nearly so), 2**20 is a quarter slower. A whole number of base columns.
_BLOCK_SAMPLES = 1 << 18
_CHUNK_LEVELS = 8  # 65,536 base columns, nearly six minutes at 48 kHz: 1.5 MB for stereo
_READERS = 2
_INT16_SCALE = np.float32(2.0**-15)
FINE_SAMPLES = 16
PIECE_SAMPLES = 1 << 18

Cells = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Values to draw, one per column: float32 arrays of shape (n_columns,), zeros outside the file."""

    minimum: NDArray[np.float32]
    maximum: NDArray[np.float32]
    rms: NDArray[np.float32]

    @classmethod
    def silent(cls, n_columns: int) -> Columns:
        """Return writable columns of silence."""
        return cls(*(np.zeros(n_columns, np.float32) for _ in range(3)))

    @property
    def arrays(self) -> tuple[NDArray[np.float32], ...]:
        """The three of them."""
        return self.minimum, self.maximum, self.rms

    def part(self, first: int, stop: int) -> Columns:
        """Return columns [first, stop)."""
        return Columns(*(each[first:stop] for each in self.arrays))

    def followed_by(self, others: Columns) -> Columns:
        """Return these columns and others after them."""
        return Columns(*map(np.concatenate, zip(self.arrays, others.arrays, strict=True)))

    def with_part(self, first: int, part: Columns) -> Columns:
        """Return the same with other columns from the one `first` on."""
        whole = Columns(*(each.copy() for each in self.arrays))
        for into, other in zip(whole.arrays, part.arrays, strict=True):
            into[first : first + len(other)] = other
        return whole

    def among(self, places: NDArray[np.int64], n_columns: int) -> Columns:
        """Return `n_columns` columns with these at ascending indices, all others silent."""
        if len(places) == n_columns:
            return self
        whole = Columns.silent(n_columns)
        for into, part in zip(whole.arrays, self.arrays, strict=True):
            into[places] = part
        return whole


@dataclass(frozen=True, slots=True, eq=False)
class PeakPyramid:
    """The peaks of one file.

    Attributes
    ----------
    levels : float32 arrays of shape (3, channels, n): minimum, maximum and sum of squares of each column;
        level k has columns of ``256 * 4**k`` samples, the last one the remainder of the file
    rate_hz, channels, frames : of the file the peaks were built from
    bad_samples : number of invalid samples replaced by zero, see `SourceReader`
    first_bad_samples : position of the first of them, -1 without one
    base_samples : width of the columns of level 0, 256 except in `fine_peaks`
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
        return not bool(self.levels[-1][:2].any())

    def columns(
        self, channel: int, start_samples: float, samples_per_column: float, n_columns: int
    ) -> Columns:
        """Return columns [start + i * width, start + (i + 1) * width), each at least 256 samples wide.

        Uses the coarsest level whose columns are at most half as wide as the drawn ones (or the base). Each
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

        Spans are ascending; peaks between two spans show in neither, except in the column of the level in
        which a span begins.
        """
        (minimum, maximum, squares), width = self._level(channel, samples_per_column)
        cells = _cells_of(starts_samples, stops_samples, width, len(minimum), self.frames)
        return _reduced_spans(minimum, maximum, squares, cells, len(starts_samples))

    def cell_samples(self, samples_per_column: float) -> int:
        """Return the width of the level's columns that `columns` and `spans` read for a width drawn."""
        return self._level_at(samples_per_column)[1]

    def _level(self, channel: int, samples_per_column: float) -> tuple[NDArray[np.float32], int]:
        number, width = self._level_at(samples_per_column)
        return self.levels[number][:, channel], width

    def _level_at(self, samples_per_column: float) -> tuple[int, int]:
        """Return which level is read for a width drawn, and how wide its columns are."""
        level, width = 0, self.base_samples
        while level + 1 < len(self.levels) and 2 * width * FACTOR <= samples_per_column:
            level, width = level + 1, width * FACTOR
        return level, width


def pyramid_over(base: NDArray[np.float32], base_samples: int, rate_hz: int, frames: int) -> PeakPyramid:
    """Return a pyramid over columns that are known, shape (3, channels, n), each of `base_samples`."""
    n_levels = len(level_lengths(base.shape[2] * BASE_SAMPLES))
    return PeakPyramid(_levels(base, n_levels), rate_hz, base.shape[1], frames, base_samples=base_samples)


def sample_columns(
    samples: NDArray[Any],
    samples_start: int,
    start_samples: float,
    samples_per_column: float,
    n_columns: int,
) -> Columns:
    """Return the columns of raw samples, exactly: for zooms below 256 samples per column.

    A column narrower than a sample shows the sample that contains it.

    Parameters
    ----------
    samples : shape (n,), one channel
    samples_start : the position of the first of them in the file
    """
    values = np.ascontiguousarray(samples, np.float32)
    edges = _edges(start_samples - samples_start, samples_per_column, n_columns, 1)
    return _reduced(values, values, np.square(values), edges, 1, len(values))


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
    Files that seek exactly are processed two pieces at a time: decoding and reducing release the GIL.
    """
    n_levels = len(level_lengths(reader.frames))
    step = _piece_columns(n_levels) * BASE_SAMPLES
    starts = range(0, reader.frames, step)
    done = _BlocksDone(reader, progress)

    def piece(own: SourceReader, start: int) -> tuple[NDArray[np.float32], ...]:
        stop = min(start + step, reader.frames)
        return _levels(_base_columns(own, start, stop, done), n_levels)

    if len(starts) == 1 or not reader.seeks_exactly:
        for start in starts:
            yield piece(reader, start)
    else:
        yield from _side_by_side(reader, piece, starts)


class BlockReducer:
    """Reduces blocks of a file that come one after the other to the pieces of `peak_chunks`.

    Parameters
    ----------
    frames, channels : of the file
    take : is given each piece
    """

    def __init__(
        self, frames: int, channels: int, take: Callable[[tuple[NDArray[np.float32], ...]], None]
    ) -> None:
        self._left, self._channels, self._take = frames, channels, take
        self._n_levels = len(level_lengths(frames))
        self._held = np.empty((_block_frames(channels), channels), np.float32)
        self._n_held, self._done = 0, 0
        self._columns = self._next_piece()

    def _next_piece(self) -> NDArray[np.float32]:
        n_columns = min(_piece_columns(self._n_levels), -(-self._left // BASE_SAMPLES))
        return np.empty((3, self._channels, n_columns), np.float32)

    def add(self, block: NDArray[Any]) -> None:
        """Reduce the next samples, shape (n, channels)."""
        while len(block):
            left_of_piece = (self._columns.shape[2] - self._done) * BASE_SAMPLES
            wanted = min(len(self._held), self._left, left_of_piece) - self._n_held
            part = block[:wanted]
            self._held[self._n_held : self._n_held + len(part)] = part
            self._n_held += len(part)
            block = block[len(part) :]
            if len(part) == wanted:
                self._reduce()

    def _reduce(self) -> None:
        held = self._held[: self._n_held]
        if (bad := no_sound(held)) is not None:  # as where the file is read
            held[bad] = 0.0
        stop = self._done + -(-len(held) // BASE_SAMPLES)
        _reduce_block(held, self._columns[:, :, self._done : stop])
        self._left, self._n_held, self._done = self._left - len(held), 0, stop
        if stop == self._columns.shape[2]:
            self._take(_levels(self._columns, self._n_levels))
            self._columns, self._done = self._next_piece(), 0


def _piece_columns(n_levels: int) -> int:
    """Return the number of base columns in a piece: a whole number of columns at every level."""
    n_columns: int = FACTOR ** max(_CHUNK_LEVELS, n_levels - 1)
    return n_columns


def _side_by_side(
    reader: SourceReader,
    piece: Callable[[SourceReader, int], tuple[NDArray[np.float32], ...]],
    starts: Sequence[int],
) -> Iterator[tuple[NDArray[np.float32], ...]]:
    """Yield pieces in their order, made by several threads that each read the file for themselves."""
    with ExitStack() as stack:
        readers = [stack.enter_context(SourceReader(reader.path)) for _ in range(_READERS)]
        for own in readers:
            stack.callback(reader.take_over, own)
        for first in range(0, len(starts), _READERS):
            some = zip(readers, starts[first : first + _READERS], strict=False)
            yield from side_by_side(lambda one: piece(*one), some)


class _BlocksDone:
    """Counts the blocks of a file that are reduced, by any thread."""

    def __init__(self, reader: SourceReader, progress: Progress) -> None:
        self._count, self._all = 0, max(1, reader.frames / _block_frames(reader.channels))
        self._progress, self._lock = progress, Lock()

    def one_more(self) -> None:
        """Count a block and report progress; raises `Cancelled` if the user cancelled."""
        self._progress.check_cancelled()
        with self._lock:
            self._count += 1
            self._progress.report(min(1.0, self._count / self._all), "Drawing waveforms")


def _base_columns(reader: SourceReader, start: int, stop: int, done: _BlocksDone) -> NDArray[np.float32]:
    """Return the base level of the samples [start, stop), shape (3, channels, n); `start` begins a column."""
    # 16-bit files are reduced as integers: half the memory to move. Powers of two scale exactly.
    dtype, scale = (np.int16, _INT16_SCALE) if reader.subtype == "PCM_16" else (np.float32, np.float32(1))
    columns = np.empty((3, reader.channels, -(-(stop - start) // BASE_SAMPLES)), np.float32)
    step = _block_frames(reader.channels)
    for first in range(start, stop, step):
        last = min(first + step, stop)
        here = slice((first - start) // BASE_SAMPLES, -(-(last - start) // BASE_SAMPLES))
        _reduce_block(reader.read(first, last, dtype), columns[:, :, here])
        done.one_more()
    columns[:2] *= scale
    columns[2] *= scale * scale
    return columns


def _block_frames(channels: int) -> int:
    return max(1, _BLOCK_SAMPLES // channels // BASE_SAMPLES) * BASE_SAMPLES


def level_lengths(frames: int) -> tuple[int, ...]:
    """Return the number of columns of each level for a file of `frames` samples."""
    lengths = [-(-frames // BASE_SAMPLES)]
    while lengths[-1] > _FEWEST_COLUMNS:
        lengths.append(-(-lengths[-1] // FACTOR))
    return tuple(lengths)


def peaks_warning(pyramid: PeakPyramid, path: Path) -> str:
    """Return a warning about invalid samples or silence found while building the peaks, or ""."""
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
    """Return `count` levels of columns; the base is the first."""
    levels = [base]
    while len(levels) < count:
        below = levels[-1]
        starts = np.arange(0, below.shape[2], FACTOR)
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
    result = Columns.silent(n_columns)
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


@dataclass(frozen=True, slots=True, eq=False)
class _SpanCells:
    """The cells of a level that spans read: the same for all tracks and channels of equal length.

    Attributes
    ----------
    inside : int64, shape (m,), the spans that overlap the file
    lowest, highest : the range [lowest, highest) of cells read
    pairs : int64, shape (2 * m,), start and end of each, counted from the lowest
    counts : int64, shape (m,), number of samples in each
    """

    inside: NDArray[np.int64]
    lowest: int
    highest: int
    pairs: NDArray[np.int64]
    counts: NDArray[np.int64]


@found_once_of(8)
def _cells_of(
    starts_samples: NDArray[np.int64], stops_samples: NDArray[np.int64], width: int, n_cells: int, frames: int
) -> _SpanCells:
    first = starts_samples // width
    last = np.maximum(stops_samples // width, first + 1)
    inside = np.flatnonzero((first < n_cells) & (last > 0))
    starts, stops = np.maximum(first[inside], 0), np.minimum(last[inside], n_cells)
    lowest, highest = (int(starts[0]), int(stops.max())) if len(inside) else (0, 0)
    pairs = np.empty(2 * len(starts), np.int64)
    pairs[::2], pairs[1::2] = starts - lowest, stops - lowest
    return _SpanCells(inside, lowest, highest, pairs, np.minimum(stops * width, frames) - starts * width)


def _reduced_spans(
    minimum: NDArray[np.float32],
    maximum: NDArray[np.float32],
    squares: NDArray[np.float32],
    cells: _SpanCells,
    n_spans: int,
) -> Columns:
    """Reduce the cells of each span to one column; those outside the file are zero."""
    if not len(cells.inside):
        return Columns.silent(n_spans)

    def reduced(how: np.ufunc, values: NDArray[np.float32]) -> NDArray[np.float32]:
        # one value more, since reduceat takes no index at the end
        padded = values[cells.lowest : cells.highest + 1]
        if cells.highest == len(values):
            padded = np.append(padded, np.float32(0))
        made: NDArray[np.float32] = how.reduceat(padded, cells.pairs)[::2]
        return made

    rms = np.sqrt(reduced(np.add, squares) / cells.counts)
    made = Columns(reduced(np.minimum, minimum), reduced(np.maximum, maximum), rms.astype(np.float32))
    return made.among(cells.inside, n_spans)


def fine_cells(samples: NDArray[np.float32]) -> Cells:
    """Reduce samples, shape (n, channels), to minimum, maximum and sum of squares of every 16.

    Returns
    -------
    cells : shape (3, channels, ceil(n / 16)); the last holds the remainder
    """
    whole, rest = divmod(len(samples), FINE_SAMPLES)
    cells = np.empty((3, samples.shape[1], whole + bool(rest)), np.float32)
    values = np.ascontiguousarray(samples.T)
    # halving takes a quarter of the time of reductions over an axis of sixteen
    for out, how, level in (
        (cells[0], np.minimum, values),
        (cells[1], np.maximum, values),
        (cells[2], np.add, np.square(values)),
    ):
        halves = level[:, : whole * FINE_SAMPLES]
        while halves.shape[1] > whole:
            halves = how(halves[:, ::2], halves[:, 1::2])
        out[:, :whole] = halves
        if rest:
            out[:, whole] = how.reduce(level[:, whole * FINE_SAMPLES :], axis=1)
    return cells


def fine_pyramid(pieces: Sequence[Cells], frames: int, rate_hz: int) -> PeakPyramid:
    """Return a pyramid of one level over consecutive pieces with `frames` samples in total."""
    cells = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=2)
    return PeakPyramid((cells,), rate_hz, cells.shape[1], frames, base_samples=FINE_SAMPLES)


def clipped_places(peaks: PeakPyramid, apart_samples: int) -> NDArray[np.int64]:
    """Return the start of each clipped place in samples of the file, to a column of its peaks, shape (n,).

    Parameters
    ----------
    apart_samples : clipped peaks closer than this belong to the same place
    """
    lowest, highest = peaks.levels[0][:2]
    full = np.flatnonzero((lowest <= -FULL_SCALE).any(axis=0) | (highest >= FULL_SCALE).any(axis=0))
    starts = full.astype(np.int64) * peaks.base_samples
    first = np.diff(starts, prepend=-apart_samples - 1) > apart_samples
    first[:1] = True
    return starts[first]
