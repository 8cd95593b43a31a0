"""Clips as bars with names along the top of their lanes and takes, and edges down to the bottom.

Only the source has bars: the result is made of other pieces. Tracks that each play one whole file from the
start have none, unless the keys of clips are active or a file is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QStaticText

from engine.document.edits.clips import clip_name
from engine.document.edits.takes import playing_spans, take_tracks
from engine.document.state import DocumentState
from engine.document.tracks import Clip, Track
from engine.sound.edl.build import played_tracks
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.frame import TAKE, Frame
from widgets.timeline.sound.lanes import Lane

PAD_PX = 5
NARROWEST_NAME_PX = 34
FILL, CHOSEN_FILL = 0.34, 0.85
DIMMED = 0.62


@dataclass(frozen=True, slots=True, eq=False)
class LaneClips:
    """The clips of one lane, or of one of its takes, the bottom layer first.

    Attributes
    ----------
    starts, stops : source positions, int64, shape (n,)
    named : the span of each clip that its name is written in, int64, shape (n, 2)
    missing : ids of sources without a file
    takes : the same of each take of the track
    playing : of a take, the spans in which the track plays it, int64, shape (m, 2)
    """

    clips: tuple[Clip, ...]
    names: tuple[str, ...]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    named: NDArray[np.int64]
    missing: frozenset[str] = frozenset()
    takes: tuple[LaneClips, ...] = ()
    playing: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))


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
        is_barred: bool = False,
        missing: frozenset[str] = frozenset(),
    ) -> ShownClips:
        """Return the clips to show of a document.

        Parameters
        ----------
        is_source : whether the source is shown and not the result
        is_barred : whether bars are shown also where every track is one whole file
        missing : ids of sources without a file; their clips are marked
        """
        plain = all(state.is_one_source(track) and not track.start_samples for track in state.tracks)
        is_barred |= not missing.isdisjoint(state.sources)
        if not is_source or (plain and not is_barred):
            return NO_CLIPS
        pairs = zip(state.tracks, played_tracks(state), strict=True)
        return cls(tuple(_lane_of(state, track, played.clips, missing) for track, played in pairs), chosen)


NO_CLIPS = ShownClips()


def _lane_of(
    state: DocumentState, track: Track, played: tuple[Clip, ...], missing: frozenset[str]
) -> LaneClips:
    """Return the clips of a track and of each of its takes, and where they play."""
    playing = playing_spans(track.clips, played)
    takes = []
    for take in take_tracks(state, track):
        spans = sorted(span for clip in take.clips for span in playing.get(clip.id, ()))
        takes.append(replace(_lane(state, take.clips, missing), playing=_spans(spans)))
    nowhere = [(0, 0)]
    named = [max(playing.get(clip.id, nowhere), key=lambda span: span[1] - span[0]) for clip in track.clips]
    return replace(_lane(state, track.clips, missing), named=_spans(named), takes=tuple(takes))


def _lane(state: DocumentState, clips: tuple[Clip, ...], missing: frozenset[str]) -> LaneClips:
    edges = _spans([(one.start_samples, one.stop_samples) for one in clips])
    ends = (" – missing" if one.source_id in missing else "" for one in clips)
    names = tuple(f"{clip_name(state, one)}{end}" for one, end in zip(clips, ends, strict=True))
    return LaneClips(clips, names, edges[:, 0], edges[:, 1], edges, missing)


def _spans(spans: list[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array(spans, np.int64).reshape(-1, 2)


@dataclass(frozen=True, slots=True)
class Bar:
    """A visible clip, in logical pixels.

    Attributes
    ----------
    area : its bar, which a drag takes hold of
    named : pixels of the bar, from its left edge, between which the name is written
    lane_bottom : where its edges end
    lane : number of the lane of its track
    is_take : whether it is under the lane, as a take
    is_missing : whether its file was not found
    """

    clip: Clip
    name: str
    area: QRectF
    named: tuple[float, float]
    lane_bottom: float
    lane: int
    is_take: bool = False
    is_missing: bool = False


def bars(frame: Frame, shown: ShownClips) -> Iterator[Bar]:
    """Yield the visible bars, lane by lane with the takes under it, the upper layers last."""
    layout = frame.layout
    for number, lane in enumerate(shown.lanes):
        top, bottom = layout.lane_tops[number], layout.sound_bottom(number)
        if layout.has_bars(top, bottom):
            yield from _bars_between(frame, lane, (top, bottom), number)
    for number, row, top in take_rows(frame, shown):
        yield from _bars_between(frame, row, (top, top + theme.px(TAKE)), number, is_take=True)


def take_rows(frame: Frame, shown: ShownClips) -> Iterator[tuple[int, LaneClips, int]]:
    """Yield the unfolded takes in view: the number of the lane, the clips, and the top."""
    layout = frame.layout
    for number, lane in enumerate(shown.lanes):
        for row, top in zip(lane.takes, layout.take_tops(number), strict=False):
            if top + theme.px(TAKE) > layout.lanes_top and top < layout.height:
                yield number, row, top


def _bars_between(
    frame: Frame, lane: LaneClips, rows: tuple[int, int], number: int, *, is_take: bool = False
) -> Iterator[Bar]:
    """Yield the visible bars of a lane, or of a take, between two heights."""
    layout, (top, bottom) = frame.layout, rows
    if bottom <= layout.lanes_top or top >= layout.height:
        return
    lefts, rights = frame.viewport.xs_at(lane.starts), frame.viewport.xs_at(lane.stops)
    seen = np.flatnonzero((rights > 0) & (lefts < layout.width))
    named = frame.viewport.xs_at(lane.named[seen]).tolist()
    edges = zip(lefts[seen].tolist(), rights[seen].tolist(), strict=True)
    for place, (begin, end), x in zip(seen.tolist(), named, edges, strict=True):
        left, right = map(frame.snapped, x)
        area = QRectF(left, top, max(right - left, 1.0), layout.bars)
        clip, name, words = lane.clips[place], lane.names[place], (begin - left, end - left)
        is_missing = clip.source_id in lane.missing
        yield Bar(clip, name, area, words, bottom - frame.hairline, number, is_take, is_missing)


def bar_at(frame: Frame, shown: ShownClips, at: QPointF) -> Bar | None:
    """Return the bar under the mouse: of several the one whose name is there, else the uppermost."""
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
    named = [one for one in inside if one.named[0] <= at.x() - one.area.left() <= one.named[1]]
    best = named or inside or found
    return best[-1] if best else None


def paint_clips(painter: QPainter, frame: Frame, shown: ShownClips, lanes: tuple[Lane, ...]) -> None:
    """Draw bars, names, edges, and the slopes of fades."""
    if not shown.lanes or len(shown.lanes) != len(lanes):
        return
    painter.save()
    below = QRectF(0, frame.layout.lanes_top, frame.layout.width, frame.layout.height)
    painter.setClipRect(below, Qt.ClipOperation.IntersectClip)  # of parts that are redrawn, no more
    paint_take_rows(painter, frame, shown)

    def look(bar: Bar) -> tuple[int, bool, bool, bool]:
        return bar.lane, bar.is_take, bar.clip.id in shown.chosen, bar.is_missing

    for (lane, _, is_chosen, is_missing), group in groupby(bars(frame, shown), look):
        color = frame.theme.error if is_missing else lanes[lane].color
        _paint_bars(painter, frame, list(group), color, is_chosen=is_chosen)
    painter.restore()


def paint_take_rows(painter: QPainter, frame: Frame, shown: ShownClips) -> None:
    """Draw lines above the takes, and dim their covered parts."""
    ground, line = theme.color(frame.theme.bg, DIMMED), theme.color(frame.theme.line)
    for _, row, top in take_rows(frame, shown):
        left, edges = 0.0, frame.viewport.xs_at(row.playing)
        for start, stop in edges.tolist():
            painter.fillRect(_between(frame, left, start, top), ground)
            left = max(left, stop)
        painter.fillRect(_between(frame, left, frame.layout.width, top), ground)
        painter.fillRect(frame.horizontal(top - frame.hairline, 0, frame.layout.width), line)


def _between(frame: Frame, left: float, right: float, top: int) -> QRectF:
    """Return the area of a take between two logical pixels, empty outside of the view."""
    begin, end = (frame.snapped(min(max(x, 0.0), frame.layout.width)) for x in (left, right))
    return QRectF(begin, top, max(end - begin, 0.0), theme.px(TAKE))


@lru_cache(maxsize=64)
def _inks(tokens: Theme, color: str, is_chosen: bool) -> tuple[QColor, QColor, QColor]:
    """Return the colours of ground, edge and text of the bars of one track."""
    ground = theme.mix(tokens.bg, color or tokens.text, CHOSEN_FILL if is_chosen else FILL)
    is_dark = theme.contrast(tokens.bg, ground.name()) > theme.contrast(tokens.text, ground.name())
    edge = theme.color(color or tokens.text, 1.0 if is_chosen else 0.7)
    return ground, edge, theme.color(tokens.bg if is_dark else tokens.text)


def paint_bar(painter: QPainter, frame: Frame, bar: Bar, color: str, *, is_chosen: bool) -> None:
    """Draw one clip."""
    painter.save()
    _paint_bars(painter, frame, [bar], color, is_chosen=is_chosen)
    painter.restore()


def _paint_bars(painter: QPainter, frame: Frame, some: list[Bar], color: str, *, is_chosen: bool) -> None:
    """Draw clips of one lane, all grounds at once and all edges at once: a frame may show hundreds."""
    (ground, edge, text), width = _inks(frame.theme, color, is_chosen), 2 if is_chosen else 1
    edges = [
        frame.vertical(x, bar.area.top(), bar.lane_bottom, width)
        for bar in some
        for x in (bar.area.left(), bar.area.right() - frame.hairline)
    ]
    painter.setPen(Qt.PenStyle.NoPen)
    for ink, areas in ((ground, [bar.area for bar in some]), (edge, edges)):
        painter.setBrush(ink)
        painter.drawRects(areas)
    for bar in some:
        if not bar.clip.is_plain:
            _paint_fades(painter, frame, bar, edge)
    pad, narrowest = theme.px(PAD_PX), theme.px(NARROWEST_NAME_PX) + 2 * theme.px(PAD_PX)
    wide = [bar for bar in some if bar.area.width() >= narrowest]
    if wide:
        painter.setFont(theme.ui_font(theme.TEXT_SMALL))
        painter.setPen(text)
        for bar in wide:
            _write_name(painter, frame, bar, pad)


def _write_name(painter: QPainter, frame: Frame, bar: Bar, pad: int) -> None:
    """Write the name of a clip where its bar has room for it."""
    area = bar.area
    begin, end = (area.left() + x for x in bar.named)
    left, right = max(begin, 0.0) + pad, min(end, area.right(), frame.layout.width)
    room = right - pad - left
    if room >= theme.px(NARROWEST_NAME_PX):
        text = f"{bar.name}  locked" if bar.clip.is_locked else bar.name
        shown = _elided(text, int(room), painter.font().key())
        painter.drawStaticText(QPointF(left, area.center().y() - shown.size().height() / 2.0), shown)


@lru_cache(maxsize=4_096)
def _elided(text: str, room_px: int, font_key: str) -> QStaticText:  # noqa: ARG001 - it changes with the size
    """Return a name as it fits, laid out once: a frame may show hundreds."""
    font = theme.ui_font(theme.TEXT_SMALL)
    shown = QStaticText(QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room_px))
    shown.setTextFormat(Qt.TextFormat.PlainText)
    shown.prepare(font=font)
    return shown


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
