"""Method of a taste as a block diagram: input, processing steps, and output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.features.taste.overview.results import MethodStep
from widgets.theme import RADIUS, TEXT, TEXT_SMALL, Theme, px, ui_font

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
