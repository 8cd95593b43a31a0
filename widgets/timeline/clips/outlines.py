"""Outlines of the selected clips over their lanes, also where clips have no bars."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from engine.document.state import DocumentState
from widgets import theme
from widgets.timeline.frame import Frame

TINT, WIDTH_PX = 0.06, 2


@dataclass(frozen=True, slots=True)
class Outlined:
    """A selected clip: the number of its lane, and its span in source positions."""

    lane: int
    start_samples: int
    stop_samples: int


def outlined(state: DocumentState, chosen: Collection[str]) -> tuple[Outlined, ...]:
    """Return the clips with these ids, lane by lane."""
    return tuple(
        Outlined(lane, clip.start_samples, clip.stop_samples)
        for lane, track in enumerate(state.tracks)
        for clip in track.clips
        if clip.id in chosen
    )


def paint_outlines(painter: QPainter, frame: Frame, clips: Sequence[Outlined]) -> None:
    """Draw a frame around each clip, inside of its lane, with a light tint."""
    layout, view = frame.layout, frame.viewport
    ink, tint = theme.color(frame.theme.text), theme.color(frame.theme.text, TINT)
    width = theme.px(WIDTH_PX)
    for clip in clips:
        top = max(layout.lane_tops[clip.lane], layout.lanes_top)
        bottom = min(layout.sound_bottom(clip.lane), layout.lanes_bottom)
        left = frame.snapped(max(view.x_at(clip.start_samples), -width))
        right = frame.snapped(min(view.x_at(clip.stop_samples), layout.width + width))
        if bottom <= top or right < 0 or left > layout.width:
            continue
        area = QRectF(left, top, max(right - left, width), bottom - top)
        painter.fillRect(area, tint)
        for edge in (
            QRectF(area.left(), top, area.width(), width),
            QRectF(area.left(), bottom - width, area.width(), width),
            QRectF(area.left(), top, width, area.height()),
            QRectF(area.right() - width, top, width, area.height()),
        ):
            painter.fillRect(edge, ink)
