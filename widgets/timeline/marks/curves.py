"""Lanes of curves: a value over time for each analysis of a package that has a lane, below the sounds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from engine.core.timebase import format_time
from engine.document.analysis import ScoreCurve, StoredCurve
from widgets import theme
from widgets.timeline.frame import CURVE, Frame
from widgets.timeline.marks.score import paint_line
from widgets.timeline.time_map import SOURCE_TIMES, TimeMap

PAD_PX = 6


@dataclass(frozen=True, eq=False)
class CurveLanes:
    """Curves of a document, in source positions, and where the view draws these."""

    curves: tuple[StoredCurve, ...] = ()
    times: TimeMap = SOURCE_TIMES

    @cached_property
    def drawn(self) -> tuple[ScoreCurve | None, ...]:
        """The curves in view positions, with their range as 0 to 1; the points are the centres of frames."""
        return tuple(self.times.curve(_scaled(curve)) for curve in self.curves)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw the lanes, if there are any."""
        layout, tokens = frame.layout, frame.theme
        for number, curve in enumerate(self.drawn):
            top, pad = layout.curves_top + number * theme.px(CURVE), theme.px(PAD_PX)
            if curve is not None and len(curve.times_samples):
                bottom = top + theme.px(CURVE) - pad
                paint_line(painter, frame, curve, (top + pad, bottom), tokens.dim)
            line = frame.horizontal(top - frame.hairline, 0, layout.width)
            painter.fillRect(line, theme.color(tokens.line))

    def tip_at(self, frame: Frame, at: QPointF) -> str:
        """Return the value under the mouse, with its unit and time; "" outside of the lanes."""
        number = int((at.y() - frame.layout.curves_top) // theme.px(CURVE))
        if not 0 <= number < len(self.curves):
            return ""
        curve = self.curves[number]
        source = self.times.to_source(frame.viewport.sample_at(at.x()))
        place = source // curve.hop_samples
        if not 0 <= place < len(curve.values):
            return ""
        at_time = format_time(source / max(frame.viewport.rate_hz, 1), 1)
        return f"{curve.title} {value_words(float(curve.values[place]), curve.unit)}, {at_time}"


def _scaled(curve: StoredCurve) -> ScoreCurve:
    """Return a curve as a score: its range is 0 to 1."""
    times = np.arange(len(curve.values), dtype=np.int64) * curve.hop_samples + curve.hop_samples // 2
    scores = (curve.values.astype(np.float64) - curve.lowest) / (curve.highest - curve.lowest)
    return ScoreCurve(times, np.clip(scores, 0.0, 1.0).astype(np.float32), curve.maker)


def value_words(value: float, unit: str) -> str:
    """Return a value with its unit, such as "−12.4 dB"."""
    return f"{value:.4g} {unit}".strip().replace("-", "−")


NO_CURVES = CurveLanes()
