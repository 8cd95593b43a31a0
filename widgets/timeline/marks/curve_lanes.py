"""Lanes of values over time: the anomaly score with threshold and heat strip, and curves of analyses.

Where a column has many values they are a band from the lowest to the highest, with their mean in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from engine.core.timebase import format_time
from engine.document.analysis import ScoreCurve, StoredCurve
from widgets import theme
from widgets.timeline.frame import CURVE, Frame, image_of, paint_row, paint_tag
from widgets.timeline.sound.waves import column_extents, connected
from widgets.timeline.time_map import SOURCE_TIMES, TimeMap

PAD, HEAT, HEAT_GAP = 8, 12, 4
THICKNESS_PX = 1.6
BAND = 0.34
"""How strong the band of low to high is."""
NO_SCORE = "No score yet. Analyse the recording with this taste."


def plot_span(frame: Frame) -> tuple[float, float]:
    """Return (top, bottom) of the curve in logical pixels: the heights of score 1 and score 0."""
    layout = frame.layout
    return layout.score_top + theme.px(PAD), layout.sounds_top - theme.px(HEAT + 2 * HEAT_GAP)


def score_y(frame: Frame, score: float) -> float:
    """Return the height at which a score is drawn."""
    top, bottom = plot_span(frame)
    return bottom - min(max(score, 0.0), 1.0) * (bottom - top)


def score_at(frame: Frame, y: float) -> float:
    """Return the score drawn at a height, 0 to 1."""
    top, bottom = plot_span(frame)
    return min(max((bottom - y) / (bottom - top), 0.0), 1.0)


def column_scores(
    curve: ScoreCurve, edges_samples: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and highest score within columns between borders, shape (n + 1,) to 2 × (n,).

    The curve is linear between its points; more than half a hop outside its ends the score is NaN.
    """
    times = curve.times_samples
    low, high = column_extents(times, curve.scores, edges_samples)
    half_hop = (times[-1] - times[0]) / max(len(times) - 1, 1) / 2
    outside = (edges_samples[1:] < times[0] - half_hop) | (edges_samples[:-1] > times[-1] + half_hop)
    low[outside] = np.nan
    high[outside] = np.nan
    return low, high


