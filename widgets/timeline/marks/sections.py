"""Sections: a thin lane of coloured bars below the ruler, one colour for each label.

A section is drawn wherever it plays: twice if it is repeated, in parts if some of it is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from engine.core.timebase import format_time
from engine.core.wording import percent
from engine.document.marks.sections import StoredSections
from widgets import theme
from widgets.timeline.frame import Frame
from widgets.timeline.time_map import SOURCE_TIMES, TimeMap

FILL = 0.34
PAD_PX, NARROWEST_TEXT_PX, EDGE_PX = 5, 9, 2


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Bars in view positions, ascending, one for each part of a section that plays in one piece.

    Attributes
    ----------
    starts, stops : int64, shape (n,)
    sections : int64, shape (n,), number of the section
    """

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    sections: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SectionLane:
    """Sections in source positions, and their drawn positions."""

    sections: StoredSections | None = None
    times: TimeMap = SOURCE_TIMES

    @property
    def is_shown(self) -> bool:
        """Whether the lane exists: only if sections were found."""
        return self.sections is not None and len(self.sections) > 0

    @cached_property
    def hues(self) -> dict[str, int]:
        """Index of the accent colour of each label, by first appearance."""
        labels = () if self.sections is None else self.sections.labels
        return {label: number for number, label in enumerate(dict.fromkeys(labels))}

    @cached_property
    def bars(self) -> Bars:
        """The bars, in the recording's order or that of the result."""
        spans = np.zeros((0, 2), np.int64) if self.sections is None else self.sections.spans_samples
        numbers = np.arange(len(spans))
        edits = self.times.edit_list
        if edits is None or not len(spans):
            return Bars(spans[:, 0], spans[:, 1], numbers)
        first, last = np.stack([edits.starts_samples, edits.stops_samples])[:, :, None]
        starts, stops = np.maximum(first, spans[:, 0]), np.minimum(last, spans[:, 1])
        # Under a crossfade a neighbour of the section is audible, too short for a bar of its own.
        faded = (edits.fades_in_samples + edits.fades_out_samples)[:, None]
        segments, of = np.nonzero(stops - starts > np.minimum(faded, (spans[:, 1] - spans[:, 0]) // 2))
        begins = (edits.result_starts_samples[:, None] + starts - first)[segments, of]
        ends = begins + (stops - starts)[segments, of]
        # A cut inside of a section leaves one bar: parts of it that follow each other are joined.
        from_source = starts[segments, of]
        joins = np.zeros(len(of), bool)
        joins[1:] = (of[1:] == of[:-1]) & (begins[1:] <= ends[:-1] + 1) & (from_source[1:] > from_source[:-1])
        heads = np.flatnonzero(~joins)
        lasts = np.append(heads[1:], len(of))[: len(heads)] - 1
        return Bars(begins[heads], ends[lasts], of[heads])

    def at(self, frame: Frame, place: QPointF) -> int | None:
        """Return the number of the section under the mouse."""
        layout, bars = frame.layout, self.bars
        if not self.is_shown or not layout.sections_top <= place.y() < layout.score_top:
            return None
        position = frame.viewport.sample_at(place.x())
        under = int(np.searchsorted(bars.starts, position, side="right")) - 1
        return int(bars.sections[under]) if under >= 0 and position < bars.stops[under] else None

    def tip_at(self, frame: Frame, place: QPointF) -> str:
        """Return the tooltip of the section under the mouse; "" without any."""
        number = self.at(frame, place)
        if number is None or self.sections is None:
            return ""
        sections, rate_hz = self.sections, max(frame.viewport.rate_hz, 1)
        label = sections.labels[number]
        start, stop = (format_time(edge / rate_hz, 1) for edge in sections.span(number))
        same = [place for place, one in enumerate(sections.labels) if one == label]
        often = f", {same.index(number) + 1} of {len(same)}" if len(same) > 1 else ""
        likely = percent(float(sections.confidences[number]))
        return f"Section {label}{often}\n{start} – {stop}\n{likely} confident\nDouble-click: select"

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw the lane, if it has height."""
        layout, tokens, view = frame.layout, frame.theme, frame.viewport
        high = layout.score_top - layout.sections_top
        if high <= 0 or self.sections is None:
            return
        painter.fillRect(QRectF(0, layout.sections_top, layout.width, high), theme.color(tokens.panel))
        font = theme.ui_font(theme.TEXT_SMALL, QFont.Weight.DemiBold)
        painter.setFont(font)
        metrics, pad = QFontMetricsF(font), theme.px(PAD_PX)
        bars = self.bars
        for start, stop, number in zip(
            bars.starts.tolist(), bars.stops.tolist(), bars.sections.tolist(), strict=True
        ):
            left, right = view.x_at(start), view.x_at(stop)
            if right <= 0 or left >= layout.width:
                continue
            label = self.sections.labels[number]
            hue = tokens.accent(self.hues[label])
            bar = QRectF(left, layout.sections_top, max(right - left, frame.hairline), high - frame.hairline)
            painter.fillRect(bar, theme.color(hue, FILL))
            edge = min(theme.px(EDGE_PX), bar.width())
            painter.fillRect(QRectF(left, bar.top(), edge, bar.height()), theme.color(hue))
            begins = max(left + theme.px(EDGE_PX), 0.0) + pad
            room = min(right, layout.width) - pad / 2 - begins
            if room >= theme.px(NARROWEST_TEXT_PX):
                painter.setPen(theme.color(tokens.text))
                text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, room)
                box = QRectF(begins, bar.top(), room, bar.height())
                painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
        line = frame.horizontal(layout.score_top - frame.hairline, 0, layout.width)
        painter.fillRect(line, theme.color(tokens.line))


NO_SECTIONS = SectionLane()
