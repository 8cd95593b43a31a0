"""Waveforms as numpy arrays: their sources, their grid of columns, and their drawing into an image.

At low zoom, columns come from the pyramid of a recording and are bands, all computed at once. At high zoom, a
line goes through the samples, with a dot on each. An antialiased polyline through noise costs a painter 6 ms
per lane; its coverage of columns costs 0.3 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.sound.pictures.peaks import FULL_SCALE, Columns, sample_columns

PIXELS = NDArray[np.uint32]
Positions = NDArray[np.int64]
"""Positions in samples, shape (n,)."""
Rows = NDArray[np.int16]
LEAST_TIP, TIP_SHARE = 2, 0.06
"""Size of the full-scale mark of a column, in rows and as a share of the band."""


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """One channel and the rows it is drawn into.

    Attributes
    ----------
    top, height : rows [top, top + height) of the image
    ink : uint32, shape (columns,) each, colours of the peak and of the RMS inside it
    """

    top: int
    height: int
    columns: Columns
    gain: float
    ink: tuple[PIXELS, PIXELS]


@dataclass(frozen=True, slots=True, eq=False)
class ClipMark:
    """How a column that reaches full scale is marked.

    Attributes
    ----------
    ink : uint32, shape (columns,)
    width : in columns, to the right from it: one alone would not be seen on a fine screen
    """

    ink: PIXELS
    width: int = 1


def fill_bands(
    pixels: PIXELS, bands: Sequence[Band], ground: PIXELS, clip: tuple[int, int], full_scale: ClipMark
) -> None:
    """Draw bands into an image with background `ground`.

    Parameters
    ----------
    pixels : uint32, shape (rows, columns); only rows inside `clip` are touched
    ground : uint32, shape (columns,), current colours of the image
    full_scale : at the ends of columns that reach it
    """
    shown = [band for band in bands if max(band.top, clip[0]) < min(band.top + band.height, clip[1])]
    if not shown:
        return
    top, stop, inner_top, inner_stop = _extents(shown)
    for index, band in enumerate(shown):
        first, last = max(band.top, clip[0]), min(band.top + band.height, clip[1])
        part, offset = pixels[first:last], np.int16(first - band.top)
        _recolour(part, top[index] - offset, stop[index] - offset, ground ^ band.ink[0])
        _recolour(part, inner_top[index] - offset, inner_stop[index] - offset, band.ink[0] ^ band.ink[1])
        _mark_clipped(part, band, top[index] - offset, stop[index] - offset, full_scale)


def connected(
    minimum: NDArray[np.float32], maximum: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (minimum, maximum), shape (..., columns), widened so that neighbouring columns touch."""
    low, high = minimum.copy(), maximum.copy()
    np.minimum(low[..., 1:], maximum[..., :-1], out=low[..., 1:])
    np.maximum(high[..., 1:], minimum[..., :-1], out=high[..., 1:])
    return low, high


def _extents(bands: Sequence[Band]) -> tuple[Rows, Rows, Rows, Rows]:
    """Return the rows [top, stop) of peaks and of the RMS inside them, int16, shape (bands, columns) each."""
    heights = np.array([[band.height] for band in bands], np.float32)
    middle = heights / np.float32(2)
    half = np.array([[band.height / 2 * band.gain] for band in bands], np.float32)
    low, high = connected(
        np.stack([band.columns.minimum for band in bands]), np.stack([band.columns.maximum for band in bands])
    )
    rms = np.stack([band.columns.rms for band in bands])
    body = np.minimum(rms, np.maximum(high, -low)) * half
    low *= half
    high *= half
    top, stop = _rows(middle - high, middle - low, heights)
    above, below = np.minimum(body, high), np.minimum(body, -low)
    inner_top, inner_stop = _rows(middle - above, middle + below, heights)
    return top, stop, np.maximum(inner_top, top), np.minimum(inner_stop, stop)


def _rows(
    above: NDArray[np.float32], below: NDArray[np.float32], heights: NDArray[np.float32]
) -> tuple[Rows, Rows]:
    """Return the rows [top, stop) of each column's [above, below], at least one."""
    top = np.floor(above, out=above)
    np.minimum(np.maximum(top, 0, out=top), heights - 1, out=top)
    stop = np.ceil(below, out=below)
    np.minimum(np.maximum(stop, top + 1, out=stop), heights, out=stop)
    return top.astype(np.int16), stop.astype(np.int16)


def _mark_clipped(pixels: PIXELS, band: Band, top: Rows, stop: Rows, mark: ClipMark) -> None:
    """Mark the ends, in rows [top, stop), of columns that reach full scale; only those are touched."""
    tip = max(LEAST_TIP, round(band.height * TIP_SHARE))
    above = np.flatnonzero(band.columns.maximum >= FULL_SCALE)
    below = np.flatnonzero(band.columns.minimum <= -FULL_SCALE)
    for columns, first in ((above, top[above]), (below, stop[below] - tip)):
        for row in range(tip if len(columns) else 0):
            rows = first + np.int16(row)
            inside = (rows >= top[columns]) & (rows < stop[columns]) & (rows >= 0) & (rows < len(pixels))
            for beside in range(mark.width):
                places = np.minimum(columns[inside] + beside, pixels.shape[1] - 1)
                pixels[rows[inside], places] = mark.ink[places]


