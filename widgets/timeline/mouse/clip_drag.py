"""Presses on clips and takes.

On the bar of a clip, a click chooses it, and a drag moves the chosen clips or trims an edge. On a take, below
its bar, a click chooses the take, and a drag selects a part of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from engine.core.timebase import format_time
from engine.document.edits.moved_along import following, of_move, of_trim
from engine.document.settings import Ripple
from engine.document.tracks import Clip, source_length_samples
from widgets import theme
from widgets.timeline.clip_bars import Bar, bar_at, bars, paint_bar
from widgets.timeline.edits.selected import Choice
from widgets.timeline.edits.selection import SelectSpan
from widgets.timeline.frame import TAKE, Frame, paint_readout
from widgets.timeline.mouse.surface import Drag, Surface
from widgets.timeline.ruler import RulerMode, labelled_times_of_day


def take_at(canvas: Surface, at: QPointF) -> Bar | None:
    """Return the clip of a take under the mouse, the uppermost of several."""
    if at.y() < canvas.frame.layout.lanes_top:
        return None
    found = [
        one
        for one in bars(canvas.frame, canvas.shown.clips)
        if one.is_take
        and one.area.top() <= at.y() < one.area.top() + theme.px(TAKE)
        and one.area.left() <= at.x() <= one.area.right()
    ]
    return found[-1] if found else None


class SelectTake(SelectSpan):
    """Selects a span as in a lane, and chooses the take that was pressed.

    Parameters
    ----------
    plays : whether the track plays the selected part of the take on release
    """

    def __init__(self, canvas: Surface, bar: Bar, at: QPointF, *, plays: bool) -> None:
        super().__init__(canvas, at)
        self._bar, self._plays = bar, plays

    def _choose_place(self, source_samples: int | None) -> bool:
        """Leave the choice to the take, whichever clip covers it."""
        return source_samples is None  # a click drops the span

    def release(self, at: QPointF) -> None:
        super().release(at)
        span = self._canvas.selection.span
        self._canvas.clip_chosen.emit(self._bar.clip.id, Choice.ALONE)
        if self._plays and self._moved and span is not None:
            self._canvas.take_played.emit(self._bar.clip.id, span)


LEAST_PX, GRIP_PX, NARROWEST_PX, REACH_PX = 4, 6, 18, 8


def clip_at(canvas: Surface, at: QPointF) -> Bar | None:
    """Return the clip whose bar is under the mouse."""
    return bar_at(canvas.frame, canvas.shown.clips, at)


def clip_edge_at(canvas: Surface, at: QPointF) -> int | None:
    """Return which edge of a clip is under the mouse, 0 the left and 1 the right; None inside its bar."""
    bar = clip_at(canvas, at)
    if bar is None or bar.clip.is_locked or bar.area.width() < theme.px(NARROWEST_PX):
        return None
    far = [abs(at.x() - x) for x in (bar.area.left(), bar.area.right())]
    return int(far[1] < far[0]) if min(far) <= theme.px(GRIP_PX) else None


def clip_tip(canvas: Surface, bar: Bar) -> str:
    """Return the tooltip of a clip."""
    rate_hz, clip = canvas.viewport.rate_hz, bar.clip
    start, stop, offset = (
        format_time(at / rate_hz) for at in (clip.start_samples, clip.stop_samples, clip.offset_samples)
    )
    lines = [bar.name, f"{start} – {stop}", f"from {offset} of {canvas.state.sources[clip.source_id].path}"]
    return "\n".join([*lines, "Locked"] if clip.is_locked else lines)


def press_on_clip(canvas: Surface, at: QPointF, choice: Choice) -> MoveClips | TrimClip | None:
    """Start the drag of a clip; None without one there.

    Parameters
    ----------
    choice : whether the clip is selected alone, or joins the selected ones
    """
    bar, edge = clip_at(canvas, at), clip_edge_at(canvas, at)
    if bar is None:
        return None
    if edge is not None and choice is Choice.ALONE:
        return TrimClip(canvas, bar, edge, at)
    return MoveClips(canvas, bar, at, choice)


class MoveClips(Drag):
    """Chooses a clip; when dragged, moves all chosen ones by the same distance.

    The dragged clip snaps with either edge: to other clips, markers, the playhead, labelled times of day and
    the grid. Clips of one track can be taken to another. With ripple, later clips follow, but not to another
    track.
    """

    def __init__(self, canvas: Surface, bar: Bar, at: QPointF, choice: Choice) -> None:
        self._canvas, self._bar, self._pressed, self._choice = canvas, bar, at, choice
        adds = choice is not Choice.ALONE
        chosen = canvas.shown.clips.chosen
        moving = chosen | {bar.clip.id} if adds or bar.clip.id in chosen else {bar.clip.id}
        clips = [clip for track in canvas.state.tracks for clip in track.clips]
        self._moving = [clip for clip in clips if clip.id in moving]
        self._by, self._moved, self._lane = 0, False, self._own_lane
        self._places = _places(canvas, {*moving, *self._following(1)})
        self._lanes = {
            number
            for number, track in enumerate(canvas.state.tracks)
            if any(clip.id in moving for clip in track.clips)
        }

    @property
    def _own_lane(self) -> int:
        tracks = self._canvas.state.tracks
        return next(number for number, track in enumerate(tracks) if self._bar.clip in track.clips)

    def _following(self, by: int) -> Mapping[str, int]:
        """Return how far each clip moves that follows."""
        if self._lane != self._own_lane:
            return {}
        keys = {clip.id for clip in self._moving}
        return following(self._canvas.state, keys, self._canvas.ripple, of_move(keys, by)) or {}

    def move(self, at: QPointF) -> None:
        self._moved |= (at - self._pressed).manhattanLength() >= theme.px(LEAST_PX)
        lane = self._canvas.frame.layout.lane_at(at.y())
        self._lane = self._own_lane if lane is None or len(self._lanes) > 1 else lane
        if not self._moved or any(clip.is_locked for clip in self._moving):
            return
        canvas, clip = self._canvas, self._bar.clip
        by = round((at.x() - self._pressed.x()) * canvas.viewport.samples_per_px)
        by = snapped(canvas, self._places, (clip.start_samples + by, clip.stop_samples + by), by)
        self._by = max(by, -min(one.start_samples for one in self._moving))

    def release(self, at: QPointF) -> None:
        self.move(at)
        canvas, clip = self._canvas, self._bar.clip
        if not self._moved:
            canvas.clip_chosen.emit(clip.id, self._choice)
            if self._choice is Choice.ALONE:
                position = canvas.source_at(at.x())
                canvas.seek(position, canvas.viewport.sample_at(at.x()))
            return
        if clip.id not in canvas.shown.clips.chosen:
            canvas.clip_chosen.emit(clip.id, self._choice)
        locked = [one for one in self._moving if one.is_locked]
        to = canvas.state.tracks[self._lane].id if self._lane != self._own_lane else ""
        if self._by or locked or to:  # what is locked says so
            canvas.clips_dragged.emit([one.id for one in self._moving], self._by, to)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        if not self._moved:
            return
        _paint_ghosts(painter, frame, self._canvas, self._following(self._by))
        lane = None if self._lane == self._own_lane else self._lane
        moves = {clip.id: self._by for clip in self._moving}
        _paint_ghosts(painter, frame, self._canvas, moves, is_chosen=True, lane=lane)
        start = self._bar.clip.start_samples + self._by
        text = f"{_shown(self._canvas, start)}  {self._by / frame.viewport.rate_hz:+.3f} s".replace("-", "−")
        paint_readout(painter, frame, frame.viewport.x_at(start), frame.layout.lanes_top, text)


class TrimClip(Drag):
    """Moves one edge of a clip within its source; the sound stays where it is."""

    def __init__(self, canvas: Surface, bar: Bar, edge: int, at: QPointF) -> None:
        self._canvas, self._bar, self._edge, self._pressed = canvas, bar, edge, at
        clip, state = bar.clip, canvas.state
        length = source_length_samples(state.sources[clip.source_id], state.rate_hz)
        self._ripples = canvas.ripple is not Ripple.OFF  # then the clip begins where it did
        first, last = clip.shift_samples, clip.shift_samples + length
        first = first if self._ripples else max(first, 0)
        self._limits = (first, clip.stop_samples - 1) if edge == 0 else (clip.start_samples + 1, last)
        self._places = _places(canvas, {clip.id, *self._following(clip.length_samples + 1)})
        self._at = self._before

    @property
    def _before(self) -> int:
        clip = self._bar.clip
        return clip.start_samples if self._edge == 0 else clip.stop_samples

    def move(self, at: QPointF) -> None:
        canvas, before = self._canvas, self._before
        by = round((at.x() - self._pressed.x()) * canvas.viewport.samples_per_px)
        by = snapped(canvas, self._places, (before + by,), by) if by else 0
        self._at = min(max(before + by, self._limits[0]), self._limits[1])

    def release(self, at: QPointF) -> None:
        self.move(at)
        clip = self._bar.clip
        if self._at == self._before:
            self._canvas.clip_chosen.emit(clip.id, Choice.ALONE)
            return
        self._canvas.clip_trimmed.emit(clip.id, *self._edges)

    def _following(self, length: int) -> Mapping[str, int]:
        """Return how far each clip moves that follows when the clip is so long."""
        canvas, clip = self._canvas, self._bar.clip
        return following(canvas.state, [clip.id], canvas.ripple, of_trim(clip, length)) or {}

    @property
    def _edges(self) -> tuple[int, int]:
        clip = self._bar.clip
        return (self._at, clip.stop_samples) if self._edge == 0 else (clip.start_samples, self._at)

    def paint(self, painter: QPainter, frame: Frame) -> None:
        x, clip, (start, stop) = frame.viewport.x_at(self._at), self._bar.clip, self._edges
        if self._ripples:
            start, stop = clip.start_samples, clip.start_samples + stop - start
            _paint_ghosts(painter, frame, self._canvas, self._following(stop - start))
        left, right = frame.viewport.x_at(start), frame.viewport.x_at(stop)
        area = QRectF(left, self._bar.area.top(), right - left, self._bar.area.height())
        clip = replace(clip, fade_in_samples=0, fade_out_samples=0)
        bar = replace(self._bar, clip=clip, area=area)
        paint_bar(painter, frame, bar, frame.theme.undecided, is_chosen=True)
        moved = (self._at - self._before) / frame.viewport.rate_hz
        text = f"{_shown(self._canvas, self._at)}  {moved:+.3f} s".replace("-", "−")
        paint_readout(painter, frame, x, frame.layout.lanes_top, text)


def _shown(canvas: Surface, samples: int) -> str:
    """Return a position as the ruler counts."""
    return canvas.time_of_day(samples) or format_time(samples / canvas.viewport.rate_hz)


def _paint_ghosts(
    painter: QPainter,
    frame: Frame,
    canvas: Surface,
    moves: Mapping[str, int],
    *,
    is_chosen: bool = False,
    lane: int | None = None,
) -> None:
    """Draw clips at their new positions.

    Parameters
    ----------
    moves : distance of each in samples, by id
    lane : number of the lane that they are taken to; None for their own
    """
    layout, ink = frame.layout, frame.theme.undecided
    painter.save()
    painter.setClipRect(QRectF(0, layout.lanes_top, layout.width, layout.height))
    for bar in bars(frame, canvas.shown.clips):
        if bar.clip.id not in moves:
            continue
        down = 0 if lane is None else layout.lane_tops[lane] - round(bar.area.top())
        bottom = layout.sound_bottom(lane) if lane is not None and down else bar.lane_bottom
        area = bar.area.translated(moves[bar.clip.id] / frame.viewport.samples_per_px, down)
        if is_chosen:
            whole = QRectF(area.left(), area.top(), area.width(), bottom - area.top())
            painter.fillRect(whole, theme.color(ink, 0.14))
        plain = replace(bar.clip, fade_in_samples=0, fade_out_samples=0)
        ghost = replace(bar, clip=plain, area=area, lane_bottom=bottom)
        paint_bar(painter, frame, ghost, ink, is_chosen=is_chosen)
    painter.restore()


def _places(canvas: Surface, moving: Collection[str]) -> np.ndarray:
    """Return the positions that clips snap to, ascending, without the grid."""
    others: Sequence[Clip] = [
        clip for track in canvas.state.tracks for clip in track.clips if clip.id not in moving
    ]
    edges = [edge for clip in others for edge in (clip.start_samples, clip.stop_samples)]
    marks = [edge for one in canvas.state.markers.values() for edge in (one.start_samples, one.stop_samples)]
    is_of_day = canvas.shown.ruler_mode is RulerMode.OF_DAY
    ticks = labelled_times_of_day(canvas.frame, canvas.shown.clock) if is_of_day else ()
    times = np.rint(ticks).astype(np.int64)
    return np.unique(np.array([0, canvas.playhead, *edges, *marks, *times[times >= 0]], np.int64))


def snapped(canvas: Surface, places: np.ndarray, edges: tuple[int, ...], by: int) -> int:
    """Return a distance changed so that one of the moved edges falls onto a near place, or onto the grid."""
    canvas.snapping.at = None
    if canvas.snapping.is_on == canvas.snapping.is_inverted:
        return by
    after = [int(np.searchsorted(places, edge)) for edge in edges]
    around = zip(edges, (places[max(place - 1, 0) : place + 1] for place in after), strict=True)
    near = min((int(place) - edge for edge, some in around for place in some), key=abs, default=None)
    reach = theme.px(REACH_PX) * canvas.viewport.samples_per_px
    if near is not None and abs(near) <= reach:
        canvas.snapping.at = next(edge + near for edge in edges if edge + near in places)
        return by + near
    for edge in edges:
        x = canvas.x_of(edge)
        line = canvas.snapping.line_near(x, canvas.shown.beats, canvas.viewport)
        if line is not None:
            return by + canvas.times.to_source(line) - edge
    return by
