"""The overview bar: the whole recording, every proposal and marker, and the window that is on screen."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from engine.core.timebase import format_time, samples_to_s
from widgets import theme
from widgets.timeline.edits.coverage import bar_columns, bar_edges, fill_bars
from widgets.timeline.edits.spans import Spans
from widgets.timeline.frame import Frame, paint_row, paint_tag
from widgets.timeline.marks.markers import Marks
from widgets.timeline.sound.lanes import Lane
from widgets.timeline.sound.waves import ColumnGrid, WaveSource
from widgets.timeline.time_map import TimeMap
from widgets.timeline.viewport import Viewport

MARK, FRAME, TICK, WAVE_SHARE = 9, 3, 5, 0.8
NARROWEST_WINDOW = 6.0


class Mixture:
    """Overall level of the recording; unchanged parts are cached."""

    def __init__(self) -> None:
        self._energy: NDArray[np.float64] = np.zeros(0)
        self._stale: tuple[float, float] = 0.0, inf

    def forget(self, changed: tuple[float, float] = (0.0, inf)) -> None:
        """Read a span again, in view positions."""
        start, stop = self._stale
        self._stale = (min(start, changed[0]), max(stop, changed[1])) if start < stop else changed

    def loudness(
        self, waves: Mapping[str, WaveSource], lanes: tuple[Lane, ...], length_samples: int, n_columns: int
    ) -> NDArray[np.float32]:
        """Return the RMS over all channels of the whole recording, 0 to 1, shape (n_columns,)."""
        grid = ColumnGrid(0, length_samples / n_columns, n_columns)
        if len(self._energy) != n_columns:
            self._energy = np.zeros(n_columns)
            self.forget()
        start, stop = self._stale
        first, last = grid.columns_of(start, min(stop, length_samples)) if start < stop else (0, 0)
        self._energy[first:last] = _energy(waves, lanes, grid.part(first, last))
        self._stale = 0.0, 0.0
        loudness = np.sqrt(self._energy)
        peak = loudness.max(initial=0.0)
        return (loudness / peak if peak > 0 else loudness).astype(np.float32)


def _energy(
    waves: Mapping[str, WaveSource], lanes: tuple[Lane, ...], grid: ColumnGrid
) -> NDArray[np.float64]:
    energy = np.zeros(grid.n_columns, np.float64)
    for lane in lanes if grid.n_columns else ():
        source, start = waves.get(lane.track_id), grid.first * grid.samples_per_column - lane.start_samples
        if source is None:
            continue
        for channel in range(lane.channels):
            columns = source.columns(channel, start, grid.samples_per_column, grid.n_columns)
            energy += np.square(columns.rms * lane.gain, dtype=np.float64)
    return energy


def whole(viewport: Viewport, width_px: int) -> Viewport:
    """Return the viewport of the overview: all of the recording over its own width."""
    return Viewport(0.0, 1.0, max(width_px, 1), viewport.length_samples, viewport.rate_hz).fitted()


def overview_image(frame: Frame, loudness: NDArray[np.float32], spans: Spans, marks: Marks) -> QImage:
    """Return the bar without the window frame, which moves."""
    layout, tokens = frame.layout, frame.theme
    rows_n = max(round(layout.arrangement_top * frame.dpr), 1)
    image = QImage(frame.columns, rows_n, QImage.Format.Format_RGB32)
    image.fill(theme.color(tokens.bg))
    pixels = np.frombuffer(image.bits(), np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    height = image.height() - round(theme.px(MARK + FRAME) * frame.dpr)
    half = loudness * (height * WAVE_SHARE / 2)
    rows = np.arange(image.height(), dtype=np.float32)[:, None] + 0.5
    waves = np.abs(rows - height / 2) < np.maximum(half, 0.6)
    if len(loudness) == frame.columns and frame.viewport.length_samples:
        np.copyto(pixels[:, : frame.columns], np.uint32(theme.color(tokens.wave2).rgba()), where=waves)
    image.setDevicePixelRatio(frame.dpr)
    _fill_density(pixels[:, : frame.columns], frame, spans)
    painter = QPainter(image)
    _paint_ticks(painter, frame, marks)
    painter.end()
    return image


def caption_of(times: TimeMap, rate_hz: int, *, is_before: bool) -> str:
    """Describe the length of the displayed result, and that edits of the sound are left out."""
    edits, recorded = times.edit_list, "Sound as recorded"
    if edits is None or not rate_hz:
        return recorded if is_before else ""
    lengths = (edits.length_samples, edits.source_length_samples)
    result, source = (format_time(samples_to_s(length, rate_hz), 0) for length in lengths)
    return f"Result {result} of {source}" + (f" · {recorded.lower()}" if is_before else "")


def paint_caption(painter: QPainter, frame: Frame, caption: str) -> None:
    """Draw the name of the view into the upper right corner, above all moving parts."""
    if not caption:
        return
    painter.setFont(theme.mono_font(theme.TEXT_SMALL))
    metrics = painter.fontMetrics()
    width, height = metrics.horizontalAdvance(caption) + theme.px(12), metrics.height() + theme.px(2)
    box = QRectF(frame.layout.width - width - theme.px(4), theme.px(3), width, height)
    paint_tag(painter, frame, box, caption)


def _fill_density(pixels: NDArray[np.uint32], frame: Frame, spans: Spans) -> None:
    """Draw the density of proposals along the lower edge."""
    wide, per_column = bar_columns(frame), max(frame.viewport.length_samples, 1) / frame.columns
    shares = spans.shares(bar_edges(0, frame.columns, per_column, wide))
    bottom = len(pixels) - round(theme.px(FRAME) * frame.dpr)  # clear of the frame around what is visible
    fill_bars(pixels[bottom - round(theme.px(MARK) * frame.dpr) : bottom], frame, shares, 0, wide)


def _paint_ticks(painter: QPainter, frame: Frame, marks: Marks) -> None:
    """Draw markers and regions along the upper edge."""
    columns = np.rint(marks.starts * (frame.columns / max(frame.viewport.length_samples, 1))).astype(np.int64)
    thick = np.arange(max(round(theme.px(2) * frame.dpr), 1))
    covered = np.minimum(columns[:, None] + thick, frame.columns - 1)
    row = np.zeros(frame.columns, np.uint32)
    row[covered.ravel()] = theme.color(frame.theme.marker).rgba()
    paint_row(painter, row, QRectF(0, 0, frame.layout.width, theme.px(TICK)))


def window_rect(frame: Frame) -> QRectF:
    """Return the rectangle of the visible window on the bar, in logical pixels."""
    view = whole(frame.viewport, frame.layout.width)
    left, right = view.x_at(frame.viewport.start_samples), view.x_at(frame.viewport.stop_samples)
    if right - left < NARROWEST_WINDOW:
        middle = (left + right) / 2
        left, right = middle - NARROWEST_WINDOW / 2, middle + NARROWEST_WINDOW / 2
    return QRectF(left, 0, right - left, frame.layout.arrangement_top)


def paint_window(painter: QPainter, frame: Frame) -> None:
    """Draw the frame around the visible range."""
    if not frame.viewport.length_samples:
        return
    ink, area = theme.color(frame.theme.playhead), window_rect(frame)
    line = max(round(1.5 * frame.dpr), 1) * frame.hairline
    left, right = frame.snapped(area.left()), frame.snapped(area.right())
    bottom = area.bottom() - frame.hairline
    painter.fillRect(QRectF(left, 0, right - left, bottom), theme.color(frame.theme.playhead, 0.06))
    for y in (0.0, bottom - line):
        painter.fillRect(QRectF(left, y, right - left, line), ink)
    for x in (left, right - line):
        painter.fillRect(QRectF(x, line, line, bottom - 2 * line), ink)
