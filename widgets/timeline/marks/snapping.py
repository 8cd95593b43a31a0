"""Snapping of mouse drags to the visible grid lines."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QPainter

from widgets import theme
from widgets.timeline.frame import Frame
from widgets.timeline.marks.grid import Beats, divisions
from widgets.timeline.viewport import Viewport

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
