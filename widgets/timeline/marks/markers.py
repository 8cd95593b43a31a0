"""Markers as flags and regions as bands, in a strip of their own over the ruler.

A hint next to a new marker offers its renaming, and takes neither keys nor focus.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from engine.document.state import Marker
from widgets import theme
from widgets.controls.text_and_icons import ElidedLabel, paint_words
from widgets.theme import TEXT_SMALL, Theme, px
from widgets.timeline.frame import Frame, paint_row


class NameOffer(ElidedLabel):
    """Styled like the field that a click or a key opens in its place."""

    def __init__(self, theme: Theme, name: str, key: str, place: QRect, parent: QWidget) -> None:
        super().__init__(f"{name} · {f'{key} or ' if key else ''}click: name it", parent=parent)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setStyleSheet(
            f"NameOffer {{ background: {theme.bg}; color: {theme.text}; border: 1px solid {theme.faint};"
            f" border-radius: {px(3)}px; padding: 0 {px(4)}px; font-size: {px(TEXT_SMALL)}px; }}"
        )
        self.ensurePolished()
        width = min(self.sizeHint().width() + px(2), parent.width())
        self.setGeometry(min(place.x(), parent.width() - width), place.y(), width, place.height())
        self.show()
        self.raise_()


PAD_PX, STAFF_PX, FLAG_PX = 4, 2, 9
NARROWEST_NAME_PX = 16
EDITOR_PX = 180
BAND, LINE = 0.22, 0.35
"""How strong a region's band and the lines through the lanes are."""


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Markers as they are drawn, in view positions, ordered by start.

    Attributes
    ----------
    starts, stops : int64, shape (n,); the same for a marker, apart for a region
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    @classmethod
    def of(cls, markers: Iterable[Marker]) -> Marks:
        """Return the marks of markers in view positions."""
        listed = tuple(markers)
        edges = np.array([(one.start_samples, one.stop_samples) for one in listed], np.int64).reshape(-1, 2)
        ids, names = tuple(one.id for one in listed), tuple(one.name for one in listed)
        return cls(ids, names, edges[:, 0], edges[:, 1])


NO_MARKS = Marks.of(())


@dataclass(frozen=True, slots=True)
class Flag:
    """One mark that is in view, in logical pixels.

    Attributes
    ----------
    left, right : its edges; one and the same for a marker
    name_left, name_room : position of its name, and the room before the next one
    """

    index: int
    left: float
    right: float
    name_left: float
    name_room: float

    @property
    def is_region(self) -> bool:
        """Whether it is drawn as a band."""
        return self.right > self.left


def flags(frame: Frame, marks: Marks) -> list[Flag]:
    """Return the visible marks with room for a flag."""
    lefts, rights = edges_of(frame, marks)
    seen = np.flatnonzero((rights >= 0) & (lefts <= frame.layout.width))
    begins = np.maximum(lefts[seen], 0.0)
    following = np.append(lefts[seen[1:]], float(frame.layout.width))
    roomy = np.flatnonzero(following - begins >= theme.px(FLAG_PX))
    return [_flag(frame, marks, int(seen[place]), float(following[place])) for place in roomy]


