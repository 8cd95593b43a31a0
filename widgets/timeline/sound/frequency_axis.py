"""Frequencies at the left edge of a spectrogram lane, readable over any colour."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from engine.sound.pictures.spectrogram import cell_at
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.frame import Frame
from widgets.timeline.sound.spectrogram import Place, Scale, SpectrogramLook, color_tables, share_at

_BY_IMPORTANCE = (1_000, 100, 10_000, 5_000, 500, 50, 3_000, 300, 2_000, 200, 20_000, 15_000)
TEXT_PX, GAP_PX, LEFT_PX, WIDTH_PX, RIM_PX = 10, 3, 5, 40, 3
BRIGHT = 132
FROM_PX = 30
"""A row that is lower has no frequencies written in it."""


def labels(height_px: float, scale: Scale, rate_hz: int) -> list[tuple[int, float]]:
    """Return the labelled frequencies, and their distance from the top of a row, without overlap.

    The more important ones come first and take the room they need.
    """
    text_px = theme.px(TEXT_PX + GAP_PX)
    found: list[tuple[int, float]] = []
    if height_px < theme.px(FROM_PX):
        return found
    for hz in _BY_IMPORTANCE:
        y = height_px * (1.0 - float(share_at(hz, scale, rate_hz)))
        inside = text_px / 2 <= y <= height_px - text_px / 2
        if inside and all(abs(y - other) >= text_px for _, other in found):
            found.append((hz, y))
    return found


def label(hz: int) -> str:
    """Format a frequency, such as 500 or 5k."""
    return f"{hz // 1_000}k" if hz >= 1_000 else str(hz)


def paint_axis(painter: QPainter, frame: Frame, place: Place, look: SpectrogramLook) -> None:
    """Draw the frequencies of one row, in a colour with contrast to most of its cells."""
    height = (place.bottom - place.top) / frame.dpr
    inks = (frame.theme.bg, frame.theme.text)
    dark, light = inks if frame.theme.name == "dark" else inks[::-1]
    if is_bright(look, frame.theme, place.lane.audible):
        dark, light = light, dark
    rate_hz = place.source.recorded.rate_hz
    made = _axis(height, look.scale, rate_hz, (light, dark), frame.dpr, theme.text_scale())
    lowest_top = frame.layout.lanes_top
    top = place.top / frame.dpr
    hidden = max(lowest_top - top, 0.0)
    area = QRectF(0, hidden * frame.dpr, made.width(), made.height() - hidden * frame.dpr)
    painter.drawPixmap(QPointF(0, top + hidden), made, area)


@lru_cache(16)
def is_bright(look: SpectrogramLook, tokens: Theme, audible: bool) -> bool:
    """Return whether levels in the middle of the range are bright."""
    middle = np.uint32(color_tables(look, tokens, audible)[0, cell_at((look.floor_db + look.ceiling_db) / 2)])
    return bool(np.mean([middle >> shift & 0xFF for shift in (0, 8, 16)]) > BRIGHT)


@lru_cache(32)
def _axis(
    height_px: float, scale: Scale, rate_hz: int, inks: tuple[str, str], dpr: float, text_scale: float
) -> QPixmap:
    """Return the written frequencies in one ink with a rim of the other: read over dark and over bright."""
    del text_scale  # in the key only: fonts and measures follow it
    made = QPixmap(int(theme.px(WIDTH_PX) * dpr), int(np.ceil(height_px * dpr)))
    made.setDevicePixelRatio(dpr)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = theme.ui_font(TEXT_PX)
    metrics = QFontMetricsF(font)
    path = QPainterPath()
    for hz, y in labels(height_px, scale, rate_hz):
        baseline = y + metrics.capHeight() / 2
        path.addText(QPointF(theme.px(LEFT_PX), baseline), font, label(hz))
    ink, ground = inks
    rim = QPen(theme.color(ground, 0.75), theme.px(RIM_PX), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    rim.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(path, rim)
    painter.fillPath(path, theme.color(ink, 0.95))
    painter.end()
    return made
