"""Where everything of the timeline stands, and what one frame is drawn with."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF

from widgets import theme
from widgets.theme import Theme
from widgets.timeline.viewport import Viewport
from widgets.timeline.waves import ColumnGrid

OVERVIEW, RULER, SCORE, DROP = 56, 26, 82, 80
LANE_LOW, LANE_HIGH, ROW_LOW = 64, 220, 20
FLAG = 17


@dataclass(frozen=True, slots=True)
class Layout:
    """Heights of the timeline in logical pixels, from its top.

    Attributes
    ----------
    lane_tops : one more than there are lanes: where each begins and the last ends, scrolled
    content : height that all lanes and the drop zone want
    """

    width: int
    height: int
    ruler_top: int
    score_top: int
    lanes_top: int
    lane_tops: tuple[int, ...]
    content: int
    scroll: int

    @property
    def lanes_bottom(self) -> int:
        """Where the last lane ends, or the view where it is cut off."""
        return min(self.lane_tops[-1], self.height)

    @property
    def scroll_limit(self) -> int:
        """How far the lanes can be scrolled down."""
        return max(self.content - (self.height - self.lanes_top), 0)

    def lane_at(self, y: float) -> int | None:
        """Return the index of the lane at a height, or None."""
        if y < self.lanes_top:
            return None
        spans = zip(self.lane_tops, self.lane_tops[1:], strict=False)
        return next((index for index, (top, bottom) in enumerate(spans) if top <= y < bottom), None)


def lay_out(width: int, height: int, channels: tuple[int, ...], scroll: int = 0) -> Layout:
    """Share the height between lanes of tracks with so many channels each, scrolled by `scroll` pixels."""
    score_top = theme.px(OVERVIEW) + theme.px(RULER)
    lanes_top = score_top + theme.px(SCORE)
    room = height - lanes_top - theme.px(DROP)
    share = room // len(channels) if channels else 0
    share = min(max(share, theme.px(LANE_LOW)), theme.px(LANE_HIGH))
    heights = [max(share, theme.px(ROW_LOW) * count) for count in channels]
    content = sum(heights) + theme.px(DROP)
    scroll = min(max(scroll, 0), max(content - (height - lanes_top), 0))
    tops = [lanes_top - scroll]
    for lane_height in heights:
        tops.append(tops[-1] + lane_height)
    return Layout(width, height, theme.px(OVERVIEW), score_top, lanes_top, tuple(tops), content, scroll)


@dataclass(frozen=True, slots=True)
class Frame:
    """What every painter of one frame reads."""

    viewport: Viewport
    layout: Layout
    theme: Theme
    dpr: float

    @property
    def grid(self) -> ColumnGrid:
        """Device columns of the viewport on the recording's own grid."""
        per_column = self.viewport.samples_per_px / self.dpr
        first = round(self.viewport.start_samples / per_column)
        return ColumnGrid(first, per_column, self.columns)

    @property
    def columns(self) -> int:
        """Width in device pixels."""
        return max(round(self.layout.width * self.dpr), 1)

    @property
    def hairline(self) -> float:
        """One device pixel in logical pixels."""
        return 1.0 / self.dpr

    def snapped(self, logical: float) -> float:
        """Return the device pixel border nearest to a logical position, in logical pixels."""
        return round(logical * self.dpr) / self.dpr

    def vertical(self, x: float, top: float, bottom: float, device_px: int = 1) -> QRectF:
        """Return an upright line that covers whole device pixels, from `x` to the right."""
        return QRectF(self.snapped(x), top, device_px * self.hairline, bottom - top)

    def horizontal(self, y: float, left: float, right: float) -> QRectF:
        """Return a level line, one device pixel high, from `y` down."""
        return QRectF(left, self.snapped(y), right - left, self.hairline)
