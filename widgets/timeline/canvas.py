"""Timeline area right of the heads: cached layers, and moving parts over them.

A moving playhead copies a strip of the layers' image; only a change of content redraws it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.core.timebase import samples_to_s
from engine.document.analysis import BeatGrid, DetectedSounds, Hits, ScoreCurve, StoredCurve, StoredSections
from engine.document.settings import Ripple, TimeOfDay
from engine.document.state import DocumentState
from engine.document.tracks import Clip
from engine.features.repair.finders.requests import ShownMask
from engine.features.repair.separation.paint import Paint
from engine.sound.edl.build import played_tracks
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.clip_bars import ShownClips
from widgets.timeline.edits.arrangement import Slabs
from widgets.timeline.edits.selected import Lanes, Selected
from widgets.timeline.edits.selection import SelectSpan, edges_of, paint_selection
from widgets.timeline.edits.sentences import canvas_sentence
from widgets.timeline.edits.spans import Spans
from widgets.timeline.frame import Frame, Part, lay_out
from widgets.timeline.heads.parts import InPlaceField
from widgets.timeline.layers import Layers, ReadAhead, Shown
from widgets.timeline.marks.curve_lanes import CurveLanes
from widgets.timeline.marks.grid import NO_LINES, Beats, Snapping
from widgets.timeline.marks.hits import HitMarks
from widgets.timeline.marks.label_lanes import SectionLane, SoundLane
from widgets.timeline.marks.markers import editor_area
from widgets.timeline.marks.word_lane import WordLane
from widgets.timeline.mouse import gestures
from widgets.timeline.mouse.buttons import Mouse, pinch, wheel
from widgets.timeline.mouse.drags import MoveFade, fade_of, paint_fade
from widgets.timeline.overlays import (
    LandingLines,
    Outlined,
    outlined,
    overview_strip,
    paint_outlines,
    paint_playhead,
    playhead_strip,
)
from widgets.timeline.overview import caption_of, paint_caption, paint_window
from widgets.timeline.ruler import ClockTimes, RulerMode
from widgets.timeline.sound.brush import Brush
from widgets.timeline.sound.lanes import Lane
from widgets.timeline.sound.masks import MaskLayer
from widgets.timeline.sound.result_columns import SpectrogramColumns
from widgets.timeline.sound.spectrogram import Place, SpectrogramLook
from widgets.timeline.sound.waves import WaveSource
from widgets.timeline.time_map import TimeMap, carried_over
from widgets.timeline.viewport import Viewport

OVERVIEW_MS = 120
"""Delay after a decision until the overview is redrawn."""
_SAME_AFTER_DECISIONS = ("rate_hz", "tracks", "sources", "proposals", "markers")
"""Parts of a document that decisions do not change."""


class Canvas(QWidget):
    """Draws the lanes and everything that crosses them; turns the mouse into signals.

    `viewport`, `spans` and lanes are in view positions, the playhead and all signals in source positions.
    """

    viewport_changed = Signal(object)
    seek_requested = Signal(object, object)  # positions are objects: Qt's int ends after half a day at 48 kHz
    proposal_clicked = Signal(str)
    edge_dragged = Signal(str, object, object)
    fade_dragged = Signal(str, float)
    proposal_opened = Signal(str)
    threshold_dragged = Signal(float)
    threshold_moved = Signal(object)
    beat_dragged = Signal(int, object)
    marker_moved = Signal(str, object, object)
    marker_named = Signal(str, str)
    marker_menu_requested = Signal(str, object)
    span_selected = Signal(object, object)
    selection_dropped = Signal()
    selection_slipped = Signal(object)
    selection_moved = Signal(object)
    piece_requested = Signal(object)
    menu_requested = Signal(object, object)
    block_chosen = Signal(int)
    block_moved = Signal(int, int, bool)
    block_menu_requested = Signal(int, object)
    layout_changed = Signal(object)
    playhead_moved = Signal()
    ruler_changed = Signal()
    wave_turned = Signal(int, float)
    stroke_painted = Signal(object)
    place_chosen = Signal(str, object, bool)
    clip_chosen = Signal(str, object)
    clips_dragged = Signal(object, object, str)
    clip_trimmed = Signal(str, object, object)
    clip_menu_requested = Signal(str, object)
    take_played = Signal(str, object)
    section_menu_requested = Signal(int, object)

    def __init__(self, tokens: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Timeline")
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(theme.px(160), theme.px(200))
        self.theme = tokens
        self.state, self.viewport = DocumentState(), Viewport()
        self.times, self.shown = TimeMap(), Shown()
        self._missing: frozenset[str] = frozenset()
        self.outlook, self.snapping = "", Snapping()
        self.ripple = Ripple.OFF
        self.brush: Brush | None = None
        self.mouse = Mouse(self)
        self.grid: BeatGrid | None = None
        self._source_curve: ScoreCurve | None = None
        self._source_beats: Beats | None = None
        self._source_lines = NO_LINES
        self._hits: Hits | None = None
        self._is_before = self._has_score = False
        self._playing: tuple[tuple[Clip, ...], ...] = ()
        self.selection = Selected()
        self._outlined: tuple[Outlined, ...] = ()
        self._wanted = self.viewport, self.viewport
        self._playhead, self._scroll = 0, 0
        self._near: int | None = None
        self._faded: Part | None = None
        self._landings, self._layers = LandingLines(), Layers()
        self._overview_due = QTimer(self, singleShot=True, interval=OVERVIEW_MS)
        self._overview_due.timeout.connect(self._bring_overview_up)
        self._ahead = ReadAhead(lambda side: self._layers.read_ahead(self.frame, self.shown, side), self)
        self._layout = lay_out(1, 1, ())

    @property
    def frame(self) -> Frame:
        """Data of the next frame."""
        return Frame(self.viewport, self._layout, self.theme, self.devicePixelRatioF())

    @property
    def playhead(self) -> int:
        """Position of the playhead in source samples."""
        return self._playhead

    @property
    def playhead_in_view(self) -> int:
        """Drawn position of the playhead."""
        return self.times.to_view(self._playhead, self._near)

    @property
    def pictured(self) -> tuple[tuple[Place, ...], SpectrogramLook]:
        """The rows in which spectrograms are drawn, and how."""
        return self._layers.pictured(self.frame, self.shown.lanes)

    def source_at(self, x_px: float, tracks: Sequence[str] = ()) -> int:
        """Return the source position under a logical pixel, where some tracks play it."""
        return self.times.of_tracks(tracks).to_source(self.viewport.sample_at(x_px))

    def snapped_at(self, x_px: float, tracks: Sequence[str] = ()) -> int:
        """Return the source position of a pixel, or the nearest grid line if snapping is on."""
        line = self.snapping.line_near(x_px, self.shown.beats, self.viewport)
        return self.source_at(x_px, tracks) if line is None else self.times.of_tracks(tracks).to_source(line)

    def x_of(self, source_samples: int, tracks: Sequence[str] = ()) -> float:
        """Return the logical pixel at which a source position is drawn, on the lanes of some tracks."""
        return self.viewport.x_at(self.times.of_tracks(tracks).to_view(source_samples))

    def set_document(self, state: DocumentState, lanes: tuple[Lane, ...], times: TimeMap) -> None:
        """Show a document; `lanes` are its tracks in order. The playhead keeps its position on screen."""
        old, self.state = self.state, state
        drawn = ("rate_hz", "proposals", "decisions", "markers")
        same = all(getattr(state, name) is getattr(old, name) for name in drawn)
        before, self._playing = self._playing, tuple(one.clips for one in played_tracks(state))
        clips, old_clips = ([one.clips for one in each.tracks] for each in (state, old))
        same_clips = before == self._playing and clips == old_clips
        if same and same_clips and (lanes, times) == (self.shown.lanes, self.times):
            return  # such as a gain or a name, which only the heads show
        retimed = not times.is_laid_as(self.times)
        wanted = self._wanted_view(times.length_samples)
        viewport = carried_over(wanted, self.times, times, (self._playhead, self.playhead_in_view))
        is_source = times.edit_list is None and self.times.edit_list is None
        self.times = times
        is_answer = all(getattr(state, name) is getattr(old, name) for name in _SAME_AFTER_DECISIONS)
        if is_answer:  # it moves little, and its giver looks at the lanes
            self._layers.overview_waits = True
            self._overview_due.start()
        found: dict[str, Any] = {}
        if retimed or state.proposals is not old.proposals or state.decisions is not old.decisions:
            found |= {"spans": times.spans(Spans.of(state)), "hits": self._hit_marks()}
        if retimed or not same_clips:
            found["clips"] = self._clips()
        if retimed or state.markers is not old.markers:
            found["marks"] = times.marks(state.markers)
        if retimed:
            curve, beats = times.curve(self._source_curve), times.beats(self._source_beats)
            found |= {"curve": curve, "beats": beats, "lines": times.lines(self._source_lines)}
            found |= {"length_samples": times.length_samples, **self.shown.retimed(times)}
        if found:
            self.shown = replace(self.shown, **found)  # which parts look otherwise is asked once, below
            self._lay_out()
            self._landings.follow(self)
        self.set_lanes(lanes)
        if retimed or not is_answer:
            self._layers.forget_overview()
        self.set_viewport(viewport.recorded(times.length_samples, state.rate_hz))
        self._wanted = (wanted if is_source else self.viewport, self.viewport)
        self.setAccessibleDescription(canvas_sentence(state, self._caption()))

    def _wanted_view(self, length_samples: int) -> Viewport:
        """Return the view that the user chose, though a shorter document could not show all of it."""
        wanted, got = self._wanted
        is_other = not got.length_samples and length_samples != wanted.length_samples
        return self.viewport if self.viewport != got or is_other else wanted

    def _clips(self) -> ShownClips:
        """Return the clips to show with bars, and outline the selected ones."""
        chosen, is_source = frozenset(self.selection.clips), self.times.edit_list is None
        self._outlined = outlined(self.state, chosen) if is_source else ()
        how = {"is_source": is_source, "is_barred": self.selection.gives_keys}
        return ShownClips.of(self.state, chosen, **how, missing=self._missing)

    def set_missing(self, missing: frozenset[str]) -> None:
        """Mark the clips of these sources as missing."""
        if missing != self._missing:
            self._missing = missing
            self._show(clips=self._clips())
            self._lay_out()
            self.redraw()

    def set_lanes(self, lanes: tuple[Lane, ...]) -> None:
        """Update the appearance of the tracks; their sound is read again only after a shift."""
        before = self.shown.lanes
        if lanes == before:
            return
        self._show(lanes=lanes)
        if [lane.sound for lane in lanes] != [lane.sound for lane in before]:
            self._layers.forget_lanes()
        self._lay_out()

    def _caption(self) -> str:
        return caption_of(self.times, self.state.rate_hz, is_before=self._is_before)

    def set_waves(
        self, waves: Mapping[str, WaveSource], lanes: tuple[Lane, ...], changed: tuple[int, int] | None = None
    ) -> None:
        """Read the sound of tracks from these sources, by track id.

        Parameters
        ----------
        changed : the view span with changes; None if all may have changed
        """
        self._layers.set_waves(waves, changed)
        self._show(lanes=lanes)

    def _bring_overview_up(self) -> None:
        self._layers.bring_overview_up()
        self.update(QRect(0, 0, self.width(), self._layout.arrangement_top))

    def renew_waves(self) -> None:
        """Read the visible waveforms again: more data is available."""
        self._layers.forget_waves()
        self.update()

    def set_spectrograms(self, sources: Mapping[str, SpectrogramColumns]) -> None:
        """Show these tracks, by id, as spectrograms."""
        self._layers.set_spectrograms(sources)
        self._show()

    def set_spectrogram_look(self, look: SpectrogramLook) -> None:
        """Apply spectrogram settings."""
        self._layers.set_spectrogram_look(look)
        self.update()

    def renew_spectrograms(self) -> None:
        """Read the spectrograms again: more data is available."""
        self._layers.forget_spectrograms()
        self.update()

    def set_score(self, curve: ScoreCurve | None, threshold: float | None, is_expected: bool = False) -> None:
        """Show a score and the threshold of cuts; the lane is open for a score, or one that is expected."""
        self._source_curve, self._has_score = curve, curve is not None or is_expected
        self._show(curve=self.times.curve(curve), threshold=threshold)
        self._lay_out()

    def set_words(self, texts: Sequence[str], spans_samples: NDArray[np.int64] | None) -> None:
        """Show words under the lanes, with spans of shape (n, 2) in source positions; None for no words."""
        self._show(words=WordLane(texts, spans_samples, self.times))

    def set_sounds(self, sounds: DetectedSounds | None) -> None:
        """Show the detected sounds, or hide their lane."""
        self._show(sounds=SoundLane(sounds, self.times))
        self._lay_out()

    def set_curves(self, curves: tuple[StoredCurve, ...]) -> None:
        """Show a lane for each curve."""
        self._show(curves=CurveLanes(curves, self.times))
        self._lay_out()

    def set_sections(self, sections: StoredSections | None) -> None:
        """Show the sections, or hide their lane."""
        self._show(sections=SectionLane(sections, self.times))
        self._lay_out()

    def set_grid(self, grid: BeatGrid | None) -> None:
        """Show a beat grid."""
        self.grid = grid
        self._source_beats = Beats.of(grid)
        self._show(beats=self.times.beats(self._source_beats))

    def set_hits(self, hits: Hits | None, lines: NDArray[np.int64] = NO_LINES) -> None:
        """Show the drum hits with their targets, and the divisions of beats."""
        self._hits, self._source_lines = hits, lines
        self._show(hits=self._hit_marks(), lines=self.times.lines(lines))

    def preview_moves(self, share: float, least_samples: float, most_samples: float) -> None:
        """Show undecided moves at this strength, only those in a range, until the next update."""
        self._show(hits=self.times.hits(self._marked().scaled(share, least_samples, most_samples)))

    def set_before(self, before: bool) -> None:
        """Show the recorded or the edited sound; the waveforms are passed separately."""
        if before != self._is_before:
            self._is_before = before
            self.update()  # the caption too
        self._show(hits=self._hit_marks())

    def set_masks(self, masks: tuple[ShownMask, ...], paint: tuple[Paint, ...] = ()) -> None:
        """Show the mask of a repair with its strokes, or None."""
        self._show(masks=MaskLayer(masks, paint, self.times))

    def _marked(self) -> HitMarks:
        marks = HitMarks.of(self._hits, self.state)
        return marks.as_recorded() if self._is_before else marks

    def _hit_marks(self) -> HitMarks:
        return self.times.hits(self._marked())

    def preview_grid(self, grid: BeatGrid | None) -> None:
        """Preview a grid during a drag; None ends the preview."""
        self._show(beats=self.times.beats(self._source_beats if grid is None else Beats.of(grid)))

    def rename_marker(self, marker_id: str) -> bool:
        """Edit the name of a marker in place; return False if it is not visible."""
        place = editor_area(self.frame, self.shown.marks, marker_id)
        if place is None:
            return False
        name = self.state.markers[marker_id].name
        field = InPlaceField(f"Name of {name}", name, place, self)
        field.taken.connect(lambda text: self.marker_named.emit(marker_id, text))
        return True

    def set_ruler(self, mode: RulerMode) -> None:
        """Count in other units."""
        self._show(ruler_mode=mode)
        self.ruler_changed.emit()

    def set_start(self, start: TimeOfDay | None) -> None:
        """Set the time of day of the start of the recording; None if it is not known."""
        if start != self.shown.clock.start:
            self._show(clock=ClockTimes(start, self.times))
            self.ruler_changed.emit()

    def time_of_day(self, source_samples: int) -> str:
        """Return the time of day of a position with thousandths; "" unless the ruler counts in it."""
        start = self.shown.clock.start
        if self.shown.ruler_mode is not RulerMode.OF_DAY or start is None or not self.state.rate_hz:
            return ""
        return start.later(samples_to_s(source_samples, self.state.rate_hz)).text(3)

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Set the key caps for hints, by command id."""
        self._show(keys=dict(keys))

    def set_outlook(self, outlook: str) -> None:
        """Show the preview of a dragged threshold."""
        self.outlook = outlook
        self.update()

    def set_current(self, proposal_id: str | None) -> None:
        """Show one proposal as the current one."""
        if proposal_id != self.shown.current:
            self._show(current=proposal_id)
            self._landings.follow(self)

    def set_theme(self, tokens: Theme) -> None:
        """Apply a theme."""
        self.theme = tokens
        self._layers.forget_overview()
        self.update()

    def set_viewport(self, viewport: Viewport) -> None:
        """Show another window of time, at this widget's own width."""
        before, self.viewport = self.viewport, viewport.resized(self.width())
        self._ahead.follow(before, self.viewport)
        self._show()

    def go_to(self, viewport: Viewport) -> None:
        """Show another window of time after a user action, and signal it."""
        before = self.viewport
        self.set_viewport(viewport)
        if self.viewport != before:
            self.viewport_changed.emit(self.viewport)

    def set_arrangement(self, slabs: Slabs) -> None:
        """Show a lane of blocks between overview and ruler; none without slabs."""
        if slabs is not self.shown.slabs:
            self._show(slabs=slabs)
            self._layers.forget_overview()
            self._lay_out()

    def seek(self, source_samples: int, view_samples: int) -> None:
        """Ask for the playhead at a source position that is drawn at, or near, a view position."""
        self.seek_requested.emit(source_samples, None if self.times.edit_list is None else view_samples)

    def set_selection(self, selection: Selected) -> None:
        """Show the selected span and clips; bars appear with the keys of clips."""
        before, self.selection = self.selection, selection
        if (before.clips, before.gives_keys) != (selection.clips, selection.gives_keys):
            clips = self._clips()
            if clips.lanes or self.shown.clips.lanes:
                self._show(clips=clips)
                self._lay_out()
                self.redraw()
        self.update()

    @property
    def selected_lanes(self) -> Lanes:
        """The lanes of the tracks that the selection is of; None for all."""
        tracks, lanes = self.selection.scope, enumerate(self.shown.lanes)
        return tuple(place for place, lane in lanes if lane.track_id in tracks) if tracks else None

    def set_playhead(self, samples: int, near_samples: int | None = None) -> None:
        """Move the playhead; only its strips are repainted.

        Parameters
        ----------
        near_samples : position in the result, for spans that play several times; None for the first
        """
        frame, before = self.frame, self.playhead_in_view
        self._playhead, self._near = samples, near_samples
        for position in (before, self.playhead_in_view):
            self.update(playhead_strip(frame, position))
            self.update(overview_strip(frame, position))
        self.playhead_moved.emit()

    def set_scroll(self, scroll_px: int) -> None:
        """Scroll the lanes down."""
        self._scroll = scroll_px
        self._lay_out()
        self._scroll = self._layout.scroll
        self.redraw()

    def redraw(self) -> None:
        """Redraw all layers at the next paint."""
        self._layers.forget()
        self.update()

    def _show(self, **values: Any) -> None:
        if values:
            self.shown = replace(self.shown, **values)
        if (parts := self._layers.stale_parts(self.frame, self.shown)) is None:
            self.update()
            return
        top, bottom = self._layout.edits_top, self._layout.lanes_bottom
        before, fade = self._faded, fade_of(self)  # of the current edit: where it was and is drawn
        self._faded = None if fade is None else fade.area_px
        for left, right in filter(None, (*parts, before, self._faded)):
            self.update(QRect(left, top, right - left, bottom - top))

    def compose(self) -> QImage:
        """Return the cached layers."""
        return self._layers.compose(self.frame, self.shown)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_onto(painter, event.rect())
        painter.end()
        self._ahead.begin()

    def paint_onto(self, painter: QPainter, area: QRect) -> None:
        """Paint part of the frame: the cached layers, then the moving parts."""
        frame, image = self.frame, self.compose()
        dpr, part = frame.dpr, QRectF(area)
        painter.drawImage(part, image, QRectF(part.topLeft() * dpr, part.size() * dpr))
        paint_window(painter, frame)
        self._landings.paint(painter, frame)
        drag = self.mouse.drag
        paint_outlines(painter, frame, self._outlined)
        if self.selection.span is not None and not isinstance(drag, SelectSpan):
            paint_selection(painter, frame, edges_of(self, self.selection.span), self.selected_lanes)
        fade = fade_of(self)
        if fade is not None and not isinstance(drag, MoveFade | gestures.MoveEdge):
            paint_fade(painter, frame, fade)
        if drag is not None:
            self.snapping.paint(painter, frame)
            drag.paint(painter, frame)
        if self.shown.lanes:
            paint_playhead(painter, frame, self.playhead_in_view)
        if area.top() < frame.layout.arrangement_top:
            paint_caption(painter, frame, self._caption())

    def _lay_out(self) -> None:
        before = self._layout
        self._layout = lay_out(
            self.width(),
            self.height(),
            tuple(lane.wish for lane in self.shown.lanes),
            self._scroll,
            has_marks=bool(self.state.markers),
            has_arrangement=len(self.shown.slabs) > 0,
            has_edits=bool(self.state.proposals),
            has_sounds=self.shown.sounds.is_shown,
            has_sections=self.shown.sections.is_shown,
            has_score=self._has_score,
            has_clips=bool(self.shown.clips.lanes),
            curves=len(self.shown.curves.curves),
        )
        if self._layout != before:
            self.update()  # lanes moved, also where nothing else is shown
            self.layout_changed.emit(self._layout)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        whole = self.viewport.samples_per_px >= self.viewport.coarsest_samples_per_px
        self._lay_out()
        resized = self.viewport.resized(self.width())
        self.viewport = resized.fitted() if whole and resized.length_samples else resized
        self._layers.forget_overview()
        self.update()
        self.viewport_changed.emit(self.viewport)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.redraw()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._layers.forget_overview()
            self.update()
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), gestures.tip_at(self, event.pos().toPointF()), self)
            return True
        if isinstance(event, QNativeGestureEvent) and pinch(self, event):
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.mouse.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mouse.press_twice(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.setAccepted(gestures.open_menu(self, event.pos().toPointF(), event.globalPos()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        wheel(self, event)
        event.accept()
