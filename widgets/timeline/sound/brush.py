"""Painting on the mask of a spectrogram: area of the brush, preview of a stroke, and cursor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPen, QPixmap

from engine.features.repair.separation.paint import Dab, Stroke
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.frame import Frame
from widgets.timeline.mouse.surface import Drag, Surface
from widgets.timeline.sound.masks import STRONGEST, inks_over, tinted
from widgets.timeline.sound.spectrogram import Place, SpectrogramLook, hz_at

SIZES_PX = (4, 6, 9, 13, 19, 28, 40, 60)
"""Radii of the brush at 100 %."""
USUAL_PX = 13
_STEP = 0.4
"""Spacing of brush dabs, as a share of the radius."""

SWAPS = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
"""Some window managers keep Alt with the mouse for themselves."""


@dataclass(frozen=True, slots=True)
class Brush:
    """How it is painted.

    Attributes
    ----------
    radius_px : at 100 %
    takes : whether it subtracts from the mask
    """

    radius_px: int = USUAL_PX
    takes: bool = False

    def resized(self, steps: int) -> Brush:
        """Return a larger or, below 0, a smaller one."""
        at = SIZES_PX.index(self.radius_px) + steps
        return replace(self, radius_px=SIZES_PX[min(max(at, 0), len(SIZES_PX) - 1)])


class Paintable(Surface, Protocol):
    """A surface that shows spectrograms that can be painted on."""

    brush: Brush | None

    @property
    def pictured(self) -> tuple[tuple[Place, ...], SpectrogramLook]: ...


class PaintStroke(Drag):
    """Paints from press to release, on one lane only."""

    def __init__(
        self, canvas: Surface, place: Place, look: SpectrogramLook, at: QPointF, brush: Brush
    ) -> None:
        self._canvas, self._place, self._look = canvas, place, look
        self._brush, self._radius = brush, theme.px(brush.radius_px)
        self._last = at
        self._dabs: list[Dab] = [self._dab(at)]
        self._places: list[QPointF] = [at]

    def _dab(self, at: QPointF) -> Dab:
        canvas, place = self._canvas, self._place
        rate_hz = place.source.recorded.rate_hz
        dpr = canvas.frame.dpr
        heights = np.array([at.y() + self._radius, at.y(), at.y() - self._radius]) * dpr
        shares = 1.0 - (heights - place.top) / (place.bottom - place.top)
        low, middle, high = hz_at(np.clip(shares, 0.0, 1.0), self._look.scale, rate_hz).tolist()
        # What lies beyond the lowest and the highest row goes with them.
        low, high = (-np.inf if shares[0] <= 0.0 else low), (np.inf if shares[2] >= 1.0 else high)
        reach = self._radius * canvas.viewport.samples_per_px
        return Dab.of(canvas.source_at(at.x()), reach, (low, middle, high), canvas.viewport.rate_hz)

    def move(self, at: QPointF) -> None:
        away = at - self._last
        steps = int(np.hypot(away.x(), away.y()) / max(_STEP * self._radius, 1.0))
        for step in range(1, steps + 1):
            between = self._last + away * (step / steps)
            self._dabs.append(self._dab(between))
            self._places.append(between)
        if steps:
            self._last = at

    def release(self, at: QPointF) -> None:
        self.move(at)
        track = self._place.lane.track_id
        self._canvas.stroke_painted.emit(Stroke(tuple(self._dabs), self._brush.takes, (track,)))

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Draw the stroke so far at its full width."""
        place, dpr = self._place, frame.dpr
        top = max(place.top / dpr, frame.layout.lanes_top)
        painter.save()
        painter.setClipRect(
            QRectF(0, top, frame.layout.width, min(place.bottom / dpr, frame.layout.lanes_bottom) - top)
        )
        radius = self._radius
        xs, ys = ([each(one) for one in self._places] for each in (QPointF.x, QPointF.y))
        left, upper = int(max(min(xs) - radius, 0)), int(max(min(ys) - radius, top))
        right, lower = min(max(xs) + radius + 1, frame.layout.width), max(ys) + radius + 1
        columns, rows = int((right - left) * dpr), int((lower - upper) * dpr)
        if columns > 0 and rows > 0:
            shares = self._drawn(left, upper, columns, rows, dpr)
            inks = inks_over(self._look, frame.theme)
            ink = inks.bg if self._brush.takes else inks.marker
            image = tinted(shares * STRONGEST, theme.color(ink))
            painter.drawImage(QRectF(left, upper, columns / dpr, rows / dpr), image)
        painter.restore()

    def _drawn(
        self, left: int, upper: int, columns: int, rows: int, dpr: float
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        """Return the covered part of the canvas, shape (rows, columns)."""
        canvas, place = self._canvas, self._place
        view = canvas.viewport
        x = left + (np.arange(columns) + 0.5) / dpr
        shown = np.asarray(view.start_samples + x * view.samples_per_px, np.float64)
        if canvas.times.edit_list is not None:
            shown = np.array([canvas.times.to_source(round(each)) for each in shown.tolist()], np.float64)
        y = upper * dpr + np.arange(rows) + 0.5
        share = 1.0 - (y - place.top) / (place.bottom - place.top)
        hz = hz_at(share, self._look.scale, place.source.recorded.rate_hz)
        return Stroke(tuple(self._dabs)).coverage(shown, hz).T


def row_at(canvas: Paintable, y: float) -> tuple[Place, SpectrogramLook] | None:
    """Return the row of a spectrogram at a height, and how it is drawn."""
    layout, dpr = canvas.frame.layout, canvas.frame.dpr
    if not layout.lanes_top <= y < layout.lanes_bottom:
        return None
    places, look = canvas.pictured
    return next(((place, look) for place in places if place.top <= y * dpr < place.bottom), None)


def stroke_at(canvas: Paintable, at: QPointF, held: Qt.KeyboardModifier) -> PaintStroke | None:
    """Start a stroke at the mouse; Alt or Shift swaps adding and subtracting."""
    found = row_at(canvas, at.y())
    if canvas.brush is None or found is None:
        return None
    turned = bool(held & SWAPS)
    return PaintStroke(canvas, *found, at, replace(canvas.brush, takes=canvas.brush.takes != turned))


def brush_cursor(canvas: Paintable, at: QPointF, held: Qt.KeyboardModifier) -> QCursor | None:
    """Return a circle of the brush's size over paintable areas."""
    if canvas.brush is None or row_at(canvas, at.y()) is None:
        return None
    takes = canvas.brush.takes != bool(held & SWAPS)
    frame = canvas.frame
    return _circle(theme.px(canvas.brush.radius_px), takes, frame.dpr, frame.theme)


@lru_cache(32)
def _circle(radius_px: int, takes: bool, dpr: float, tokens: Theme) -> QCursor:
    side = 2 * radius_px + 5
    picture = QPixmap(round(side * dpr), round(side * dpr))
    picture.setDevicePixelRatio(dpr)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle, arm = QPointF(side / 2, side / 2), min(radius_px * 0.6, 4.0)
    for ink, width in ((QColor(tokens.panel), 3.0), (QColor(tokens.text), 1.2)):
        painter.setPen(QPen(ink, width))
        painter.drawEllipse(middle, radius_px, radius_px)
        painter.drawLine(middle - QPointF(arm, 0), middle + QPointF(arm, 0))
        if not takes:
            painter.drawLine(middle - QPointF(0, arm), middle + QPointF(0, arm))
    painter.end()
    return QCursor(picture)
