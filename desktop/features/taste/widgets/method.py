"""Method of a taste as a block diagram, and its input and reconstruction around a position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.core.timebase import format_time
from engine.features.taste.overview.results import MethodStep, Moment
from widgets.controls.keyed_view import KeyedView
from widgets.theme import RADIUS, TEXT, TEXT_SMALL, Theme, color, mono_font, px, ui_font
from widgets.timeline.sound.spectrogram import N_COLORS, ColorMap, colors

_TITLE, _INSET, _BETWEEN, _ROW, _STRIP = 20, 8, 10, 16, 30
_MOST_PARTS = 4
_PART_Z = 4.0
"""Deviation of a full bar, in standard deviations."""
NO_POSITION = "Click a position above, or go to one with the arrow keys, to see the features there."


class MomentView(KeyedView):
    """The input, its reconstruction if the recipe has one, and below them the score and its parts."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Input and reconstruction", parent)
        self._moment: Moment | None = None
        self.setMinimumHeight(px(160))

    def sizeHint(self) -> QSize:
        return QSize(px(360), px(230))

    @property
    def moment(self) -> Moment | None:
        """The displayed position."""
        return self._moment

    def set_moment(self, moment: Moment | None) -> None:
        """Show a position, or a hint without one."""
        self._moment = moment
        self.setAccessibleDescription(NO_POSITION if moment is None else _said(moment))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_ground(painter)
        if self._moment is None:
            self.paint_empty(painter, NO_POSITION)
        else:
            self._paint_moment(painter, self._moment)
        self.paint_focus(painter)

    def _paint_moment(self, painter: QPainter, moment: Moment) -> None:
        parts = list(moment.parts.items())[:_MOST_PARTS]
        below = px(_ROW) * (1 + len(parts)) + px(_INSET + _STRIP)
        area = QRectF(self.rect()).adjusted(px(_INSET), 0, -px(_INSET), -px(_INSET) - below)
        pictures = [("input", moment.input_db)]
        if moment.rebuilt_db is not None:
            pictures.append(("reconstruction", moment.rebuilt_db))
        width = (area.width() - (len(pictures) - 1) * px(_BETWEEN)) / len(pictures)
        low, high = _range_db(moment.input_db)
        for number, (title, frames_db) in enumerate(pictures):
            left = area.left() + number * (width + px(_BETWEEN))
            rect = QRectF(left, px(_TITLE), width, max(area.bottom() - px(_TITLE), 1.0))
            painter.setFont(ui_font(TEXT_SMALL))
            painter.setPen(QColor(self.theme.dim))
            words = QRectF(left, 0, width, px(_TITLE))
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), title)
            painter.drawImage(rect, self._picture(frames_db, low, high))
            strip = QRectF(left, rect.bottom() + px(2), width, px(_STRIP - 2))
            self._paint_curve(painter, strip, moment)
            self._paint_mark(painter, rect.united(strip), moment)
        self._paint_score(painter, moment, parts, area.bottom() + px(_INSET + _STRIP))

    def _picture(self, frames_db: NDArray[np.float32], low: float, high: float) -> QImage:
        """Return the frames as an image, low bands at the bottom."""
        table = np.rint(colors(ColorMap.MAGMA, self.theme)).astype(np.uint32)
        packed = 0xFF000000 | table[:, 0] << 16 | table[:, 1] << 8 | table[:, 2]
        shares = np.clip((frames_db - low) / max(high - low, 1e-6), 0.0, 1.0)
        steps = np.rint(shares * (N_COLORS - 1)).astype(np.int64)
        pixels = np.ascontiguousarray(packed.astype(np.uint32)[steps].T[::-1])
        height, width = pixels.shape
        return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()

    def _paint_curve(self, painter: QPainter, strip: QRectF, moment: Moment) -> None:
        """Draw the scores below the input."""
        length_s = max(moment.stop_s - moment.start_s, 1e-9)
        xs = strip.left() + (moment.times_s - moment.start_s) / length_s * strip.width()
        ys = strip.bottom() - np.clip(moment.scores, 0.0, 1.0) * strip.height()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self.theme.score_line), px(1.5)))
        points = [QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
        painter.drawPolyline(QPolygonF(points))
        painter.restore()

    def _paint_mark(self, painter: QPainter, rect: QRectF, moment: Moment) -> None:
        share = (moment.at_s - moment.start_s) / max(moment.stop_s - moment.start_s, 1e-9)
        x = rect.left() + share * rect.width()
        painter.setPen(QPen(QColor(self.theme.playhead), px(1), Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))

    def _paint_score(
        self, painter: QPainter, moment: Moment, parts: list[tuple[str, float]], top: float
    ) -> None:
        """Draw the time axis and the score of each bar."""
        rows = [("score", moment.score, f"{moment.score:.2f}")]
        rows += [(name, min(max(z / _PART_Z, 0.0), 1.0), f"{z:+.1f} σ") for name, z in parts]
        theme, height = self.theme, px(_ROW)
        for number, (name, share, figure) in enumerate(rows):
            row = QRectF(px(_INSET), top + number * height, self.width() - px(2 * _INSET), height)
            middle = int(Qt.AlignmentFlag.AlignVCenter)
            painter.setFont(ui_font(TEXT_SMALL))
            painter.setPen(QColor(theme.text if number == 0 else theme.dim))
            text = f"{name} of {moment.name} at {format_time(moment.at_s, 1)}" if number == 0 else name
            names = QRectF(row.left(), row.top(), row.width() * 0.55, height)
            words = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, int(names.width()))
            painter.drawText(names, middle | int(Qt.AlignmentFlag.AlignLeft), words)
            bar = QRectF(names.right() + px(8), row.center().y() - px(3), row.width() * 0.28, px(6))
            painter.fillRect(bar, color(theme.control))
            painter.fillRect(
                QRectF(bar.left(), bar.top(), bar.width() * share, bar.height()), color(theme.score_line)
            )
            painter.setFont(mono_font(TEXT_SMALL))
            painter.drawText(row, middle | int(Qt.AlignmentFlag.AlignRight), figure)


