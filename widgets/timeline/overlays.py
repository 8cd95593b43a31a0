"""Shapes over the lanes: the playhead, outlines of selected clips, and insertion lines.

The playhead repaints only its own strip. Clips are outlined also where they have no bars. An insertion line
is where accepted repeats and moves, and the current one, are played.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QPainter, QPolygonF

from engine.core.errors import DocumentError
from engine.core.timebase import format_time
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.sound.edl.edit_list import INSERTED_FROM
from engine.sound.edl.gathered import gathered
from engine.sound.edl.programme import NO_ORDERS, Orders
from widgets import theme
from widgets.timeline.frame import Frame, paint_tag
from widgets.timeline.layers import Shown
from widgets.timeline.time_map import TimeMap

HANDLE_WIDTH, HANDLE_HEIGHT, THICKNESS = 12, 8, 1.5
RIM = 0.75


def playhead_strip(frame: Frame, samples: int) -> QRect:
    """Return the area to repaint when the playhead enters or leaves a position."""
    x = frame.viewport.x_at(samples)
    if not -HANDLE_WIDTH <= x <= frame.layout.width + HANDLE_WIDTH:
        return QRect()
    reach = theme.px(HANDLE_WIDTH)
    return QRect(int(x) - reach, frame.layout.ruler_top, 2 * reach, frame.layout.height)


def overview_strip(frame: Frame, samples: int) -> QRect:
    """Return the same on the overview bar."""
    return QRect(int(_overview_x(frame, samples)) - 2, 0, 5, frame.layout.marks_top)


def paint_playhead(painter: QPainter, frame: Frame, samples: int) -> None:
    """Draw the playhead from its handle in the ruler to the bottom, and its mark on the overview bar."""
    layout, view = frame.layout, frame.viewport
    ink = theme.color(frame.theme.playhead)
    if view.length_samples:
        mark = frame.vertical(_overview_x(frame, samples), 0, layout.marks_top)
        painter.fillRect(mark, theme.color(frame.theme.playhead, 0.7))
    strip = playhead_strip(frame, samples)
    if strip.isNull() or not view.length_samples:
        return
    thickness = max(round(theme.px(2) * THICKNESS / 2 * frame.dpr), 1)
    left = frame.snapped(view.x_at(samples) - thickness / frame.dpr / 2)
    line = QRectF(left, layout.ruler_top, thickness / frame.dpr, layout.height - layout.ruler_top)
    # A rim of the ground's colour: the black line of the light look would be lost on a spectrogram.
    rim = thickness / frame.dpr / 2
    painter.fillRect(line.adjusted(-rim, 0, rim, 0), theme.color(frame.theme.bg, RIM))
    painter.fillRect(line, ink)
    half, middle, top = theme.px(HANDLE_WIDTH) / 2, line.center().x(), layout.ruler_top
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    tip = QPointF(middle, top + theme.px(HANDLE_HEIGHT))
    painter.drawPolygon(QPolygonF([QPointF(middle - half, top), QPointF(middle + half, top), tip]))
    painter.restore()


def _overview_x(frame: Frame, samples: int) -> float:
    length = max(frame.viewport.length_samples, 1)
    return min(samples / length, 1.0) * frame.layout.width  # until it follows into a shorter document


TINT, WIDTH_PX = 0.06, 2


@dataclass(frozen=True, slots=True)
class Outlined:
    """A selected clip: the number of its lane, and its span in source positions."""

    lane: int
    start_samples: int
    stop_samples: int


def outlined(state: DocumentState, chosen: Collection[str]) -> tuple[Outlined, ...]:
    """Return the clips with these ids, lane by lane."""
    return tuple(
        Outlined(lane, clip.start_samples, clip.stop_samples)
        for lane, track in enumerate(state.tracks)
        for clip in track.clips
        if clip.id in chosen
    )


def paint_outlines(painter: QPainter, frame: Frame, clips: Sequence[Outlined]) -> None:
    """Draw a frame around each clip, inside of its lane, with a light tint."""
    layout, view = frame.layout, frame.viewport
    ink, tint = theme.color(frame.theme.text), theme.color(frame.theme.text, TINT)
    width = theme.px(WIDTH_PX)
    for clip in clips:
        top = max(layout.lane_tops[clip.lane], layout.lanes_top)
        bottom = min(layout.sound_bottom(clip.lane), layout.lanes_bottom)
        left = frame.snapped(max(view.x_at(clip.start_samples), -width))
        right = frame.snapped(min(view.x_at(clip.stop_samples), layout.width + width))
        if bottom <= top or right < 0 or left > layout.width:
            continue
        area = QRectF(left, top, max(right - left, width), bottom - top)
        painter.fillRect(area, tint)
        for edge in (
            QRectF(area.left(), top, area.width(), width),
            QRectF(area.left(), bottom - width, area.width(), width),
            QRectF(area.left(), top, width, area.height()),
            QRectF(area.right() - width, top, width, area.height()),
        ):
            painter.fillRect(edge, ink)


MOST_DRAWN = 200
"""With more of them in view only the lines of the first are drawn."""
_SIGN, _PAD, LINE_PX = 5, 4, 2


@dataclass(frozen=True, slots=True, eq=False)
class Landings:
    """Places of the source, ascending, each before which a span of the source is played.

    Attributes
    ----------
    orders : the played span at each, shape (n,)
    is_current : shape (n,), whether it is of the current proposal
    is_open : whether the current proposal is not accepted
    """

    orders: Orders
    is_current: NDArray[np.bool_]
    is_open: bool = False

    @classmethod
    def of(cls, state: DocumentState, current: str | None) -> Landings:
        """Return the places of a document before which recorded spans are played.

        A repeat right after itself has none, and inserted silence comes from nowhere.
        """
        table = table_of(state)
        chosen = table.are(Verdict.ACCEPTED)
        place = table.made.places.get(current or "", -1)
        is_open = place >= 0 and not chosen[place]
        if is_open:
            chosen = chosen.copy()
            chosen[place] = True
        try:
            made = gathered(state, chosen)
        except DocumentError:  # whoever applies it says so
            return NO_LANDINGS
        orders, of = made.orders, np.array([one == current for one in made.laid_by], bool)
        away = np.flatnonzero((orders.ats != orders.stops) & (orders.starts < INSERTED_FROM))
        order = away[np.argsort(orders.ats[away], kind="stable")]
        return cls(orders.where(order), of[order], is_open)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.orders.ats)

    def words(self, number: int, rate_hz: int) -> tuple[str, str]:
        """Return the label of one, long and short, such as "repeat of 0:03.0 – 0:05.0" and "from 0:03.0"."""
        edges = (self.orders.starts[number], self.orders.stops[number])
        first, last = (format_time(int(edge) / rate_hz, 1) for edge in edges)
        done = "repeat of" if self.orders.stays[number] else "moved from"
        return f"{done} {first} – {last}", f"from {first}"


NO_LANDINGS = Landings(NO_ORDERS, np.zeros(0, bool))


class Shows(Protocol):
    """A surface that shows a document in source or result order."""

    state: DocumentState
    times: TimeMap
    shown: Shown

    def update(self) -> None: ...


class LandingLines:
    """Insertion lines of a surface; none in the result, which plays the spans at these positions."""

    def __init__(self) -> None:
        self._shown = NO_LANDINGS

    def follow(self, surface: Shows) -> None:
        """Update the lines, and repaint the surface if there were or are any."""
        before, self._shown = self._shown, NO_LANDINGS
        if surface.times.edit_list is None:
            self._shown = Landings.of(surface.state, surface.shown.current)
        if len(before) or len(self._shown):
            surface.update()

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw the lines in view."""
        paint_landings(painter, frame, self._shown)


