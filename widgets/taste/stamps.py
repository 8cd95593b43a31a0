"""Signs small enough to draw twenty thousand of them: each is a set of pixels, written into one image."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from engine.overview.results import SegmentState

Pixels = NDArray[np.uint32]
Mask = NDArray[np.bool_]

_TICK = ((-0.9, 0.0), (-0.25, 0.7), (0.9, -0.7))
_CROSS = (((-0.75, -0.75), (0.75, 0.75)), ((-0.75, 0.75), (0.75, -0.75)))


@cache
def stamp(state: SegmentState, side: int) -> Mask:
    """Return the sign of a state, shape (side, side): ring, dot, disc, tick or cross."""
    steps = (np.arange(side) - (side - 1) / 2) / (side / 2)
    x, y = np.meshgrid(steps, steps)
    radius, thin = np.hypot(x, y), max(0.24, 1.3 / side)
    if state is SegmentState.KEPT:
        mask = (radius <= 0.95) & (radius >= 0.95 - 1.6 * thin)
    elif state is SegmentState.REST:
        mask = radius <= 0.5
    elif state is SegmentState.UNDECIDED:
        mask = radius <= 0.95
    elif state is SegmentState.ACCEPTED:
        mask = _near(x, y, *_TICK[0], *_TICK[1], thin) | _near(x, y, *_TICK[1], *_TICK[2], thin)
    else:
        mask = _near(x, y, *_CROSS[0][0], *_CROSS[0][1], thin) | _near(
            x, y, *_CROSS[1][0], *_CROSS[1][1], thin
        )
    return np.asarray(mask, np.bool_)


def _near(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    from_x: float,
    from_y: float,
    to_x: float,
    to_y: float,
    reach: float,
) -> Mask:
    """Return the pixels near a line between two points."""
    along_x, along_y = to_x - from_x, to_y - from_y
    share = ((x - from_x) * along_x + (y - from_y) * along_y) / (along_x**2 + along_y**2)
    share = np.clip(share, 0.0, 1.0)
    near: Mask = np.hypot(x - from_x - share * along_x, y - from_y - share * along_y) <= reach
    return near


def scattered(
    shape: tuple[int, int],
    centres: NDArray[np.int64],
    states: NDArray[np.uint8],
    colors: Pixels,
    side: int,
) -> Pixels:
    """Return an image with a sign at each point; later points are on top.

    Parameters
    ----------
    shape : (height, width) of the image in device pixels; the ground is clear
    centres : (column, row) of each point, shape (n, 2)
    states, colors : of each point, shape (n,)
    side : how large a sign is, in device pixels
    """
    height, width = shape
    margin = side
    image = np.zeros((height + 2 * margin, width + 2 * margin), np.uint32)
    row_length = width + 2 * margin
    placed = np.clip(centres, 0, (width - 1, height - 1)) + margin - side // 2
    starts = placed[:, 1] * row_length + placed[:, 0]
    flat = image.ravel()
    for state, points in _runs(states):
        rows, columns = np.nonzero(stamp(SegmentState(state), side))
        offsets = rows * row_length + columns
        cells = starts[points, None] + offsets
        flat[cells.ravel()] = np.repeat(colors[points], len(offsets))
    return np.ascontiguousarray(image[margin:-margin, margin:-margin])


def _runs(states: NDArray[np.uint8]) -> list[tuple[int, slice]]:
    """Return runs of equal states, so that points are drawn in order, many at once."""
    if not len(states):
        return []
    borders = np.flatnonzero(np.diff(states)) + 1
    starts = np.concatenate([[0], borders])
    stops = np.concatenate([borders, [len(states)]])
    return [(int(states[a]), slice(a, b)) for a, b in zip(starts.tolist(), stops.tolist(), strict=True)]