def _range_db(frames_db: NDArray[np.float32]) -> tuple[float, float]:
    """Return the display range, common to both pictures so that they are comparable."""
    if not frames_db.size:
        return 0.0, 1.0
    low, high = np.percentile(frames_db, (5.0, 99.5))
    return float(low), float(high)


def _said(moment: Moment) -> str:
    parts = "".join(f", {name} {z:+.1f}" for name, z in moment.parts.items())
    return f"{moment.name} at {format_time(moment.at_s, 1)}: score {moment.score:.2f}{parts}"


_BOX, _GAP, _PAD = 132, 26, 10
_WRAPPED = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


@dataclass(frozen=True, slots=True)
class _Box:
    """Position of a step, and height of its title."""

    rect: QRectF
    title_height: int


class MethodPicture(QWidget):
    """Boxes from left to right, in as many rows as the width needs."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._steps: tuple[MethodStep, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Method")

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

    def set_steps(self, steps: Sequence[MethodStep]) -> None:
        """Show these."""
        self._steps = tuple(steps)
        self.setAccessibleDescription("; then ".join(f"{step.title}: {step.detail}" for step in steps))
        self._fit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Fix the height to the rows of boxes; height-for-width would enlarge the whole page."""
        boxes = self._boxes(self.width())
        self.setFixedHeight(round(max((box.rect.bottom() for box in boxes), default=0.0)) + 1)

    def sizeHint(self) -> QSize:
        return QSize(px(3 * _BOX + 2 * _GAP), self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(px(_BOX), self.height())

    def _boxes(self, width: int) -> list[_Box]:
        count = len(self._steps)
        if not count:
            return []
        in_row = max(1, min(count, (width + px(_GAP)) // px(_BOX + _GAP)))
        in_row = -(-count // -(-count // in_row))  # as even as the rows allow
        box_width = (width - (in_row - 1) * px(_GAP)) / in_row
        sizes = [self._text_heights(step, int(box_width)) for step in self._steps]
        boxes, top = [], 0.0
        for first in range(0, count, in_row):
            row = sizes[first : first + in_row]
            height = max(title + detail for title, detail in row) + px(2 * _PAD + 4)
            for number, (title, _detail) in enumerate(row):
                left = number * (box_width + px(_GAP))
                boxes.append(_Box(QRectF(left, top, box_width, height), title))
            top += height + px(_GAP)
        return boxes

    def _text_heights(self, step: MethodStep, box_width: int) -> tuple[int, int]:
        room = QRect(0, 0, max(1, box_width - px(2 * _PAD)), 10_000)
        fonts = (_title_font(), step.title), (ui_font(TEXT_SMALL), step.detail)
        title, detail = (
            QFontMetrics(font).boundingRect(room, int(_WRAPPED), text).height() for font, text in fonts
        )
        return title, detail

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        boxes = self._boxes(self.width())
        for number, (box, step) in enumerate(zip(boxes, self._steps, strict=True)):
            is_end = number in (0, len(boxes) - 1)
            self._paint_box(painter, box, step, self._theme.score_line if is_end else self._theme.downbeat)
            if number + 1 < len(boxes):
                self._paint_arrow(painter, box.rect, boxes[number + 1].rect)

    def _paint_box(self, painter: QPainter, box: _Box, step: MethodStep, edge: str) -> None:
        theme = self._theme
        painter.setPen(QPen(QColor(edge), 1))
        painter.setBrush(QColor(theme.panel2))
        painter.drawRoundedRect(box.rect.adjusted(0.5, 0.5, -0.5, -0.5), px(RADIUS), px(RADIUS))
        inside = box.rect.adjusted(px(_PAD), px(_PAD), -px(_PAD), -px(_PAD))
        painter.setPen(QColor(theme.text))
        painter.setFont(_title_font())
        painter.drawText(inside, int(_WRAPPED), step.title)
        painter.setPen(QColor(theme.dim))
        painter.setFont(ui_font(TEXT_SMALL))
        painter.drawText(inside.adjusted(0, box.title_height + px(4), 0, px(4)), int(_WRAPPED), step.detail)

    def _paint_arrow(self, painter: QPainter, here: QRectF, there: QRectF) -> None:
        """Draw an arrow between boxes; to the next row it runs between both rows and back to the left."""
        painter.setPen(QPen(QColor(self._theme.dim), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if there.top() == here.top():
            end = QPointF(there.left() - px(3), there.center().y())
            painter.drawLine(QPointF(here.right() + px(3), here.center().y()), end)
            back = (QPointF(-px(6), -px(4)), QPointF(-px(6), px(4)))
        else:
            end = QPointF(there.center().x(), there.top() - px(3))
            middle = (here.bottom() + there.top()) / 2
            start = QPointF(here.center().x(), here.bottom() + px(3))
            turns = (start, QPointF(start.x(), middle), QPointF(end.x(), middle), end)
            painter.drawPolyline(QPolygonF(list(turns)))
            back = (QPointF(-px(4), -px(6)), QPointF(px(4), -px(6)))
        painter.setBrush(QColor(self._theme.dim))
        painter.drawPolygon(QPolygonF([end, end + back[0], end + back[1]]))


def _title_font() -> QFont:
    return ui_font(TEXT - 1, QFont.Weight.DemiBold)
