"""Level of a recording at each frequency over time, from which spectrograms are drawn.

A frame is a Hann window of samples and its spectrum; its level is in dB of full scale, so that a sine of
amplitude 1 reads 0 dB. Frequencies are stored in bands: single bins of the transform at the low end, above
that bands of a 28th of their frequency, each as loud as its loudest bin, so that a thin line keeps its level.

The base of the pyramid holds one cell per 1,024 samples, the loudest of the frames centred in it, and
every level above the loudest of four cells below. A cell is one byte: 0 for silence, else half dB steps.
Finer than the base, spectra are computed from samples on demand (`detail_cells`).

Each is computed once, the visible part first, and stored in the cache. A block is written as soon as it is
made, so memory stays flat.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from engine.core.progress import SILENT, Progress
from engine.sound.pictures.stored import PictureFile
from engine.sound.reader import SourceReader

Cells = NDArray[np.uint8]

BASE_SAMPLES = 1024
WINDOWS_SAMPLES = (1024, 2048, 4096)
LOWEST_DB, STEP_DB = -120.0, 0.5
FINEST_HOP_SAMPLES = 128
DETAIL_FRAMES = 128
"""How many frames are made at once where a lane is zoomed in finer than the base."""
_FACTOR = 4
_MOST_LEVELS = 6
_FEWEST_CELLS = 512
BLOCK_CELLS = _FACTOR ** (_MOST_LEVELS - 1)
"""Base cells of one block: it fills whole cells of every level, so blocks are made in any order."""
_SINGLE_BINS = 28
_BATCH_FRAMES = 64  # with their spectra they stay in the second-level cache


@dataclass(frozen=True, slots=True, eq=False)
class Spectrogram:
    """The spectrogram of one file.

    Attributes
    ----------
    levels : uint8 arrays of shape (channels, n, bands); level k has cells of ``1024 * 4**k`` samples
    window_samples : of the transform
    rate_hz, frames : of the file
    """

    levels: tuple[Cells, ...]
    window_samples: int
    rate_hz: int
    frames: int

    @property
    def channels(self) -> int:
        """How many channels the file has."""
        return len(self.levels[0])

    def cells(
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
    ) -> Cells:
        """Return the loudest of each span [start, stop), shape (n, bands); 0 outside the file.

        Reads the coarsest level whose cells are at most as wide as a column, so edges are off by a column at
        most. A span shows at least its first cell.
        """
        level, width = 0, BASE_SAMPLES
        while level + 1 < len(self.levels) and width * _FACTOR <= samples_per_column:
            level, width = level + 1, width * _FACTOR
        held = self.levels[level][channel]
        first = starts_samples // width
        return loudest(held, first, np.maximum(stops_samples // width, first + 1))


def level_lengths(frames: int) -> tuple[int, ...]:
    """Return the number of cells of each level for a file of `frames` samples."""
    lengths = [-(-frames // BASE_SAMPLES)]
    while lengths[-1] > _FEWEST_CELLS and len(lengths) < _MOST_LEVELS:
        lengths.append(-(-lengths[-1] // _FACTOR))
    return tuple(lengths)


@cache
def band_edges(window_samples: int) -> NDArray[np.int64]:
    """Return the first bin of each band and the end of the last, shape (bands + 1,)."""
    n_bins = window_samples // 2 + 1
    edges = list(range(_SINGLE_BINS + 1))
    while edges[-1] < n_bins:
        edges.append(min(n_bins, edges[-1] + max(1, round(edges[-1] / _SINGLE_BINS))))
    return np.array(edges, np.int64)


def band_middles_hz(window_samples: int, rate_hz: int) -> NDArray[np.float64]:
    """Return the middle of each band, shape (bands,), ascending."""
    edges = band_edges(window_samples)
    middles: NDArray[np.float64] = (edges[:-1] + edges[1:] - 1) / 2 * rate_hz / window_samples
    return middles


def level_db(cells: ArrayLike) -> NDArray[np.float64]:
    """Return the level of cells in dB; empty cells are below all others."""
    return (np.asarray(cells, np.float64) - 1.0) * STEP_DB + LOWEST_DB


def cell_at(value_db: float) -> int:
    """Return the cell of a level."""
    return min(max(round((value_db - LOWEST_DB) / STEP_DB) + 1, 1), 255)


def frame_cells(samples: NDArray[np.float32], window_samples: int, hop_samples: int) -> Cells:
    """Return the cells of every frame of one channel, shape (n, bands).

    Parameters
    ----------
    samples : shape (window + (n - 1) * hop,); frame j begins at ``j * hop``
    """
    frames = sliding_window_view(np.ascontiguousarray(samples, np.float32), window_samples)[::hop_samples]
    starts = band_edges(window_samples)[:-1]
    cells = np.empty((len(frames), len(starts)), np.uint8)
    window = _window(window_samples)
    for first in range(0, len(frames), _BATCH_FRAMES):
        spectra = np.fft.rfft(frames[first : first + _BATCH_FRAMES] * window)
        powers = spectra.real**2 + spectra.imag**2
        peaks = np.maximum.reduceat(powers, starts, axis=1)
        level = 10.0 * np.log10(np.maximum(peaks, np.float32(1e-13)))
        cells[first : first + _BATCH_FRAMES] = np.clip(np.rint((level - LOWEST_DB) / STEP_DB) + 1, 1, 255)
    return cells


class Samples(Protocol):
    """Input of spectra: a file, or its edited sound."""

    @property
    def channels(self) -> int: ...

    def read(self, start: int, stop: int) -> NDArray[np.float32]: ...


def block_cells(reader: SourceReader, window_samples: int, block: int) -> tuple[Cells, ...]:
    """Return the cells of one block for each level of a file's pyramid, shape (channels, n, bands) each."""
    first = block * BLOCK_CELLS
    n_cells = min(BLOCK_CELLS, -(-reader.frames // BASE_SAMPLES) - first)
    per_cell = max(1, 2 * BASE_SAMPLES // window_samples)  # windows overlap by half at least
    frames = _frames(reader, window_samples, BASE_SAMPLES // per_cell, first * per_cell, n_cells * per_cell)
    base = frames.reshape(reader.channels, n_cells, per_cell, -1).max(axis=2)
    levels = [base]
    for _ in level_lengths(reader.frames)[1:]:
        levels.append(_coarser(levels[-1]))
    return tuple(levels)


def block_order(frames: int, first_samples: int) -> Iterator[int]:
    """Yield the blocks of a file of `frames` samples, from the one that holds a position on."""
    n_blocks = -(-frames // (BLOCK_CELLS * BASE_SAMPLES))
    first = min(max(first_samples // (BLOCK_CELLS * BASE_SAMPLES), 0), n_blocks - 1)
    yield from range(first, n_blocks)
    yield from range(first)


def detail_hop(samples_per_column: float) -> int:
    """Return the hop of frames for columns of this width; the base serves from `BASE_SAMPLES` on.

    A hop below an eighth of the shortest window adds no information.
    """
    hop = FINEST_HOP_SAMPLES
    while hop < BASE_SAMPLES and hop * 2 <= samples_per_column * np.sqrt(2.0):
        hop *= 2
    return hop


def detail_cells(reader: Samples, window_samples: int, hop_samples: int, number: int) -> Cells:
    """Return frames [128 * number, 128 * (number + 1)), shape (channels, 128, bands).

    The middle of frame j is at ``(j + 1/2) * hop``.
    """
    return _frames(reader, window_samples, hop_samples, number * DETAIL_FRAMES, DETAIL_FRAMES)


def _frames(reader: Samples, window: int, hop: int, first: int, count: int) -> Cells:
    """Return `count` frames from the one numbered `first`, shape (channels, count, bands)."""
    start = first * hop + hop // 2 - window // 2
    samples = reader.read(start, start + window + (count - 1) * hop)
    return np.stack([frame_cells(samples[:, channel], window, hop) for channel in range(reader.channels)])


@cache
def _window(window_samples: int) -> NDArray[np.float32]:
    """Return a periodic Hann window that gives a sine of amplitude 1 a magnitude of 1."""
    phase = 2.0 * np.pi * np.arange(window_samples) / window_samples
    window: NDArray[np.float32] = ((0.5 - 0.5 * np.cos(phase)) * 4.0 / window_samples).astype(np.float32)
    return window


def _coarser(cells: Cells) -> Cells:
    channels, n_cells, bands = cells.shape
    padded = np.pad(cells, ((0, 0), (0, -n_cells % _FACTOR), (0, 0)))
    coarser: Cells = padded.reshape(channels, -1, _FACTOR, bands).max(axis=2)
    return coarser


def loudest(held: Cells, first: NDArray[np.int64], last: NDArray[np.int64]) -> Cells:
    """Return the maximum of cells [first, last) for each short span, shape (n, bands); 0 outside."""
    result = np.zeros((len(first), held.shape[1]), np.uint8)
    inside = np.flatnonzero((first < len(held)) & (last > 0))
    if not len(inside):
        return result
    starts, ends = np.maximum(first[inside], 0), np.minimum(last[inside], len(held)) - 1
    found = held[starts]
    # a few gathers of whole rows are twenty times faster than reduceat over short spans
    for further in range(1, int((ends - starts).max()) + 1):
        np.maximum(found, held[np.minimum(starts + further, ends)], out=found)
    result[inside] = found
    return result


# the numbers: rate_hz, channels, window, checksum, frames
_FILE = PictureFile("spectrograms", "spectrogram", b"OFFCUTSG", 2, struct.Struct("<8sIIIIIQ"), 3, "u1")


@dataclass(frozen=True, slots=True)
class SpectrogramRequest:
    """Which spectrogram is wanted.

    Attributes
    ----------
    media : file that holds the source at the document's rate
    content_hash : of the source
    window_samples : one of `WINDOWS_SAMPLES`
    first_samples : position from which it is made, since that is on screen
    """

    media: Path
    content_hash: str
    window_samples: int
    first_samples: int = 0


def source_spectrogram(
    request: SpectrogramRequest,
    begun: Callable[[Spectrogram], object] | None = None,
    progress: Progress = SILENT,
) -> Spectrogram:
    """Return the spectrogram of a source: from the cache, or made and stored there.

    Parameters
    ----------
    begun : gets a spectrogram that fills while it is made; called from the thread that makes it

    Raises
    ------
    SourceError : the file cannot be read
    ExportError : the cache folder cannot take it, or the disk is full
    Cancelled : the user cancelled; nothing is left behind
    """
    with SourceReader(request.media) as reader:
        channels, frames = reader.channels, reader.frames
        form = request.content_hash, reader.rate_hz, request.window_samples
        if (stored := load_spectrogram(*form)) is not None:
            return stored
        shapes = _shapes(channels, request.window_samples, frames)
        with _FILE.written(_FILE.path(*form), shapes) as stream:
            # elsewhere a file that is mapped cannot take its name, so the picture comes when it is whole
            if begun is not None and os.name == "posix":
                levels = _FILE.mapped(stream, shapes)
                begun(Spectrogram(levels, request.window_samples, reader.rate_hz, frames))
            n_blocks = -(-frames // (BLOCK_CELLS * BASE_SAMPLES))
            for done, block in enumerate(block_order(frames, request.first_samples), start=1):
                progress.check_cancelled()
                _write_block(stream, reader, request.window_samples, block)
                progress.report(done / n_blocks, "")
            _FILE.complete(stream, reader.rate_hz, channels, request.window_samples, frames)
    made = load_spectrogram(*form)
    assert made is not None, "what was just written whole can be read"
    return made


def load_spectrogram(content_hash: str, rate_hz: int, window_samples: int) -> Spectrogram | None:
    """Return a stored spectrogram, or None if missing or unusable; a large one is memory-mapped."""
    path = _FILE.path(content_hash, rate_hz, window_samples)
    found = _FILE.load(path, lambda numbers: _shapes(*numbers[1:]))
    if found is None or (found[0][0], found[0][2]) != (rate_hz, window_samples):
        return None
    return Spectrogram(found[1], window_samples, rate_hz, frames=found[0][3])


def _write_block(stream: BinaryIO, reader: SourceReader, window: int, block: int) -> None:
    place, per_block = _FILE.head.size, BLOCK_CELLS
    for cells, length in zip(block_cells(reader, window, block), level_lengths(reader.frames), strict=True):
        channels, _, bands = cells.shape
        for channel in range(channels):
            stream.seek(place + (channel * length + block * per_block) * bands)
            stream.write(cells[channel].tobytes())
        place += channels * length * bands
        per_block //= _FACTOR
    stream.flush()  # for those who see it fill


def _shapes(channels: int, window: int, frames: int) -> list[tuple[int, ...]]:
    bands = len(band_edges(window)) - 1
    return [(channels, length, bands) for length in level_lengths(frames)]