def column_means(curve: ScoreCurve, edges_samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean score of columns between borders, shape (n + 1,) to (n,), of the linear curve."""
    times, areas = _areas(curve)
    scores = curve.scores.astype(np.float64)
    inside = np.clip(edges_samples, times[0], times[-1])
    before = np.clip(np.searchsorted(times, inside, "right") - 1, 0, max(len(times) - 2, 0))
    heights = np.interp(inside, times, scores)
    area = areas[before] + (inside - times[before]) * (scores[before] + heights) / 2
    area += (edges_samples - inside) * heights  # outside its points the line goes on level
    means: NDArray[np.float64] = np.diff(area) / np.diff(edges_samples)
    return means


@lru_cache(maxsize=4)
def _areas(curve: ScoreCurve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the points' times, and the area under the line up to each, once for all frames."""
    times = curve.times_samples.astype(np.float64)
    steps = np.diff(times) * (curve.scores[1:].astype(np.float64) + curve.scores[:-1]) / 2
    return times, np.concatenate([np.zeros(1), np.cumsum(steps)])


def mean_line(
    curve: ScoreCurve, edges_samples: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return minimum and maximum of the line through the means in each column.

    Parameters
    ----------
    low, high : see `column_scores`; equal for a curve without aggregation
    """
    hop = (curve.times_samples[-1] - curve.times_samples[0]) / max(len(curve.times_samples) - 1, 1)
    if edges_samples[1] - edges_samples[0] < hop:
        return low, high
    means = np.where(np.isnan(low), np.nan, column_means(curve, edges_samples))
    lows, highs = connected(means.astype(np.float32), means.astype(np.float32))
    return lows.astype(np.float64), highs.astype(np.float64)


Extent = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Minimum and maximum score in each column, shape (columns,) each; NaN without a score."""


def curve_image(
    line: Extent, height: int, thickness: float, token: str, band: Extent | None = None
) -> QImage:
    """Return the curve, antialiased by coverage, as an image of `height` rows for score 1 down to 0.

    Parameters
    ----------
    band : lighter area behind the line
    """
    cover = _cover(line, height, thickness)
    if band is not None:
        behind = _cover(band, height, thickness)
        behind *= BAND
        np.maximum(cover, behind, out=cover)
    cover *= 255
    return image_of(_opacities(token)[cover.astype(np.uint8)])


def _cover(extent: Extent, height: int, thickness: float) -> NDArray[np.float32]:
    """Return the coverage of each pixel by a line of a thickness, 0 to 1, shape (height, columns)."""
    low, high = extent
    bottom = (height - thickness) * (1 - low) + thickness
    top = (height - thickness) * (1 - high)
    rows = np.arange(height, dtype=np.float32)[:, None]
    # from 0 to 0 where there is no score: that covers nothing
    top32, bottom32 = (np.where(np.isnan(edge), 0.0, edge).astype(np.float32) for edge in (top, bottom))
    cover = np.minimum(rows + 1, bottom32)
    cover -= np.maximum(rows, top32)
    np.minimum(np.maximum(cover, 0.0, out=cover), 1.0, out=cover)
    return cover


def heat_row(high: NDArray[np.float64], tokens: theme.Theme) -> NDArray[np.uint32]:
    """Return the colours of the heat strip, one per column; transparent without a score."""
    unknown = np.isnan(high)
    row = _ramp(tokens)[np.where(unknown, 0.0, high * 255).astype(np.uint8)]
    return np.where(unknown, np.uint32(0), row)


@cache
def _opacities(token: str) -> NDArray[np.uint32]:
    return theme.premultiplied(token, np.arange(256) / 255)


@cache
def _ramp(tokens: theme.Theme) -> NDArray[np.uint32]:
    ends = tokens.score_low, tokens.score_high
    return np.array([theme.mix(*ends, share / 255).rgba() for share in range(256)], np.uint32)


def paint_score(painter: QPainter, frame: Frame, curve: ScoreCurve | None, threshold: float | None) -> None:
    """Draw the score lane of a frame, if it has one."""
    layout, tokens = frame.layout, frame.theme
    if layout.sounds_top == layout.score_top:
        return
    if curve is None or not len(curve.times_samples):
        high = layout.sounds_top - layout.score_top - frame.hairline
        lane = QRectF(0, layout.score_top, layout.width, high)
        painter.fillRect(lane, theme.color(tokens.bg))
        painter.setPen(theme.color(tokens.dim))
        painter.setFont(theme.ui_font(12))
        room = lane.adjusted(theme.px(16), 0, -theme.px(16), 0)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap), NO_SCORE)
        return
    if threshold is not None:
        paint_threshold(painter, frame, threshold)
    heat = heat_row(paint_line(painter, frame, curve, plot_span(frame), tokens.score_line), tokens)
    heat_top = layout.sounds_top - theme.px(HEAT + HEAT_GAP)
    paint_row(painter, heat, QRectF(0, heat_top, layout.width, theme.px(HEAT)))


def paint_line(
    painter: QPainter, frame: Frame, curve: ScoreCurve, heights: tuple[float, float], token: str
) -> NDArray[np.float64]:
    """Draw a curve in a colour between the heights of 1 and 0; return its maximum in each column."""
    edges, (top, bottom) = frame.grid.edges(), heights
    low, high = column_scores(curve, edges)
    line = mean_line(curve, edges, low, high)
    thickness = max(THICKNESS_PX * frame.dpr, 1.0)
    height = max(round((bottom - top) * frame.dpr), 2)
    band = None if line[0] is low else (low, high)
    plot = QRectF(0, top, frame.layout.width, bottom - top)
    painter.drawImage(plot, curve_image(line, height, thickness, token, band))
    return line[1]


def paint_threshold(
    painter: QPainter, frame: Frame, threshold: float, dragged: bool = False, outlook: str = ""
) -> None:
    """Draw the dashed line of a threshold; stronger, with its value and outlook, while it is dragged."""
    tokens = frame.theme
    y = frame.snapped(score_y(frame, threshold)) + frame.hairline / 2
    pen = QPen(theme.color(tokens.text if dragged else tokens.dim), 0)
    pen.setDashPattern([5.0 * frame.dpr, 4.0 * frame.dpr])
    painter.setPen(pen)
    painter.drawLine(QLineF(0, y, frame.layout.width, y))
    if not dragged:
        return
    text = f"{threshold:.2f}" + (f"  ·  {outlook}" if outlook else "")
    painter.setFont(theme.mono_font(theme.TEXT_SMALL))
    width, height = painter.fontMetrics().horizontalAdvance(text) + theme.px(12), theme.px(18)
    top = y - height - theme.px(3)
    if top < frame.layout.score_top:  # under the line, where there is room
        top = y + theme.px(3)
    box = QRectF(frame.layout.width - width - theme.px(8), top, width, height)
    paint_tag(painter, frame, box, text)


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
