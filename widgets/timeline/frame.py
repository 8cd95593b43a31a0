"""Layout of the timeline, the data of one frame, and the basic shapes of its painters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from widgets import theme
from widgets.theme import Theme
from widgets.timeline.sound.waves import ColumnGrid
from widgets.timeline.viewport import Viewport, ViewportPart

OVERVIEW, RULER, MARKS, SCORE, DROP = 56, 28, 18, 82, 80
LANE_LOW, ROW_LOW = 64, 20
COLLAPSED, ROW_LEAST = 26, 8
TAKE = 48
EDITS = 24
SOUNDS = SECTIONS = 18
CURVE = 44
ARRANGEMENT = 48
BARS, LEAST_BARRED = 15, 44


PART_PX = 16
"""Alignment of parts of a frame: whole device pixels, in even numbers."""
MOST_IN_PARTS = 0.5
"""Above this share of changed area, a frame is redrawn as a whole."""

Part = tuple[int, int]
"""Span in logical pixels."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Requested height of a lane.

    Attributes
    ----------
    rows : of waves below each other, one a channel that is open
    height_px : at 100 %; 0 for an equal share of the remaining height
    is_collapsed : to one thin row, regardless of its height
    takes : rows of takes under it
    """

    rows: int = 1
    height_px: int = 0
    is_collapsed: bool = False
    takes: int = 0

    @property
    def least_px(self) -> int:
        """Minimum height of a distinguishable lane, scaled."""
        return max(theme.px(COLLAPSED), theme.px(ROW_LEAST) * self.rows)

    def height(self, share_px: int) -> int:
        """Return its height without takes, scaled; lanes without their own height get `share_px`."""
        if self.is_collapsed:
            return theme.px(COLLAPSED)
        if self.height_px:
            return max(theme.px(self.height_px), self.least_px)
        return max(share_px, theme.px(ROW_LOW) * self.rows)


ONE_ROW = Wish()


@dataclass(frozen=True, slots=True)
class Layout:
    """Heights of the timeline in logical pixels, from its top.

    Attributes
    ----------
    arrangement_top : top of the arrangement, below the overview; without one equal to `marks_top`
    marks_top : top of the marker strip; without markers equal to `ruler_top`
    sections_top : top of the lane of sections, below the ruler; without one equal to `score_top`
    score_top : top of the score lane; zero height without a taste
    sounds_top : top of the lane of detected sounds, below the score; without one equal to `curves_top`
    curves_top : top of the lanes of curves; without any equal to `edits_top`
    edits_top : top of the flag strip; without proposals equal to `lanes_top`
    lane_tops : tops of all lanes and the bottom of the last one, scrolled
    content : total height of all lanes and the drop zone
    bars : height of the bars of clips, along the top of each lane that is high enough; 0 without any
    takes : number of takes under the sound of each lane, inside of it
    """

    width: int
    height: int
    arrangement_top: int
    marks_top: int
    ruler_top: int
    sections_top: int
    score_top: int
    sounds_top: int
    curves_top: int
    edits_top: int
    lanes_top: int
    lane_tops: tuple[int, ...]
    content: int
    scroll: int
    bars: int = 0
    takes: tuple[int, ...] = ()

    def sound_top(self, lane: int) -> int:
        """Return the top of the sound of a lane, below its bars."""
        top = self.lane_tops[lane]
        return top + self.bars if self.has_bars(top, self.sound_bottom(lane)) else top

    def sound_bottom(self, lane: int) -> int:
        """Return the bottom of the sound of a lane, above its takes."""
        return self.lane_tops[lane + 1] - self.takes[lane] * theme.px(TAKE)

    def take_tops(self, lane: int) -> list[int]:
        """Return the tops of the takes of a lane."""
        return [self.sound_bottom(lane) + take * theme.px(TAKE) for take in range(self.takes[lane])]

    def has_bars(self, top: int, bottom: int) -> bool:
        """Return whether a lane is high enough for bars."""
        return self.bars > 0 and bottom - top >= theme.px(LEAST_BARRED)

    @property
    def lanes_bottom(self) -> int:
        """Bottom of the last lane, clipped to the view."""
        return min(self.lane_tops[-1], self.height)

    @property
    def scroll_limit(self) -> int:
        """Maximum vertical scroll."""
        return max(self.content - (self.height - self.lanes_top), 0)

    def lane_at(self, y: float) -> int | None:
        """Return the index of the lane at a height, or None."""
        if y < self.lanes_top:
            return None
        spans = zip(self.lane_tops, self.lane_tops[1:], strict=False)
        return next((index for index, (top, bottom) in enumerate(spans) if top <= y < bottom), None)


def lay_out(
    width: int,
    height: int,
    wishes: tuple[Wish, ...],
    scroll: int = 0,
    *,
    has_marks: bool = False,
    has_arrangement: bool = False,
    has_edits: bool = False,
    has_sounds: bool = False,
    has_sections: bool = False,
    has_score: bool = True,
    has_clips: bool = False,
    curves: int = 0,
) -> Layout:
    """Give each lane the height it wishes for and share the rest, scrolled down by `scroll` pixels."""
    arrangement_top = theme.px(OVERVIEW)
    marks_top = arrangement_top + (theme.px(ARRANGEMENT) if has_arrangement else 0)
    ruler_top = marks_top + (theme.px(MARKS) if has_marks else 0)
    sections_top = ruler_top + theme.px(RULER)
    score_top = sections_top + (theme.px(SECTIONS) if has_sections else 0)
    sounds_top = score_top + (theme.px(SCORE) if has_score else 0)
    curves_top = sounds_top + (theme.px(SOUNDS) if has_sounds else 0)
    edits_top = curves_top + curves * theme.px(CURVE)
    lanes_top = edits_top + (theme.px(EDITS) if has_edits else 0)
    room = height - lanes_top - theme.px(DROP)
    fixed = [wish.height(0) for wish in wishes if wish.height_px or wish.is_collapsed]
    takes = tuple(wish.takes for wish in wishes)
    sharing = len(wishes) - len(fixed)
    share = (room - sum(fixed) - sum(takes) * theme.px(TAKE)) // sharing if sharing else 0
    share = max(share, theme.px(LANE_LOW))
    heights = [wish.height(share) + wish.takes * theme.px(TAKE) for wish in wishes]
    content = sum(heights) + theme.px(DROP)
    scroll = min(max(scroll, 0), max(content - (height - lanes_top), 0))
    tops = [lanes_top - scroll]
    for lane_height in heights:
        tops.append(tops[-1] + lane_height)
    marks = (arrangement_top, marks_top, ruler_top, sections_top)
    rows = (*marks, score_top, sounds_top, curves_top, edits_top, lanes_top)
    bars = theme.px(BARS) if has_clips else 0
    return Layout(width, height, *rows, tuple(tops), content, scroll, bars, takes)


@dataclass(frozen=True, slots=True)
class Frame:
    """Input of all painters of a frame."""

    viewport: Viewport
    layout: Layout
    theme: Theme
    dpr: float

    @property
    def grid(self) -> ColumnGrid:
        """Device columns of the viewport on the recording's own grid."""
        per_column = self.viewport.samples_per_px / self.dpr
        return ColumnGrid(self.viewport.first_column(self.dpr), per_column, self.columns)

    def parts(self, stretches: Iterable[tuple[float, float]]) -> list[Part] | None:
        """Return the parts of the frame that show any of some view spans, apart from each other.

        Each is a few pixels wider on both sides than its span. None if they cover most of the frame, or
        if device pixels are not aligned to logical ones.
        """
        if not (PART_PX * self.dpr).is_integer():
            return None
        width, found = self.layout.width, list[Part]()
        for start, stop in sorted(stretches):
            left = floor(self.viewport.x_at(start) / PART_PX - 1) * PART_PX
            right = ceil(self.viewport.x_at(stop) / PART_PX + 1) * PART_PX
            if right <= 0 or left >= width:
                continue
            left, right = max(left, 0), min(right, width)
            if found and left <= found[-1][1]:
                left, right = found[-1][0], max(right, found.pop()[1])
            found.append((left, right))
        is_most = sum(right - left for left, right in found) > width * MOST_IN_PARTS
        return None if is_most else found

    def around(self, part: Part) -> Part:
        """Return a part with a margin on both sides, so that shapes cut by its edges are complete."""
        return max(part[0] - PART_PX, 0), min(part[1] + PART_PX, self.layout.width)

    def part(self, left_px: int, right_px: int) -> Frame:
        """Return the drawing data of a part of the frame, between two of its logical pixels."""
        view = ViewportPart.of(self.viewport, left_px, right_px)
        return replace(self, viewport=view, layout=replace(self.layout, width=right_px - left_px))

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


