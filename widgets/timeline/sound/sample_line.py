"""A line through samples with a dot on each, rasterised by numpy into the image of the lanes.

An antialiased polyline through noise costs a painter 6 ms per lane; its coverage of columns costs 0.3 ms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from widgets.timeline.sound.bands import PIXELS


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