def _recolour(pixels: PIXELS, top: Rows, stop: Rows, change: PIXELS) -> None:
    """XOR pixels in rows [top, stop) of each column, touching only rows in use."""
    first, last = max(int(top.min()), 0), min(int(stop.max()), len(pixels))
    if last <= first:
        return
    rows = np.arange(first, last, dtype=np.int16)[:, None]
    # one unsigned comparison tells 0 <= row - top < stop - top
    inside = (rows - top).view(np.uint16) < np.maximum(stop - top, 0).view(np.uint16)
    part = pixels[first:last]
    np.bitwise_xor(part, inside * change, out=part)


def column_extents(
    xs: NDArray[np.floating[Any] | np.integer[Any]],
    values: NDArray[np.floating[Any]],
    edges: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return minimum and maximum of a line through points within columns between ascending borders.

    Parameters
    ----------
    xs, values : the points, shape (n,), n > 0, ascending in x; extrapolated as constants
    edges : shape (m + 1,)
    """
    at_edges = np.interp(edges, xs, values)
    low, high = np.minimum(at_edges[:-1], at_edges[1:]), np.maximum(at_edges[:-1], at_edges[1:])
    borders = np.searchsorted(xs, edges)
    filled = np.flatnonzero(np.diff(borders))
    if len(filled):
        starts, inside = borders[filled], values[: borders[-1]]
        low[filled] = np.minimum(low[filled], np.minimum.reduceat(inside, starts))
        high[filled] = np.maximum(high[filled], np.maximum.reduceat(inside, starts))
    return low, high


def fill_line(
    pixels: PIXELS,
    xs: NDArray[np.float64],
    rows: NDArray[np.float64],
    thickness: float,
    ground: PIXELS,
    ink: PIXELS,
) -> None:
    """Draw a line through points into rows with background `ground`, antialiased at both sides.

    Parameters
    ----------
    pixels : uint32, shape (rows, columns); clipped to the image
    xs, rows : the points in device pixels, shape (n,), ascending in x; nothing is drawn outside of them
    ground, ink : uint32, shape (columns,)
    """
    height, width = pixels.shape
    if not len(xs):
        return
    first, last = max(int(np.floor(xs[0])), 0), min(int(np.ceil(xs[-1])) + 1, width)
    if last <= first:
        return
    low, high = column_extents(xs, rows, np.arange(first, last + 1, dtype=np.float64))
    top, bottom = (np.clip(edge, 0, height) for edge in (low - thickness / 2, high + thickness / 2))
    whole_top, whole_bottom = np.ceil(top).astype(np.int64), np.floor(bottom).astype(np.int64)
    down = np.arange(height)[:, None]
    inside = (down >= whole_top) & (down < whole_bottom)
    part = pixels[:, first:last]
    np.copyto(part, ink[first:last], where=inside)
    for row, cover in ((whole_top - 1, whole_top - top), (whole_bottom, bottom - whole_bottom)):
        columns = np.flatnonzero((cover > 0) & (row >= 0) & (row < height))
        shown = mixed(ground[first:last][columns], ink[first:last][columns], cover[columns])
        part[row[columns], columns] = shown


def fill_dots(
    pixels: PIXELS, xs: NDArray[np.float64], rows: NDArray[np.float64], diameter: float, ink: PIXELS
) -> None:
    """Draw a dot on each point, with the same parameters as `fill_line`."""
    reach = np.arange(-int(diameter / 2) - 1, int(diameter / 2) + 2)
    across, down = (part.ravel() for part in np.meshgrid(reach, reach))
    round_ = across**2 + down**2 <= (diameter / 2) ** 2
    columns = np.rint(xs).astype(int)[:, None] + across[round_]
    at = np.rint(rows).astype(int)[:, None] + down[round_]
    inside = (at >= 0) & (at < len(pixels)) & (columns >= 0) & (columns < pixels.shape[1])
    pixels[at[inside], columns[inside]] = ink[columns[inside]]


def mixed(under: PIXELS, over: PIXELS, shares: NDArray[np.float64]) -> PIXELS:
    """Return opaque colours, shape (n,), blended with the overlay."""
    made = np.full_like(under, 0xFF000000)
    for shift in (0, 8, 16):
        low, high = (np.asarray(colour >> shift & 0xFF, np.float64) for colour in (under, over))
        made |= np.rint(low + (high - low) * shares).astype(np.uint32) << shift
    return made


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
        self, channel: int, starts_samples: Positions, stops_samples: Positions, samples_per_column: float
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
