"""Vertical zoom of waveforms, for display only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from widgets import theme
from widgets.timeline.frame import COLLAPSED, Frame
from widgets.timeline.sound.lanes import Lane

STEP, LARGEST = 2.0, 64.0
NO_ZOOMS: Mapping[str, float] = MappingProxyType({})
_TEXT_PX, _INDENT_PX = 11, 6


def zoomed(zooms: Mapping[str, float], tracks: Collection[str], factor: float) -> dict[str, float]:
    """Return the zoom of each track, by id, once some are drawn higher by a factor; 1 stands for itself."""
    made = dict(zooms)
    for track in tracks:
        zoom = min(max(made.get(track, 1.0) * factor, 1.0), LARGEST)
        # a wheel goes half a step at a time, which rounding must not wear off
        made[track] = float(round(zoom)) if abs(zoom - round(zoom)) < 0.01 else zoom
    return {track: zoom for track, zoom in made.items() if zoom != 1.0}


def zoom_text(zoom: float) -> str:
    """Format a zoom such as "×4" or "×2.8"."""
    return f"×{zoom:.1f}".removesuffix(".0")


def paint_zooms(painter: QPainter, frame: Frame, lanes: tuple[Lane, ...], pictured: Collection[str]) -> None:
    """Mark the lanes that are drawn higher, at their foot; spectrograms are not.

    Parameters
    ----------
    pictured : ids of the tracks that are shown as spectrograms
    """
    layout = frame.layout
    painter.setFont(theme.mono_font(_TEXT_PX))
    for number, lane in enumerate(lanes):
        top, bottom = max(layout.lane_tops[number], layout.lanes_top), layout.sound_bottom(number)
        is_low = bottom - top < theme.px(COLLAPSED)
        if lane.zoom == 1.0 or lane.track_id in pictured or is_low or top > layout.height:
            continue
        text, height = zoom_text(lane.zoom), theme.px(_TEXT_PX + 5)
        width = painter.fontMetrics().horizontalAdvance(text) + theme.px(8)
        box = QRectF(theme.px(_INDENT_PX), min(bottom, layout.height) - height - theme.px(5), width, height)
        painter.fillRect(box, theme.color(frame.theme.panel2))
        painter.setPen(theme.color(frame.theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
