"""The timeline as one widget: heads, lanes and everything over them. State flows in, signals flow out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGridLayout, QScrollBar, QWidget

from engine.document.analysis import BeatGrid, ScoreCurve
from engine.document.state import DocumentState
from engine.document.tracks.track import Track, audible
from engine.edl.arrangement import Arrangement
from engine.edl.build import whole
from engine.edl.edit_list import EditList
from engine.edl.tracks.patches import Patches, changed_span
from engine.edl.tracks.voice import sounding_span
from engine.timebase import format_time
from engine.wording import counted
from widgets import theme
from widgets.controls.later import Later
from widgets.theme import DARK, Theme
from widgets.timeline import panning
from widgets.timeline.canvas import Canvas
from widgets.timeline.edits.arrangement import NO_SLABS, slabs_of_result, slabs_of_source
from widgets.timeline.edits.sentences import edits_words, view_sentence
from widgets.timeline.frame import LANE_LOW, Layout, Wish
from widgets.timeline.heads.column import TrackHeads
from widgets.timeline.ruler import RulerMode
from widgets.timeline.sound.lanes import Lane, display_gain
from widgets.timeline.sound.result_wave import Cutter, ResultWave
from widgets.timeline.sound.spectrogram import SpectrogramLook
from widgets.timeline.sound.spectrogram_columns import (
    EditedSpectrogram,
    RecordedSpectrogram,
    ResultColumns,
    SourceColumns,
    SpectrogramColumns,
    TrackCells,
)
from widgets.timeline.sound.stored_sound import (
    StoredCells,
    StoredSpectra,
    StoredWave,
    StoredWaves,
    drawn_patches,
)
from widgets.timeline.sound.wave_zoom import NO_ZOOMS, zoomed
from widgets.timeline.sound.waves import RecordedWave, WaveSource
from widgets.timeline.time_map import TimeMap
from widgets.timeline.viewport import BESIDE_S, Viewport

NO_PATCHES: Mapping[str, Patches] = MappingProxyType({})
NOTHING_STORED: Mapping[str, StoredCells] = MappingProxyType({})
_TELL_MS = 300
"""Delay until the view is described for screen readers."""


class TimelineView(QWidget):
    """Shows a document over time: the source with the edits over it, or the result with the gaps closed.

    Positions that come in or go out are the source's, whichever is shown; the viewport alone counts in what
    is drawn.

    Signals
    -------
    viewport_changed(Viewport) : the user scrolled or zoomed here, or the width changed
    seek_requested(samples, near) : the user clicked a position; the position in the result, for spans that
        play several times, or None
    proposal_clicked(id) : the user clicked a flag
    edge_dragged(id, start_samples, stop_samples) : the user moved an edge of the current proposal
    proposal_opened(id) : the user clicked a flag twice
    threshold_dragged(score) : the user moved the threshold line
    threshold_moved(score or None) : the line is moving, or returned to its start
    files_dropped(paths) : the user dropped files, as a list of str
    """

    viewport_changed = Signal(object)
    seek_requested = Signal(object, object)
    proposal_clicked = Signal(str)
    edge_dragged = Signal(str, object, object)
    proposal_opened = Signal(str)
    threshold_dragged = Signal(float)
    threshold_moved = Signal(object)
    files_dropped = Signal(list)

    def __init__(self, tokens: Theme = DARK, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Timeline with tracks")
        self._state = DocumentState()
        self._waves: dict[str, RecordedWave] = {}
        self._spectrograms: dict[str, RecordedSpectrogram] = {}
        self._stored_waves: Mapping[str, StoredWave] = {}
        self._stored_spectra: Mapping[str, StoredCells] = {}
        self._times = TimeMap()
        self._patches = NO_PATCHES
        self._gains: dict[str, float] = {}
        self.wave_zooms: Mapping[str, float] = NO_ZOOMS
        self._taste = ""
        self.heads = TrackHeads(tokens, self)
        self.canvas = Canvas(tokens, self)
        self.canvas.setFocusProxy(self)
        self.bar = QScrollBar(Qt.Orientation.Vertical, self)
        self.bar.setAccessibleName("Scroll tracks")
        self.bar.hide()
        self._drop = _Border(tokens, self, tint=0.08)
        self._focus = _Border(tokens, self)
        self._telling = QTimer(self)
        self._telling.setSingleShot(True)
        self._telling.setInterval(_TELL_MS)
        self._telling.timeout.connect(self._tell)
        self._counting = Later(self._count_edits, self)
        grid = self._grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self.heads, 0, 0, 2, 1)
        grid.addWidget(self.canvas, 0, 1, 2, 1)
        grid.setRowMinimumHeight(0, self.canvas.frame.layout.lanes_top)  # the bar stands beside lanes only
        grid.setRowStretch(1, 1)
        grid.addWidget(self.bar, 1, 2)
        self._wire()

    def _wire(self) -> None:
        for name in ("viewport_changed", "seek_requested", "proposal_clicked", "edge_dragged"):
            getattr(self.canvas, name).connect(getattr(self, name))
        for name in ("proposal_opened", "threshold_dragged", "threshold_moved"):
            getattr(self.canvas, name).connect(getattr(self, name))
        self.canvas.layout_changed.connect(self._place)
        self.canvas.viewport_changed.connect(self._tell_soon)
        self.canvas.wave_turned.connect(self._turn_waves)
        self.heads.lane_stretched.connect(self._stretch)
        self.heads.wheel_turned.connect(self.canvas.wheelEvent)
        self.heads.scroll_asked.connect(lambda px: self.canvas.set_scroll(self.scroll_px + px))
        self.bar.valueChanged.connect(self.canvas.set_scroll)

    @property
    def viewport(self) -> Viewport:
        """The current view."""
        return self.canvas.viewport

    @property
    def visible_span(self) -> tuple[int, int]:
        """The visible span [start, stop) of the source."""
        view, length = self.viewport, self._times.length_samples
        edges = (min(max(0, round(edge)), length) for edge in (view.start_samples, view.stop_samples))
        start, stop = (self._times.to_source(edge) for edge in edges)
        return start, stop

    # state in

    def set_document(
        self,
        state: DocumentState,
        edit_list: EditList | None = None,
        patches: Mapping[str, Patches] = NO_PATCHES,
    ) -> None:
        """Show a document; the first recording is shown whole.

        Parameters
        ----------
        edit_list : edit list of the result; None for the source
        patches : edited sound of tracks, by id, in the source view
        """
        before, old, self._state = (self._times, self._recorded, self._patches), self._state, state
        self._patches = edit_list.patches if edit_list is not None else patches
        self._times = TimeMap(state.length_samples, edit_list)
        self.heads.set_document(state)
        if state.proposals is old.proposals and state.decisions is not old.decisions:
            self._counting.ask()  # after an answer, whose giver looks at the lanes
        else:
            self._counting.now()
        lanes = self._lanes()
        self.canvas.set_document(state, lanes, self._times)
        if before != (self._times, self._recorded, self._patches):
            self.canvas.set_waves(self._shown_waves(), lanes, self._changed_since(*before))
            self.canvas.set_spectrograms(self._shown_spectrograms())
        self.heads.place(self.canvas.frame.layout)

    def set_arrangement(self, made: Arrangement | None) -> None:
        """Show the blocks of the result, in result or source order; None hides the lane."""
        state = self._state
        if made is None:
            self.canvas.set_arrangement(NO_SLABS)
        elif self._times.edit_list is not None:
            self.canvas.set_arrangement(slabs_of_result(made, state.markers.values(), state.rate_hz))
        else:
            markers, length = state.markers.values(), state.length_samples
            self.canvas.set_arrangement(slabs_of_source(made, markers, length))
        if made is not None:
            lasts = format_time(made.length_samples / max(state.rate_hz, 1), 0)
            self.heads.arrangement.show_about(f"result {lasts} · {counted(len(made), 'block')}")

    def set_ruler(self, mode: RulerMode) -> None:
        """Count in other units on the ruler."""
        self.canvas.set_ruler(mode)

    def set_waves(self, waves: Mapping[str, RecordedWave]) -> None:
        """Set the waveform sources, by track id; a track without one stays empty."""
        kept = {name: gain for name, gain in self._gains.items() if waves.get(name) is self._waves.get(name)}
        self._waves, self._gains = dict(waves), kept
        self.canvas.set_waves(self._shown_waves(), self._lanes())

    def set_stored_waves(self, waves: Mapping[str, StoredWave]) -> None:
        """Set the stored audio of edits, by key; missing audio shows the recording."""
        self._stored_waves = waves
        self.canvas.set_waves(self._shown_waves(), self._lanes())

    def set_spectrograms(
        self,
        spectrograms: Mapping[str, RecordedSpectrogram],
        stored: Mapping[str, StoredCells] = NOTHING_STORED,
    ) -> None:
        """Show these tracks, by id, as spectrograms and all others as waveforms.

        Parameters
        ----------
        stored : spectra of the audio that edits put in the place of recordings, by key
        """
        self._spectrograms, self._stored_spectra = dict(spectrograms), stored
        self.canvas.set_spectrograms(self._shown_spectrograms())

    def set_spectrogram_look(self, look: SpectrogramLook) -> None:
        """Apply spectrogram settings."""
        self.canvas.set_spectrogram_look(look)

    def renew_spectrograms(self) -> None:
        """Read the spectrograms again: more data is available."""
        self.canvas.renew_spectrograms()

    def renew_waves(self) -> None:
        """Read the visible waveforms again: more data is available."""
        self.canvas.renew_waves()

    def set_wave_zooms(self, zooms: Mapping[str, float]) -> None:
        """Set the vertical zoom of the waveforms of these tracks, by id; others are at 1."""
        self.wave_zooms = dict(zooms)
        self.canvas.set_lanes(self._lanes())

    def set_score(self, curve: ScoreCurve | None, threshold: float | None, taste: str = "") -> None:
        """Show a score, the threshold, and the name of the taste that made it."""
        self.canvas.set_score(curve, threshold, is_expected=bool(taste))
        shown = taste or (curve.maker if curve is not None else "")
        self.heads.score.show_score(shown, threshold if curve is not None else None)

    def set_grid(self, grid: BeatGrid | None) -> None:
        """Show a beat grid."""
        self.canvas.set_grid(grid)

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Set the key caps, by command id."""
        self.canvas.set_keys(keys)
        self.heads.score.set_keys(keys)

    def set_outlook(self, outlook: str) -> None:
        """Show the preview of a dragged threshold."""
        self.canvas.set_outlook(outlook)

    def set_current(self, proposal_id: str | None) -> None:
        """Show one proposal as the current one; None for none."""
        self.canvas.set_current(proposal_id)

    def set_playhead(self, samples: int, near_samples: int | None = None) -> None:
        """Move the playhead.

        Parameters
        ----------
        near_samples : position in the result, for spans that play several times; None for the first
        """
        self.canvas.set_playhead(samples, near_samples)
        self._tell_soon()

    def set_viewport(self, viewport: Viewport) -> None:
        """Show another window of time."""
        self.canvas.set_viewport(viewport)

    def set_theme(self, tokens: Theme) -> None:
        """Apply a theme."""
        self.heads.set_theme(tokens)
        self.canvas.set_theme(tokens)
        self._drop.theme = self._focus.theme = tokens
        self.update()

    # what the keys ask for

    def turn_page(self, view_samples: int, *, backwards: bool = False) -> None:
        """Show the window that starts just before a view position, or ends just after it."""
        self.canvas.go_to(self.viewport.paged(view_samples, backwards=backwards))

    def zoom(self, factor: float) -> None:
        """Zoom by a factor around the playhead if visible, else around the centre."""
        view = self.viewport
        playhead = self.canvas.playhead_in_view
        about = view.x_at(playhead) if view.holds(playhead) else view.width_px / 2
        self.canvas.go_to(view.zoomed(factor, about))

    def show_lane(self, track_id: str) -> None:
        """Scroll a track's lane into view, with as little movement as that takes."""
        layout = self.canvas.frame.layout
        number = [track.id for track in self._state.tracks].index(track_id)
        above = layout.lanes_top - layout.lane_tops[number]
        below = layout.lane_tops[number + 1] - layout.height
        if above > 0 or below > 0:
            self.canvas.set_scroll(layout.scroll + (-above if above > 0 else min(below, -above)))

    def cancel_drag(self) -> bool:
        """Cancel a drag; return False without one."""
        return self.canvas.cancel_drag() or self.heads.cancel_drag()

    def fit(self) -> None:
        """Show the whole recording."""
        self.canvas.go_to(self.viewport.fitted())

    def reveal(self, start_samples: int, stop_samples: int) -> None:
        """Scroll a span into view by the smallest distance."""
        self.canvas.go_to(self.viewport.showing(*self._times.view_span(start_samples, stop_samples)))

    def frame(self, start_samples: int, stop_samples: int, beside_s: float = BESIDE_S) -> None:
        """Show a span with context at a suitable zoom; no change if it is already shown so."""
        span = self._times.view_span(start_samples, stop_samples)
        self.canvas.go_to(self.viewport.framing(*span, beside_s))

    def zoom_to(self, start_samples: int, stop_samples: int) -> None:
        """Show a span with a margin, as large as possible."""
        self.canvas.go_to(self.viewport.close_to(*self._times.view_span(start_samples, stop_samples)))

    @property
    def window_samples(self) -> tuple[float, float]:
        """Source position of the left edge, and the visible length."""
        view = self.viewport
        is_source = self._times.edit_list is None
        start = view.start_samples if is_source else self._times.to_source(round(view.start_samples))
        return start, view.visible_samples

    def show_window(self, start_samples: float, visible_samples: float) -> None:
        """Restore a window returned by `window_samples`."""
        is_source = self._times.edit_list is None
        start = start_samples if is_source else self._times.to_view(round(start_samples))
        view = self.viewport
        self.canvas.go_to(replace(view, samples_per_px=visible_samples / view.width_px).moved(start))

    @property
    def scroll_px(self) -> int:
        """Vertical scroll of the lanes."""
        return self.canvas.frame.layout.scroll

    def set_scroll(self, scroll_px: int) -> None:
        """Scroll the lanes down."""
        self.canvas.set_scroll(scroll_px)

    # inside

    @property
    def _recorded(self) -> tuple[tuple[str, str, int], ...]:
        """Key of the tracks' waveforms."""
        return tuple((track.id, track.source_id, track.start_samples) for track in self._state.tracks)

    def _changed_since(
        self, times: TimeMap, recorded: tuple[tuple[str, str, int], ...], patches: Mapping[str, Patches]
    ) -> tuple[int, int] | None:
        """Return the view span with changed sound; None if it may be anywhere."""
        if recorded != self._recorded or not (times.is_laid_as(self._times) and times.is_rising):
            return None
        found, tracks = [], patches.keys() | self._patches.keys()
        pairs = [(patches.get(track), self._patches.get(track)) for track in tracks]
        for pair in {(id(old), id(new)): (old, new) for old, new in pairs}.values():  # tracks share them
            span = changed_span(*pair)
            if span is None:
                return None
            found += [span] if span[0] < span[1] else []
        starts, stops = zip(*found, strict=True) if found else ((0,), (0,))
        return self._times.view_span(min(starts), max(stops))

    @property
    def _channels(self) -> dict[str, int]:
        """Number of channels of each track, by id."""
        return {track.id: self._state.sources[track.source_id].channels for track in self._state.tracks}

    def _stretch(self, track_id: str, height_px: int) -> None:
        """Set the height of a lane while its border is dragged; below 0, restore that of the document."""
        lanes = self._lanes()
        if height_px >= 0:
            wishes = {
                track.id: self._wish(replace(track, height_px=height_px, is_collapsed=False))
                for track in self._state.tracks
                if track.id == track_id
            }
            lanes = tuple(replace(lane, wish=wishes.get(lane.track_id, lane.wish)) for lane in lanes)
        self.canvas.set_lanes(lanes)

    def _turn_waves(self, lane: int, factor: float) -> None:
        """Draw the waveform of a lane higher by a factor; below 0 those of all lanes."""
        tracks = [track.id for track in self._state.tracks]
        self.set_wave_zooms(zoomed(self.wave_zooms, tracks if lane < 0 else tracks[lane : lane + 1], factor))

    def _wish(self, track: Track) -> Wish:
        is_open = track.channels_open and not track.is_collapsed
        rows = self._state.sources[track.source_id].channels if is_open else 1
        return Wish(rows, track.height_px, track.is_collapsed)

    def _lanes(self) -> tuple[Lane, ...]:
        heard, colors = audible(self._state.tracks), self.heads.accents()
        span_of = cache(self._times.lane_span)  # most tracks are as long as each other
        return tuple(
            self._lane(track, track in heard, colors[track.id], span_of) for track in self._state.tracks
        )

    def _lane(
        self, track: Track, is_audible: bool, color: str, span_of: Callable[[int, int], tuple[int, int]]
    ) -> Lane:
        track_stop = self._state.track_stop_samples(track)
        channels = self._state.sources[track.source_id].channels
        source = self._waves.get(track.id)
        if source is not None and track.id not in self._gains:
            recorded = Lane(track.id, channels, track.start_samples, track_stop - track.start_samples)
            self._gains[track.id] = display_gain(source, recorded)
        start, stop = span_of(*sounding_span(self._state, track, self._patches.get(track.id)))
        gain = self._gains.get(track.id, 1.0)
        zoom = self.wave_zooms.get(track.id, 1.0)
        wish = self._wish(track)
        return Lane(track.id, channels, start, stop - start, gain, is_audible, wish, color, zoom)

    def _shown_waves(self) -> Mapping[str, WaveSource]:
        """Return the sources of the lanes: recordings, edited sound, or the result."""
        edits, state = self._times.edit_list, self._state
        shown: dict[str, WaveSource] = dict(self._waves) if edits is None else {}
        patches, channels = drawn_patches(self._patches, self._channels, self._stored_waves), self._channels
        if edits is None:
            if not patches:
                return shown
            edits = whole(state)
        edits = edits if edits.patches is patches else replace(edits, patches=patches)
        cutter = Cutter(edits)
        for track in state.tracks:
            if track.id in self._waves and (track.id not in shown or track.id in patches):
                shown[track.id] = ResultWave(
                    self._waves[track.id],
                    track,
                    channels[track.id],
                    state.track_stop_samples(track),
                    edits,
                    cutter,
                    StoredWaves(self._stored_waves, channels[track.id]),
                )
        return shown

    def _shown_spectrograms(self) -> Mapping[str, SpectrogramColumns]:
        """Return the sources of the spectrograms, as `_shown_waves` does."""
        edits = self._times.edit_list
        shown: dict[str, TrackCells] = dict(self._spectrograms)
        channels, known = self._channels, self._stored_spectra
        patches = drawn_patches(self._patches, channels, known)
        for track in self._state.tracks:
            if track.id in patches and track.id in shown:
                recorded, stored = self._spectrograms[track.id], StoredSpectra(known, channels[track.id])
                own, first = patches[track.id], track.start_samples
                shown[track.id] = EditedSpectrogram(recorded, own, first, stored)
        if edits is None:
            return {
                track.id: SourceColumns(shown[track.id], self._ahead(track))
                for track in self._state.tracks
                if track.id in shown
            }
        cutter = Cutter(edits)
        return {
            track.id: ResultColumns(shown[track.id], track, edits, cutter)
            for track in self._state.tracks
            if track.id in shown
        }

    def _ahead(self, track: Track) -> int:
        """Return the shift of a track relative to its recording."""
        begin, _ = sounding_span(self._state, track, self._patches.get(track.id))
        return begin - track.start_samples

    def _place(self, layout: Layout) -> None:
        self.heads.place(layout)
        self._grid.setRowMinimumHeight(0, layout.lanes_top)
        self.bar.blockSignals(True)
        self.bar.setRange(0, layout.scroll_limit)
        self.bar.setPageStep(max(layout.height - layout.lanes_top, 1))
        self.bar.setSingleStep(theme.px(theme.ROW))
        self.bar.setValue(layout.scroll)
        self.bar.setVisible(layout.scroll_limit > 0)
        self.bar.blockSignals(False)

    def _count_edits(self) -> None:
        if self._state.proposals:
            self.heads.edits.show_about(*edits_words(self._state))

    def _tell_soon(self) -> None:
        if not self._telling.isActive():
            self._telling.start()

    def _tell(self) -> None:
        """Describe the view for screen readers."""
        view, canvas = self.viewport, self.canvas
        proposals = len(canvas.spans.within(view.start_samples, view.stop_samples))
        self.setAccessibleDescription(view_sentence(view, proposals, self._times.to_view(canvas.playhead)))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self._focus.cover(self.rect())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._focus.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._focus.setGeometry(self.rect())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the lanes by the wheel over their heads too."""
        self.set_scroll(round(self.scroll_px - panning.distances_px(event)[1]))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.cancel_drag():
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of the lanes by its key too, at the selection or the playhead."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            canvas = self.canvas
            start, stop = canvas.selection.span or (canvas.playhead, canvas.playhead)
            x = min(max((canvas.x_of(start) + canvas.x_of(stop)) / 2, 0.0), canvas.width() - 1.0)
            lane = (canvas.selected_lanes or (0,))[0]
            layout = canvas.frame.layout
            top = max(layout.lane_tops[lane], layout.lanes_top) if self._state.tracks else layout.lanes_top
            at = QPointF(x, top + theme.px(LANE_LOW) / 2)
            canvas.menu_requested.emit(at, canvas.mapToGlobal(at.toPoint()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._drop.cover(self.rect())

    def dragLeaveEvent(self, event: QEvent) -> None:
        self._drop.hide()
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop.hide()
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)


class _Border(QWidget):
    """Border around a drop target, or around an area with its own key layer."""

    def __init__(self, tokens: Theme, parent: QWidget, tint: float = 0.0) -> None:
        super().__init__(parent)
        self.theme = tokens
        self._tint = tint
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self, area: QRect) -> None:
        """Enclose an area, above all others."""
        self.setGeometry(area)
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the border is all there is
        painter = QPainter(self)
        width = theme.px(2)
        pen = theme.color(self.theme.undecided)
        painter.fillRect(self.rect(), theme.color(self.theme.undecided, self._tint))
        for edge in (
            self.rect().adjusted(0, 0, 0, width - self.height()),
            self.rect().adjusted(0, self.height() - width, 0, 0),
            self.rect().adjusted(0, 0, width - self.width(), 0),
            self.rect().adjusted(self.width() - width, 0, 0, 0),
        ):
            painter.fillRect(edge, pen)
        painter.end()