def edges_of(frame: Frame, marks: Marks) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the start and end of marks, in logical pixels, each of shape (n,)."""
    return frame.viewport.xs_at(marks.starts), frame.viewport.xs_at(marks.stops)


def _flag(frame: Frame, marks: Marks, index: int, following: float) -> Flag:
    left, right = (frame.viewport.x_at(int(edges[index])) for edges in (marks.starts, marks.stops))
    pad = theme.px(PAD_PX if right > left else FLAG_PX + PAD_PX)
    name_left, end = max(left, 0.0) + pad, min(following, right) if right > left else following
    return Flag(index, left, right, name_left, end - theme.px(PAD_PX) - name_left)


def paint_marks(painter: QPainter, frame: Frame, marks: Marks) -> None:
    """Draw the strip and a line through the lanes at each mark; nothing without a strip.

    Lines and bands are rows of colours, however many there are; only flags with room are drawn one by one.
    """
    layout = frame.layout
    if layout.ruler_top == layout.marks_top:
        return
    ground = QRectF(0, layout.marks_top, layout.width, layout.ruler_top - layout.marks_top)
    painter.fillRect(ground, theme.color(frame.theme.panel))
    _paint_rows(painter, frame, marks)
    for flag in flags(frame, marks):
        _paint_pennant(painter, frame, flag, frame.theme.marker)
        if flag.name_room >= theme.px(NARROWEST_NAME_PX):
            area = QRectF(flag.name_left, ground.top(), flag.name_room, ground.height())
            font = theme.ui_font(theme.TEXT_SMALL)
            paint_words(painter, area, marks.names[flag.index], font, frame.theme.text)
    line = frame.horizontal(layout.ruler_top - frame.hairline, 0, layout.width)
    painter.fillRect(line, theme.color(frame.theme.line))


def _paint_rows(painter: QPainter, frame: Frame, marks: Marks) -> None:
    """Draw the common parts of all marks: bands, flag poles, and lines down the lanes."""
    layout, token, edge = frame.layout, frame.theme.marker, theme.px(2)
    high = layout.ruler_top - layout.marks_top
    lefts, rights = (np.rint(xs * frame.dpr).clip(-9, frame.columns + 9) for xs in edges_of(frame, marks))
    is_region = marks.stops > marks.starts
    steps = np.zeros(frame.columns + 1, np.int64)
    np.add.at(steps, lefts[is_region].clip(0, frame.columns).astype(np.int64), 1)
    np.add.at(steps, rights[is_region].clip(0, frame.columns).astype(np.int64), -1)
    band = np.where(np.cumsum(steps)[:-1] > 0, theme.premultiplied(token, BAND), np.uint32(0))
    paint_row(painter, band, QRectF(0, layout.marks_top + edge, layout.width, high - 2 * edge))
    columns = np.unique(np.concatenate([lefts, rights])).astype(np.int64)
    for thick, alpha, top, bottom in (
        (1, LINE, layout.score_top, layout.lanes_bottom),
        (max(round(theme.px(STAFF_PX) * frame.dpr), 1), 1.0, layout.marks_top, layout.ruler_top),
    ):
        row = np.zeros(frame.columns, np.uint32)
        covered = (columns[:, None] + np.arange(thick)).ravel()
        row[covered[(covered >= 0) & (covered < frame.columns)]] = theme.premultiplied(token, alpha)
        paint_row(painter, row, QRectF(0, top, layout.width, bottom - top))


def paint_flag(painter: QPainter, frame: Frame, flag: Flag, token: str) -> None:
    """Draw one mark during a drag."""
    layout, ink, weak = frame.layout, theme.color(token), theme.color(token, LINE)
    staff = max(round(theme.px(STAFF_PX) * frame.dpr), 1)
    for x in {flag.left, flag.right}:
        painter.fillRect(frame.vertical(x, layout.score_top, layout.lanes_bottom), weak)
        painter.fillRect(frame.vertical(x, layout.marks_top, layout.ruler_top, staff), ink)
    _paint_pennant(painter, frame, flag, token)


def _paint_pennant(painter: QPainter, frame: Frame, flag: Flag, token: str) -> None:
    if flag.is_region:
        return
    left, top, high = frame.snapped(flag.left), frame.layout.marks_top + theme.px(3), theme.px(FLAG_PX)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(token))
    tip = QPointF(left + high, top + high / 2)
    painter.drawPolygon(QPolygonF([QPointF(left, top), tip, QPointF(left, top + high)]))
    painter.restore()


def editor_area(frame: Frame, marks: Marks, marker_id: str) -> QRect | None:
    """Return the area for renaming a marker, of a repeated one at its visible position; None if it is cut."""
    places = [index for index, one in enumerate(marks.ids) if one == marker_id]
    if not places:
        return None
    lefts, rights = edges_of(frame, marks)
    seen = (one for one in places if rights[one] >= 0 and lefts[one] <= frame.layout.width)
    flag = _flag(frame, marks, next(seen, places[0]), 0.0)
    layout, width = frame.layout, theme.px(EDITOR_PX)
    left = min(max(flag.name_left - theme.px(PAD_PX), 0.0), layout.width - width)
    return QRect(round(left), layout.marks_top, width, layout.ruler_top - layout.marks_top)