def paint_landings(painter: QPainter, frame: Frame, landings: Landings) -> None:
    """Draw a line with a sign at each visible insertion, and its label if there is room."""
    xs = frame.viewport.xs_at(landings.orders.ats)
    shown = np.flatnonzero((xs >= -1) & (xs <= frame.layout.width))[:MOST_DRAWN].tolist()
    font = theme.ui_font(theme.TEXT_SMALL)
    metrics, free_from = QFontMetricsF(font), 0.0
    painter.setFont(font)
    for place, number in enumerate(shown):
        x = frame.snapped(float(xs[number]))
        is_open = bool(landings.is_current[number]) and landings.is_open
        _paint_line(painter, frame, x, is_open)
        beside = theme.px(_SIGN + 2)
        after = float(xs[shown[place + 1]]) if place + 1 < len(shown) else float(frame.layout.width)
        for words in landings.words(number, frame.viewport.rate_hz):
            width = metrics.horizontalAdvance(words) + 2 * theme.px(_PAD)
            lefts = (x + beside, x - beside - width)
            left = next((one for one in lefts if one >= free_from and one + width <= after), None)
            if left is not None:
                paint_tag(painter, frame, QRectF(left, _top(frame), width, metrics.height() + 2), words)
                free_from = left + width
                break


def _top(frame: Frame) -> float:
    return frame.layout.lanes_top + theme.px(_PAD)


def _paint_line(painter: QPainter, frame: Frame, x: float, is_open: bool) -> None:
    layout, tokens = frame.layout, frame.theme
    color = theme.color(tokens.undecided if is_open else tokens.accepted)
    pattern = Qt.BrushStyle.Dense4Pattern if is_open else Qt.BrushStyle.SolidPattern
    line = frame.vertical(x, layout.lanes_top, layout.lanes_bottom, LINE_PX)
    painter.fillRect(line, QBrush(color, pattern))
    side, top = theme.px(_SIGN), _top(frame)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    points = (QPointF(x - side, top), QPointF(x + side, top), QPointF(x, top + 2 * side))
    painter.drawPolygon(QPolygonF(points))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
