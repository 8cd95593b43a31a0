"""Drawing source of a recording: its peaks, and its samples at high zoom.

Samples in view and their fine peaks are read off the window's thread, so that no slow disk holds a frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.timeline.drawing.tiles import TileLoader, from_recordings
from engine.core.latest import found_once_of
from engine.sound.pictures.peaks import (
    BASE_SAMPLES,
    FINE_SAMPLES,
    PIECE_SAMPLES,
    Columns,
    PeakPyramid,
    fine_cells,
    fine_pyramid,
)
from engine.sound.reader import SourceReader

CACHE_BYTES = 96_000_000
RAW_SAMPLES = 1 << 16
"""Samples of an unreduced tile; a tile of fine peaks covers four times as many."""


@dataclass(frozen=True, slots=True)
class WaveTile:
    """A part of a recording: its samples, shape (n, channels), or fine peaks, see `fine_cells`."""

    media: Path
    is_raw: bool
    number: int


WaveTiles = TileLoader[WaveTile]


def _read(reader: SourceReader, tile: WaveTile) -> NDArray[np.float32]:
    length = RAW_SAMPLES if tile.is_raw else PIECE_SAMPLES
    start = tile.number * length
    samples: NDArray[np.float32] = reader.read(start, min(start + length, reader.frames))
    return samples if tile.is_raw else fine_cells(samples)


read_tiles = from_recordings(_read)


@dataclass(frozen=True, slots=True, eq=False)
class _Within:
    """Positions of spans, each shorter than a tile, in tiles: the same for all tracks of equal length.

    Attributes
    ----------
    numbers : of the tiles that any of them touches
    starts, stops : int64, shape (m,), spans in the concatenated tiles
    inside : int64, shape (m,), which spans are in the recording
    """

    numbers: tuple[int, ...]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    inside: NDArray[np.intp]


@found_once_of(8)
def _within(starts: NDArray[np.int64], stops: NDArray[np.int64], frames: int, tile_samples: int) -> _Within:
    starts, stops = np.clip(starts, 0, frames), np.clip(stops, 0, frames)
    inside = np.flatnonzero(starts < stops)
    starts, lengths = starts[inside], (stops - starts)[inside]
    numbers = np.unique(np.stack([starts, starts + lengths - 1]) // tile_samples)
    places = np.searchsorted(numbers, starts // tile_samples) * tile_samples + starts % tile_samples
    return _Within(tuple(numbers.tolist()), places, places + lengths, inside)


class FineWave:
    """Fine peaks and samples of one recording as far as they are read; asks for those that are not.

    Neighbouring tiles are requested as well, so that scrolling finds them.
    """

    def __init__(self, peaks: PeakPyramid, media: Path, tiles: WaveTiles) -> None:
        self._media = media
        self._frames, self._rate_hz, self._channels = peaks.frames, peaks.rate_hz, peaks.channels
        self._tiles = tiles
        self._window: tuple[tuple[int, ...], PeakPyramid] | None = None

    def ask(self, start: float, stop: float, raw: bool) -> None:
        """Have a span read and, after it, the tile before and the tile behind."""
        numbers = self._numbers(start, stop, raw)
        self._ask(numbers, raw)

    def ask_spans(self, starts: NDArray[np.int64], stops: NDArray[np.int64], raw: bool) -> None:
        """Read ascending spans, without the cuts between them."""
        self._ask(_within(starts, stops, self._frames, RAW_SAMPLES if raw else PIECE_SAMPLES).numbers, raw)

    def _ask(self, numbers: Sequence[int], raw: bool) -> None:
        if numbers:
            length = RAW_SAMPLES if raw else PIECE_SAMPLES
            beside = [one for one in (numbers[-1] + 1, numbers[0] - 1) if 0 <= one * length < self._frames]
            for number in (*numbers, *beside):
                self._tiles.read_ahead(WaveTile(self._media, raw, number))

    def columns(
        self, channel: int, start_samples: float, samples_per_column: float, n_columns: int
    ) -> Columns | None:
        """Return columns of the fine peaks, or None where they are not read yet."""
        numbers = self._numbers(start_samples, start_samples + samples_per_column * n_columns + 1, raw=False)
        window = self._over(tuple(numbers))
        if window is None:
            return None
        first = numbers.start * PIECE_SAMPLES
        return window.columns(channel, start_samples - first, samples_per_column, n_columns)

    def spans(
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
    ) -> Columns | None:
        """Return a column for each ascending span [start, stop), or None where they are not read yet."""
        here = _within(starts_samples, stops_samples, self._frames, PIECE_SAMPLES)
        window = self._over(here.numbers)
        if window is None:
            return None
        found = window.spans(channel, here.starts, here.stops, samples_per_column)
        return found.among(here.inside, len(starts_samples))

    def samples(self, start: int, stop: int) -> NDArray[np.float32] | None:
        """Return samples [start, stop), shape (stop - start, channels), zeros outside; None until read."""
        made = np.zeros((stop - start, self._channels), np.float32)
        tiles = [(number, self._tile(number, raw=True)) for number in self._numbers(start, stop, raw=True)]
        for number, tile in tiles:
            if tile is None:
                return None
            first = number * RAW_SAMPLES
            low, high = max(start, first), min(stop, first + len(tile))
            made[low - start : high - start] = tile[low - first : high - first]
        return made

    def _numbers(self, start: float, stop: float, raw: bool) -> range:
        length = RAW_SAMPLES if raw else PIECE_SAMPLES
        low, high = max(int(start), 0), min(int(stop), self._frames)
        return range(low // length, -(-high // length)) if low < high else range(0)

    def _tile(self, number: int, raw: bool) -> NDArray[np.float32] | None:
        return self._tiles.get(WaveTile(self._media, raw, number))

    def _over(self, numbers: tuple[int, ...]) -> PeakPyramid | None:
        """Return a pyramid over concatenated tiles; cached, because every channel requests it."""
        if self._window is None or self._window[0] != numbers:
            tiles = [self._tile(number, raw=False) for number in numbers]
            here = [tile for tile in tiles if tile is not None]
            if len(here) < len(numbers) or not here:
                return None
            frames = sum(min(self._frames - number * PIECE_SAMPLES, PIECE_SAMPLES) for number in numbers)
            self._window = numbers, fine_pyramid(here, frames, self._rate_hz)
        return self._window[1]


AHEAD = 2.0
"""Finer peaks and samples are read when a view comes this near to needing them."""


class SourceWave:
    """Peaks and samples of one source at the document's rate.

    Only cached peaks are available at once; finer data is read on a separate thread, and the coarser
    is drawn until then.
    """

    sampled_below = 2.0 * FINE_SAMPLES

    def __init__(self, peaks: PeakPyramid, media: Path, tiles: WaveTiles) -> None:
        self.peaks = peaks
        self.media = media
        self._fine = FineWave(peaks, media, tiles)

    @property
    def channels(self) -> int:
        """How many channels the source has."""
        return self.peaks.channels

    @property
    def frames(self) -> int:
        """How long it is at the document's rate."""
        return self.peaks.frames

    def columns(
        self, channel: int, start_samples: float, samples_per_column: float, n_columns: int
    ) -> Columns:
        """Return minimum, maximum and RMS of each column, each of shape (n_columns,)."""
        for raw in self._wanted(channel, samples_per_column):
            self._fine.ask(start_samples, start_samples + samples_per_column * n_columns, raw)
        if samples_per_column < BASE_SAMPLES:
            fine = self._fine.columns(channel, start_samples, samples_per_column, n_columns)
            if fine is not None:
                return fine
        return self.peaks.columns(channel, start_samples, samples_per_column, n_columns)

    def cell_samples(self, samples_per_column: float) -> int:
        """Return the width of the cells that `spans` reads for columns of a width, or reads best."""
        fine = samples_per_column < BASE_SAMPLES
        return FINE_SAMPLES if fine else self.peaks.cell_samples(samples_per_column)

    def spans(
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
    ) -> Columns:
        """Return the same of each span [start, stop), shape (n,)."""
        for raw in self._wanted(channel, samples_per_column):
            self._fine.ask_spans(starts_samples, stops_samples, raw)
        if samples_per_column < BASE_SAMPLES:
            fine = self._fine.spans(channel, starts_samples, stops_samples, samples_per_column)
            if fine is not None:
                return fine
        return self.peaks.spans(channel, starts_samples, stops_samples, samples_per_column)

    def _wanted(self, channel: int, samples_per_column: float) -> Iterator[bool]:
        """Yield the data to read for columns of a width: False for fine peaks, True for samples."""
        if channel == 0:  # all channels of a piece are read at once
            if samples_per_column < AHEAD * BASE_SAMPLES:
                yield False
            if samples_per_column < AHEAD * self.sampled_below:
                yield True

    def samples(self, start: int, stop: int) -> NDArray[np.float32] | None:
        """Return the samples [start, stop), shape (stop - start, channels); None until they are read."""
        return self._fine.samples(start, stop)
