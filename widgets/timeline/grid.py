"""The beat grid: one row of colours that stands behind all lanes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import BeatGrid
from widgets.theme import color
from widgets.timeline.frame import Frame
from widgets.timeline.viewport import Viewport

CLOSEST_PX, CLOSEST_BARS_PX = 9.0, 26.0


def visible(positions: NDArray[np.int64], viewport: Viewport) -> slice:
    """Return the slice of ascending positions that are in the window."""
    first = int(np.searchsorted(positions, viewport.start_samples, "left"))
    return slice(first, int(np.searchsorted(positions, viewport.stop_samples, "right")))


def thinning(positions: NDArray[np.int64], viewport: Viewport, closest_px: float = CLOSEST_PX) -> int:
    """Return of how many positions one is drawn, a power of two, to keep them `closest_px` apart."""
    if len(positions) < 2:
        return 1
    spacing_px = float(positions[-1] - positions[0]) / (len(positions) - 1) / viewport.samples_per_px
    return 1 if spacing_px >= closest_px else 2 ** int(np.ceil(np.log2(closest_px / max(spacing_px, 1e-9))))


def ground_row(frame: Frame, grid: BeatGrid | None) -> NDArray[np.uint32]:
    """Return the colour of each device column behind the lanes, uint32, shape (columns,).

    Beats vanish first when they come too close, then all but every second, fourth, ... downbeat. What is left
    then is drawn weaker, since it counts nothing that a person hears.
    """
    row = np.full(frame.columns, color(frame.theme.bg).rgba(), np.uint32)
    if grid is None or not len(grid.beats_samples):
        return row
    downbeats = grid.downbeats_samples
    with_beats = thinning(grid.beats_samples, frame.viewport) == 1
    if with_beats:
        _mark(row, frame, grid.beats_samples, color(frame.theme.beat).rgba())
    every = thinning(downbeats, frame.viewport, CLOSEST_BARS_PX)
    strong = frame.theme.downbeat if with_beats else frame.theme.beat
    _mark(row, frame, downbeats[::every], color(strong).rgba())
    return row


def _mark(row: NDArray[np.uint32], frame: Frame, positions: NDArray[np.int64], rgba: int) -> None:
    xs = frame.viewport.xs_at(positions[visible(positions, frame.viewport)]) * frame.dpr
    columns = np.rint(xs).astype(np.int64)
    row[columns[(columns >= 0) & (columns < len(row))]] = rgba
