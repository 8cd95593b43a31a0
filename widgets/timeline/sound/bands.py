"""Bands of sound, one per channel: each column is computed for all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.sound.pictures.peaks import FULL_SCALE, Columns

PIXELS = NDArray[np.uint32]
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