def image_of(pixels: NDArray[np.uint32]) -> QImage:
    """Return an image of premultiplied colours, shape (rows, columns)."""
    held = np.ascontiguousarray(pixels)
    rows, columns = held.shape
    image = QImage(held.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy()  # the pixels are released here


def paint_row(painter: QPainter, row: NDArray[np.uint32], area: QRectF) -> None:
    """Stretch one row of premultiplied colours, shape (columns,), over an area."""
    painter.drawImage(area, QImage(row.data, len(row), 1, QImage.Format.Format_ARGB32_Premultiplied))


def paint_tag(painter: QPainter, frame: Frame, box: QRectF, text: str) -> None:
    """Write a text in the painter's font on a ground of its own."""
    painter.fillRect(box, theme.color(frame.theme.panel2))
    painter.setPen(theme.color(frame.theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def paint_readout(painter: QPainter, frame: Frame, x: float, top: float, text: str) -> None:
    """Write the text of a drag below a height, right of a pixel if there is room."""
    painter.setFont(theme.mono_font(theme.TEXT_SMALL))
    width = painter.fontMetrics().horizontalAdvance(text) + theme.px(12)
    left = min(max(x + theme.px(6), 0.0), frame.layout.width - width)
    paint_tag(painter, frame, QRectF(left, top + theme.px(4), width, theme.px(20)), text)
