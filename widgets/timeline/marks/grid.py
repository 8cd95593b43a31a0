"""Beat grid: one row of colours behind all lanes, and the snapping of mouse drags to its visible lines."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPainter

from engine.document.analysis import BeatGrid
from engine.document.pulse import steady_beats
from widgets import theme
from widgets.theme import color
from widgets.timeline.frame import Frame
from widgets.timeline.viewport import Viewport

CLOSEST_PX, CLOSEST_BARS_PX = 9.0, 26.0
MOST_BARS = 8
"""Lines that represent more bars than this add nothing to the ruler."""


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """A beat grid as it is drawn.

    Attributes
    ----------
    positions : int64, shape (n,), ascending
    counts : int64, shape (n,), 1 for a downbeat, then 2, 3, ...
    bars : int64, shape (n,), the number of each beat's bar, from 1; 0 before the first downbeat
    """

    positions: NDArray[np.int64]
    counts: NDArray[np.int64]
    bars: NDArray[np.int64]
    _downbeats: dict[int, Beats] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, grid: BeatGrid | None) -> Beats | None:
        """Return the beats of a grid within music, or None without any."""
        if grid is None or not (shown := steady_beats(grid)).any():
            return None
        bars = np.cumsum(grid.bar_positions == 1)
        return cls(grid.beats_samples[shown], grid.bar_positions[shown], bars[shown])

    def downbeats(self, every: int = 1) -> Beats:
        """Return the first beat of each bar, or of every n-th, such as 1, 5, 9, ... for every fourth."""
        if every not in self._downbeats:  # every frame asks, and hours hold tens of thousands
            first = (self.counts == 1) & ((self.bars - 1) % every == 0)
            self._downbeats[every] = Beats(self.positions[first], self.counts[first], self.bars[first])
        return self._downbeats[every]


def visible(positions: NDArray[np.int64], viewport: Viewport) -> slice:
    """Return the slice of ascending positions that are in the window."""
    first = int(np.searchsorted(positions, viewport.start_samples, "left"))
    return slice(first, int(np.searchsorted(positions, viewport.stop_samples, "right")))


def thinning(positions: NDArray[np.int64], viewport: Viewport, closest_px: float = CLOSEST_PX) -> int:
    """Return the step between drawn positions, a power of two, that keeps them `closest_px` apart."""
    if len(positions) < 2:
        return 1
    spacing_px = float(positions[-1] - positions[0]) / (len(positions) - 1) / viewport.samples_per_px
    return 1 if spacing_px >= closest_px else 2 ** int(np.ceil(np.log2(closest_px / max(spacing_px, 1e-9))))


def divisions(beats: Beats | None, viewport: Viewport) -> NDArray[np.int64]:
    """Return the drawn grid lines at a zoom, ascending: beats, else every bar, second, ..."""
    if beats is None:
        return np.zeros(0, np.int64)
    if thinning(beats.positions, viewport) == 1:
        return beats.positions
    every = thinning(beats.downbeats().positions, viewport, CLOSEST_BARS_PX)
    return beats.downbeats(every).positions


NO_LINES: NDArray[np.int64] = np.zeros(0, np.int64)


def ground_row(frame: Frame, beats: Beats | None, lines: NDArray[np.int64] = NO_LINES) -> NDArray[np.uint32]:
    """Return the colour of each device column behind the lanes, uint32, shape (columns,).

    Dense beats are hidden first, then all but every second, fourth, ... downbeat. The remaining lines
    are drawn weaker, since they do not correspond to a perceived metrical level.

    Parameters
    ----------
    lines : divisions of the beats as targets of hits, ascending; drawn if they are far enough apart
    """
    row = np.full(frame.columns, color(frame.theme.bg).rgba(), np.uint32)
    if beats is None or not len(beats.positions):
        return row
    with_beats = thinning(beats.positions, frame.viewport) == 1
    if with_beats and len(lines) and thinning(lines, frame.viewport) == 1:
        _mark(row, frame, lines, color(frame.theme.division).rgba())
    if with_beats:
        _mark(row, frame, beats.positions, color(frame.theme.beat).rgba())
    every = thinning(beats.downbeats().positions, frame.viewport, CLOSEST_BARS_PX)
    if every > MOST_BARS:
        return row
    strong = frame.theme.downbeat if with_beats else frame.theme.beat
    _mark(row, frame, beats.downbeats(every).positions, color(strong).rgba())
    return row


def _mark(row: NDArray[np.uint32], frame: Frame, positions: NDArray[np.int64], rgba: int) -> None:
    xs = frame.viewport.xs_at(positions[visible(positions, frame.viewport)]) * frame.dpr
    columns = np.rint(xs).astype(np.int64)
    row[columns[(columns >= 0) & (columns < len(row))]] = rgba


REACH_PX = 8


class Snapping:
    """Finds the grid line within reach, and draws the snapped position.

    Attributes
    ----------
    is_on : things fall onto the grid
    is_inverted : a key inverts it temporarily
    at : view position of the last found line, or None
    """

    def __init__(self) -> None:
        self.is_on = True
        self.is_inverted = False
        self.at: int | None = None

    def line_near(self, x_px: float, beats: Beats | None, viewport: Viewport) -> int | None:
        """Return the view position of the grid line that a pixel falls onto, and keep it in `at`."""
        self.at = None
        if self.is_on != self.is_inverted and beats is not None:
            self.at = division_near(x_px, beats, viewport, theme.px(REACH_PX))
        return self.at

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw the snapped line, over the grid and under the dragged item."""
        if self.at is not None:
            layout, x = frame.layout, frame.viewport.x_at(self.at)
            line = frame.vertical(x, layout.ruler_top, layout.lanes_bottom, max(round(2 * frame.dpr), 1))
            painter.fillRect(line, theme.color(frame.theme.undecided, 0.45))


def division_near(x_px: float, beats: Beats, viewport: Viewport, reach_px: float) -> int | None:
    """Return the view position of the grid line nearest to a pixel, None without one in reach."""
    lines = divisions(beats, viewport)
    if not len(lines):
        return None
    position = viewport.start_samples + x_px * viewport.samples_per_px
    after = int(np.searchsorted(lines, position))
    around = lines[max(after - 1, 0) : after + 1]
    nearest = int(around[np.argmin(np.abs(around - position))])
    return nearest if abs(viewport.x_at(nearest) - x_px) <= reach_px else None
