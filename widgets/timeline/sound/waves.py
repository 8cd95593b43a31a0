"""Waveform data of a recording: columns from its pyramid at low zoom, samples at high zoom."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.sound.pictures.peaks import Columns, sample_columns


class NotYetReadError(Exception):
    """The samples of a source are still being read."""


class WaveSource(Protocol):
    """One track's sound, in document samples counted from the track's start.

    Attributes
    ----------
    sampled_below : columns of fewer samples than this are made of `samples`, since `columns` is too coarse
    """

    @property
    def sampled_below(self) -> float: ...

    def columns(
        self, channel: int, start_samples: float, samples_per_column: float, n_columns: int
    ) -> Columns:
        """Return columns from the pyramid; outside the track they are zero."""

    def samples(self, start: int, stop: int) -> NDArray[np.float32] | None:
        """Return samples [start, stop), shape (frames, channels); None while they are being read."""


class RecordedWave(WaveSource, Protocol):
    """The same of a recording, which the result is pieced together from."""

    @property
    def channels(self) -> int:
        """How many channels it has."""

    def cell_samples(self, samples_per_column: float) -> int:
        """Return the width of the cells that `spans` reads for columns of a width."""

    def spans(
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
    ) -> Columns:
        """Return one column for each ascending span [start, stop); outside the track they are zero."""


@dataclass(frozen=True, slots=True)
class ColumnGrid:
    """Columns of device pixels on a grid fixed to the recording, so that a scroll never makes waves shimmer.

    Attributes
    ----------
    first : index of the first column, counted from the recording's start
    samples_per_column : width of each
    n_columns : number of columns on screen
    """

    first: int
    samples_per_column: float
    n_columns: int

    def part(self, first: int, stop: int) -> ColumnGrid:
        """Return its columns [first, stop), counted from its first one."""
        return ColumnGrid(self.first + first, self.samples_per_column, stop - first)

    @property
    def stop(self) -> int:
        """Index of the column after the last."""
        return self.first + self.n_columns

    def united(self, other: ColumnGrid) -> ColumnGrid | None:
        """Return the columns of both; None if their widths differ, or if there is a gap between them."""
        first, stop = min(self.first, other.first), max(self.stop, other.stop)
        is_gapless = stop - first <= self.n_columns + other.n_columns
        if self.samples_per_column != other.samples_per_column or not is_gapless:
            return None
        return ColumnGrid(first, self.samples_per_column, stop - first)

    def beside(self, side: int) -> ColumnGrid:
        """Return the same number of columns after it (1), or before it (-1)."""
        return ColumnGrid(self.first + side * self.n_columns, self.samples_per_column, self.n_columns)

    def columns_of(self, start_samples: float, stop_samples: float) -> tuple[int, int]:
        """Return which columns [first, stop) show any of a span, and one more on both sides."""
        first = floor(start_samples / self.samples_per_column) - self.first - 1
        stop = ceil(stop_samples / self.samples_per_column) - self.first + 1
        first = min(max(first, 0), self.n_columns)
        return first, min(max(stop, first), self.n_columns)

    def edges(self) -> NDArray[np.float64]:
        """Return the borders of the columns in samples, shape (n_columns + 1,)."""
        return (self.first + np.arange(self.n_columns + 1, dtype=np.float64)) * self.samples_per_column


def track_columns(
    source: WaveSource, channels: int, grid: ColumnGrid, offset_samples: int, length_samples: int
) -> list[Columns]:
    """Return the columns of each channel of a track that starts at `offset_samples`, zero outside it.

    Samples are requested if the columns of the source are too coarse. Until then, the columns are shown.
    """
    width, n_columns = grid.samples_per_column, grid.n_columns
    first = grid.first * width - offset_samples
    start = max(int(first), 0)
    stop = min(int(first + width * n_columns) + 2, length_samples)
    if width < source.sampled_below and start < stop:
        samples = source.samples(start, stop)
        if samples is not None:
            return [sample_columns(samples[:, c], start, first, width, n_columns) for c in range(channels)]
    return [source.columns(channel, first, width, n_columns) for channel in range(channels)]
