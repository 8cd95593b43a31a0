"""Words of a transcript under the lowest lane, where there is room for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from widgets import theme
from widgets.timeline.frame import Frame
from widgets.timeline.time_map import SOURCE_TIMES, TimeMap

HEIGHT_PX, ROOM_PX, PAD_PX = 18, 26, 3
"""Height of the lane, mean width of a word from which it is drawn, and the gap between two words."""


@dataclass(frozen=True, eq=False)
class WordLane:
    """Words in source positions, and their drawn positions.

    Attributes
    ----------
    spans_samples : int64, shape (n, 2), in the order of their starts
    """

    texts: Sequence[str] = ()
    spans_samples: NDArray[np.int64] | None = None
    times: TimeMap = SOURCE_TIMES

    @cached_property
    def drawn(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Starts and stops of the audible words in view positions, ascending, and their numbers."""
        spans = np.zeros((0, 2), np.int64) if self.spans_samples is None else self.spans_samples
        starts, last = spans[:, 0], np.maximum(spans[:, 1] - 1, spans[:, 0])
        begins = self.times.to_view_array(starts)
        ends = self.times.to_view_array(last) + self.times.keeps(last)
        audible = np.flatnonzero(ends > begins)
        order = audible[np.argsort(begins[audible], kind="stable")]
        return begins[order], ends[order], order

    def written(self, frame: Frame) -> list[tuple[QRectF, str]]:
        """Return each visible word and its box; nothing if the words are too close together."""
        layout, view = frame.layout, frame.viewport
        starts, stops, numbers = self.drawn
        top = layout.lanes_bottom
        if layout.height - top < theme.px(HEIGHT_PX):
            return []
        first = max(int(np.searchsorted(starts, view.sample_at(0.0))) - 1, 0)
        last = int(np.searchsorted(starts, view.sample_at(float(layout.width))))
        if (last - first) * theme.px(ROOM_PX) > layout.width:
            return []
        edges = [view.x_at(int(at)) for at in (*starts[first:last], *stops[last - 1 : last])]
        boxes = []
        for place in range(last - first):
            left, stop = edges[place], view.x_at(int(stops[first + place]))
            width = max(min(edges[place + 1] - left, max(stop - left, theme.px(4 * ROOM_PX))), 0.0)
            box = QRectF(left, top, width, theme.px(HEIGHT_PX))
            if box.right() > 0:
                boxes.append((box, self.texts[int(numbers[first + place])]))
        return boxes

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw the words."""
        if not (boxes := self.written(frame)):
            return
        painter.setFont(theme.ui_font(theme.TEXT_SMALL))
        painter.setPen(theme.color(frame.theme.dim))
        metrics, pad = painter.fontMetrics(), theme.px(PAD_PX)
        for box, word in boxes:
            text = metrics.elidedText(word, Qt.TextElideMode.ElideRight, int(box.width()) - pad)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)


NO_WORDS = WordLane()
