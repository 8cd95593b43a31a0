"""Crossfade handles of the current edit: drawn at the bottom of its edges, and draggable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from engine.document.by_hand import fade_ms_of
from engine.document.kinds import KINDS
from widgets import theme
from widgets.timeline.edits.drag_label import paint_drag_label
from widgets.timeline.frame import Frame, Layout
from widgets.timeline.mouse.surface import Surface

HANDLE_PX, APART_PX, RAMP_PX = 8, 11, 22
COARSEST_MS_PER_PX = 1.0
"""At low zoom, with the handles next to the fade and not at its ends, a drag still reaches every length."""


@dataclass(frozen=True, slots=True)
class Fade:
    """The crossfade of the current edit as it is drawn.

    Attributes
    ----------
    edges : positions of the edges in logical pixels; equal at a seam
    foot : height of its handles
    px_per_ms : pixels per millisecond on one side of an edge: half of the crossfade
    longest_ms : that its kind and its span allow
    """

    proposal_id: str
    edges: tuple[float, float]
    foot: float
    fade_ms: float
    px_per_ms: float
    longest_ms: float

    @property
    def reach_px(self) -> float:
        """Half width of the crossfade at an edge."""
        return self.fade_ms * self.px_per_ms

    @property
    def handles(self) -> tuple[QPointF, QPointF]:
        """Positions of the handles: at start and end of the fade, next to the grips of the edges."""
        apart = max(self.reach_px, theme.px(APART_PX))
        return QPointF(self.edges[0] - apart, self.foot), QPointF(self.edges[1] + apart, self.foot)

    @property
    def area_px(self) -> tuple[int, int]:
        """Drawn span in logical pixels."""
        left, right = (handle.x() for handle in self.handles)
        beside = theme.px(2 * HANDLE_PX) + max(self.edges[0] - self.edges[1], 0.0)
        return floor(left - beside), ceil(right + beside)


def fade_of(canvas: Surface) -> Fade | None:
    """Return the crossfade of the current edit; None without one, or if its lanes are out of view."""
    state, view, here = canvas.state, canvas.viewport, canvas.shown.current
    proposal = None if here is None else state.proposals.get(here)
    if here is None or proposal is None or not view.rate_hz:
        return None
    kind, fade_ms = KINDS.get(proposal.kind), fade_ms_of(state, here)
    foot = _foot(canvas.frame.layout, [track.id for track in state.tracks], proposal.tracks)
    if kind is None or kind.fade is None or fade_ms is None or foot is None:
        return None
    start, stop = state.span(here)
    ms_samples = view.rate_hz / 1000
    longest_ms = min(kind.fade.highest, (stop - start) / ms_samples)
    edges = canvas.x_of(start, proposal.tracks), canvas.x_of(stop, proposal.tracks)
    return Fade(here, edges, foot, fade_ms, ms_samples / view.samples_per_px / 2, longest_ms)


def _foot(layout: Layout, lanes: list[str], tracks: tuple[str, ...]) -> float | None:
    """Return the height of the handles: inside of the lowest lane in view that the edit is about."""
    above = theme.px(HANDLE_PX)
    for number in range(len(lanes) - 1, -1, -1):
        top, bottom = layout.lane_tops[number], min(layout.sound_bottom(number), layout.height)
        if (not tracks or lanes[number] in tracks) and bottom - max(top, layout.lanes_top) > 3 * above:
            return bottom - above
    return None


def handle_at(canvas: Surface, at: QPointF) -> int | None:
    """Return which handle is under the mouse: 0 the left, 1 the right, or None."""
    found = fade_of(canvas)
    for side, handle in enumerate(() if found is None else found.handles):
        near = theme.px(HANDLE_PX) * 0.75
        if abs(at.x() - handle.x()) <= near and abs(at.y() - handle.y()) <= near:
            return side
    return None


def fade_tip(fade: Fade) -> str:
    """Return the tooltip of a handle."""
    return f"Crossfade {fade.fade_ms:g} ms; drag to change it"


def paint_fade(painter: QPainter, frame: Frame, fade: Fade) -> None:
    """Draw the handles, and the ramps if they are wide enough."""
    layout = frame.layout
    if fade.edges[1] < -layout.width or fade.edges[0] > 2 * layout.width:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink, ground = theme.color(frame.theme.text), theme.color(frame.theme.bg)
    size, reach = theme.px(HANDLE_PX), fade.reach_px
    for side, handle in enumerate(fade.handles):
        edge = fade.edges[side]
        for pen in (QPen(ground, theme.px(3)), QPen(ink, theme.px(13) / 10)):  # told from waves of any colour
            painter.setPen(pen)
            painter.drawLine(QLineF(handle.x(), fade.foot, edge, fade.foot))
            if reach >= 2:
                outer, inner = (edge - reach, edge + reach) if side == 0 else (edge + reach, edge - reach)
                painter.drawLine(QLineF(outer, fade.foot - theme.px(RAMP_PX), inner, fade.foot))
    painter.setPen(QPen(ground, theme.px(13) / 10))
    painter.setBrush(ink)
    for handle in fade.handles:
        box = QRectF(handle.x() - size / 2, handle.y() - size / 2, size, size)
        painter.drawRect(box)
    painter.restore()


class MoveFade:
    """Lengthens the crossfade of the current edit outwards, shortens it inwards; emitted on release."""

    def __init__(self, canvas: Surface, fade: Fade, side: int, at: QPointF) -> None:
        self._canvas = canvas
        self._before = self._fade = fade
        self._way = -1 if side == 0 else 1
        self._pressed_px = at.x()
        self._ms_per_px = 1 / fade.px_per_ms
        if fade.reach_px < theme.px(APART_PX):
            self._ms_per_px = min(self._ms_per_px, COARSEST_MS_PER_PX)

    def move(self, at: QPointF) -> None:
        outwards_px = (at.x() - self._pressed_px) * self._way
        wished_ms = self._before.fade_ms + outwards_px * self._ms_per_px
        decimals = 1 if self._ms_per_px < 0.2 else 0
        fade_ms = self._before.fade_ms if not outwards_px else round(wished_ms, decimals)
        self._fade = replace(self._before, fade_ms=min(max(fade_ms, 0.0), self._before.longest_ms))

    def release(self, at: QPointF) -> None:
        self.move(at)
        if self._fade.fade_ms != self._before.fade_ms:
            self._canvas.fade_dragged.emit(self._before.proposal_id, self._fade.fade_ms)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        paint_fade(painter, frame, self._fade)
        x = self._fade.handles[(self._way + 1) // 2].x()
        paint_drag_label(painter, frame, x, f"Crossfade {self._fade.fade_ms:g} ms")
