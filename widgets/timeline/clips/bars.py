"""Clips as bars with names along the top of their lanes, and edges down to the bottom.

Only the source has bars: the result is made of other pieces. Tracks that each play one whole file from the
start have none, unless clips are chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from engine.document.state import DocumentState
from engine.document.tracks.clip import Clip
from engine.document.tracks.clip_edits import clip_name
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.frame import Frame
from widgets.timeline.sound.lanes import Lane

PAD_PX = 5
NARROWEST_NAME_PX = 34
FILL, CHOSEN_FILL = 0.34, 0.85


@dataclass(frozen=True, slots=True, eq=False)
class LaneClips:
    """The clips of one lane, the bottom layer first.

    Attributes
    ----------
    starts, stops : source positions, int64, shape (n,)
    """

    clips: tuple[Clip, ...]
    names: tuple[str, ...]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ShownClips:
    """The clips of all lanes, in their order, and which are chosen; no lanes where bars are not shown."""

    lanes: tuple[LaneClips, ...] = ()
    chosen: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        state: DocumentState,
        chosen: frozenset[str],
        *,
        is_source: bool,
        missing: frozenset[str] = frozenset(),
    ) -> ShownClips:
        """Return the clips to show of a document.

        Parameters
        ----------
        is_source : whether the source is shown and not the result
        missing : ids of sources without a file; their clips are marked
        """
        plain = all(state.is_one_source(track) and not track.start_samples for track in state.tracks)
        if not is_source or (plain and not chosen):
            return NO_CLIPS
        return cls(tuple(_lane(state, track.clips, missing) for track in state.tracks), chosen)


NO_CLIPS = ShownClips()


def _lane(state: DocumentState, clips: tuple[Clip, ...], missing: frozenset[str]) -> LaneClips:
    edges = np.array([(one.start_samples, one.stop_samples) for one in clips], np.int64).reshape(-1, 2)
    names = (
        f"{clip_name(state, one)} – missing" if one.source_id in missing else clip_name(state, one)
        for one in clips
    )
    return LaneClips(clips, tuple(names), edges[:, 0], edges[:, 1])


@dataclass(frozen=True, slots=True)
class Bar:
    """A visible clip, in logical pixels.

    Attributes
    ----------
    area : its bar, which a drag takes hold of
    lane_bottom : where its edges end
    """

    clip: Clip
    name: str
    area: QRectF
    lane_bottom: float


def bars(frame: Frame, shown: ShownClips) -> Iterator[Bar]:
    """Yield the visible bars, lane by lane, the upper layers last."""
    layout = frame.layout
    for number, lane in enumerate(shown.lanes):
        top, bottom = layout.lane_tops[number : number + 2]
        if not layout.has_bars(top, bottom) or bottom <= layout.lanes_top or top >= layout.height:
            continue
        lefts, rights = frame.viewport.xs_at(lane.starts), frame.viewport.xs_at(lane.stops)
        for place in np.flatnonzero((rights > 0) & (lefts < layout.width)).tolist():
            left, right = frame.snapped(float(lefts[place])), frame.snapped(float(rights[place]))
            area = QRectF(left, top, max(right - left, 1.0), layout.bars)
            yield Bar(lane.clips[place], lane.names[place], area, bottom - frame.hairline)


def bar_at(frame: Frame, shown: ShownClips, at: QPointF) -> Bar | None:
    """Return the bar under the mouse, the uppermost of several."""
    if at.y() < frame.layout.lanes_top:
        return None
    slack = theme.px(3)  # of a bar narrower than the mouse is sure
    found = [
        one
        for one in bars(frame, shown)
        if one.area.top() <= at.y() < one.area.bottom()
        and one.area.left() - slack <= at.x() <= one.area.right() + slack
    ]
    inside = [one for one in found if one.area.left() <= at.x() <= one.area.right()]
    best = inside or found
    return best[-1] if best else None


def paint_clips(painter: QPainter, frame: Frame, shown: ShownClips, lanes: tuple[Lane, ...]) -> None:
    """Draw bars, names, edges, and the slopes of fades."""
    if not shown.lanes or len(shown.lanes) != len(lanes):
        return
    painter.save()
    below = QRectF(0, frame.layout.lanes_top, frame.layout.width, frame.layout.height)
    painter.setClipRect(below, Qt.ClipOperation.IntersectClip)  # of parts that are redrawn, no more
    colors = dict(zip(frame.layout.lane_tops, (lane.color for lane in lanes), strict=False))
    for bar in bars(frame, shown):
        color = colors[round(bar.area.top())]
        paint_bar(painter, frame, bar, color, is_chosen=bar.clip.id in shown.chosen)
    painter.restore()


@dataclass(frozen=True, slots=True)
class _Inks:
    """Colours of the bars of one track."""

    ground: QColor
    edge: QColor
    text: QColor


@lru_cache(maxsize=64)
def _inks(tokens: Theme, color: str, is_chosen: bool) -> _Inks:
    ground = theme.mix(tokens.bg, color or tokens.text, CHOSEN_FILL if is_chosen else FILL)
    is_dark = theme.contrast(tokens.bg, ground.name()) > theme.contrast(tokens.text, ground.name())
    edge = theme.color(color or tokens.text, 1.0 if is_chosen else 0.7)
    return _Inks(ground, edge, theme.color(tokens.bg if is_dark else tokens.text))


def paint_bar(painter: QPainter, frame: Frame, bar: Bar, color: str, *, is_chosen: bool) -> None:
    """Draw one clip."""
    area, inks = bar.area, _inks(frame.theme, color, is_chosen)
    painter.fillRect(area, inks.ground)
    for x in (area.left(), area.right() - frame.hairline):
        painter.fillRect(frame.vertical(x, area.top(), bar.lane_bottom, 2 if is_chosen else 1), inks.edge)
    if not bar.clip.is_plain:
        _paint_fades(painter, frame, bar, inks.edge)
    left, right = max(area.left(), 0.0) + theme.px(PAD_PX), min(area.right(), frame.layout.width)
    room = right - theme.px(PAD_PX) - left
    if room >= theme.px(NARROWEST_NAME_PX):
        font = theme.ui_font(theme.TEXT_SMALL)
        text = _elided(f"{bar.name}  locked" if bar.clip.is_locked else bar.name, int(room), font.key())
        painter.setFont(font)
        painter.setPen(inks.text)
        words = QRectF(left, area.top(), room, area.height())
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), text)


@lru_cache(maxsize=4_096)
def _elided(text: str, room_px: int, font_key: str) -> str:  # noqa: ARG001 - the font changes with the text size
    metrics = QFontMetricsF(theme.ui_font(theme.TEXT_SMALL))
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, room_px)


def _paint_fades(painter: QPainter, frame: Frame, bar: Bar, color: QColor) -> None:
    clip, top = bar.clip, bar.area.bottom()
    painter.setPen(QPen(color, max(1.0, frame.hairline)))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    opaque = [frame.viewport.x_at(edge) for edge in clip.opaque]
    ends = [frame.viewport.x_at(edge) for edge in (clip.start_samples, clip.stop_samples)]
    for inner, outer, length in zip(opaque, ends, (clip.fade_in_samples, clip.fade_out_samples), strict=True):
        if length and abs(inner - outer) >= 2.0:
            painter.drawLine(QPointF(outer, bar.lane_bottom), QPointF(inner, top))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(Qt.PenStyle.NoPen)
