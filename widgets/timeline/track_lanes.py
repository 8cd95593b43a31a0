"""Lanes of the tracks: height, colour and zoom of each, and the sound it is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from engine.document.edits.takes import playing_spans, take_tracks
from engine.document.state import DocumentState
from engine.document.tracks import Track, audible
from engine.sound.edl.build import played_tracks, whole
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.tracks.patches import Patches, changed_span
from engine.sound.edl.tracks.voice import sounding_span
from widgets.controls.later import Later
from widgets.timeline.canvas import Canvas
from widgets.timeline.edits.sentences import edits_words
from widgets.timeline.frame import Wish
from widgets.timeline.heads.column import TrackHeads
from widgets.timeline.heads.lane_heads import ShownTakes
from widgets.timeline.sound.lanes import NO_ZOOMS, Lane, display_gain, zoomed
from widgets.timeline.sound.patched_columns import (
    StoredCells,
    StoredSpectra,
    StoredWave,
    StoredWaves,
    drawn_patches,
)
from widgets.timeline.sound.result_columns import (
    Cutters,
    EditedSpectrogram,
    RecordedSpectrogram,
    ResultColumns,
    ResultWave,
    SourceColumns,
    SpectrogramColumns,
    TrackCells,
)
from widgets.timeline.sound.waves import RecordedWave, WaveSource
from widgets.timeline.time_map import TimeMap

_SpanOf = Callable[[int, int], tuple[int, int]]
_Recorded = tuple[tuple[object, ...], ...]

NO_PATCHES: Mapping[str, Patches] = MappingProxyType({})
NOTHING_STORED: Mapping[str, StoredCells] = MappingProxyType({})


class TrackLanes:
    """Gives heads and canvas the tracks of a document: the recordings, with edited sound, or the result.

    Attributes
    ----------
    wave_zooms : vertical zoom of the waveforms, by the id of the track; others are at 1
    unfolded : ids of the tracks whose takes are shown under their lanes
    """

    def __init__(self, canvas: Canvas, heads: TrackHeads) -> None:
        self._canvas, self._heads = canvas, heads
        self._counting = Later(self._count_edits, canvas)
        self._state, self._times, self._patches = DocumentState(), TimeMap(), NO_PATCHES
        self._recorded = _recorded_sound(self._state)
        self._waves: dict[str, RecordedWave] = {}
        self._spectrograms: dict[str, RecordedSpectrogram] = {}
        self._stored_waves: Mapping[str, StoredWave] = {}
        self._stored_spectra: Mapping[str, StoredCells] = {}
        self._gains: dict[str, float] = {}
        self.wave_zooms: Mapping[str, float] = NO_ZOOMS
        self.unfolded: frozenset[str] = frozenset()
        canvas.wave_turned.connect(self._turn_waves)
        heads.lane_stretched.connect(self._stretch)
        heads.takes_toggled.connect(self.toggle_takes)

    def set_document(
        self,
        state: DocumentState,
        edit_list: EditList | None = None,
        patches: Mapping[str, Patches] = NO_PATCHES,
    ) -> None:
        """Show a document, the first recording as a whole; only changed sound is read again.

        Parameters
        ----------
        edit_list : edit list of the result; None for the source
        patches : edited sound of tracks, by id, in the source view
        """
        old, before = self._state, (self._times, self._recorded, self._patches)
        self._state, self._times = state, TimeMap(state.length_samples, edit_list)
        self._patches = edit_list.patches if edit_list is not None else patches
        self._recorded = _recorded_sound(state)
        self._heads.set_document(state)
        self._count_takes()
        if state.proposals is old.proposals and state.decisions is not old.decisions:
            self._counting.ask()  # after an answer, whose giver looks at the lanes
        else:
            self._counting.now()
        lanes = self._lanes()
        self._canvas.set_document(state, lanes, self._times)
        if before != (self._times, self._recorded, self._patches):
            self._canvas.set_waves(self._shown_waves(), lanes, self._changed_since(*before))
            self._canvas.set_spectrograms(self._shown_spectrograms())
        self._heads.place(self._canvas.frame.layout)

    def _count_edits(self) -> None:
        if self._state.proposals:
            self._heads.edits.show_about(*edits_words(self._state))

    def reveal(self, track_id: str) -> None:
        """Scroll the lane of a track into view by the smallest distance."""
        layout = self._canvas.frame.layout
        number = [track.id for track in self._state.tracks].index(track_id)
        above = layout.lanes_top - layout.lane_tops[number]
        below = layout.lane_tops[number + 1] - layout.height
        if above > 0 or below > 0:
            self._canvas.set_scroll(layout.scroll + (-above if above > 0 else min(below, -above)))

    def set_waves(self, waves: Mapping[str, RecordedWave]) -> None:
        """Set the waveform sources, by track id; a track without one stays empty."""
        gains = {name: gain for name, gain in self._gains.items() if waves.get(name) is self._waves.get(name)}
        self._waves, self._gains = dict(waves), gains
        self._canvas.set_waves(self._shown_waves(), self._lanes())

    def set_stored_waves(self, waves: Mapping[str, StoredWave]) -> None:
        """Set the stored audio of edits, by key; missing audio shows the recording."""
        self._stored_waves = waves
        self._canvas.set_waves(self._shown_waves(), self._lanes())

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
        self._canvas.set_spectrograms(self._shown_spectrograms())

    def set_wave_zooms(self, zooms: Mapping[str, float]) -> None:
        """Set the vertical zoom of the waveforms of these tracks, by id; others are at 1."""
        self.wave_zooms = dict(zooms)
        self._canvas.set_lanes(self._lanes())

    def set_unfolded(self, tracks: Collection[str]) -> None:
        """Show the takes of these tracks under their lanes, and fold those of all others."""
        self.unfolded = frozenset(tracks)
        self._count_takes()
        self._canvas.set_lanes(self._lanes())

    def toggle_takes(self, track_id: str) -> None:
        """Unfold the takes of a track, or fold them."""
        self.set_unfolded(self.unfolded ^ {track_id})

    def _takes(self, track: Track) -> tuple[Track, ...]:
        """Return the takes of a track as tracks of their own; the result has none."""
        return take_tracks(self._state, track) if self._times.edit_list is None else ()

    def _unfolded(self, track: Track) -> tuple[Track, ...]:
        return self._takes(track) if track.id in self.unfolded else ()

    def _count_takes(self) -> None:
        """Show in the heads how many takes there are, and which of them play."""
        shown = {}
        for track, played in zip(self._state.tracks, played_tracks(self._state), strict=True):
            if takes := self._takes(track):
                playing = playing_spans(track.clips, played.clips)
                plays = tuple(any(clip.id in playing for clip in take.clips) for take in takes)
                shown[track.id] = ShownTakes(plays, is_open=track.id in self.unfolded)
        self._heads.show_takes(shown)

    def _changed_since(
        self, times: TimeMap, recorded: _Recorded, patches: Mapping[str, Patches]
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
        return {track.id: self._state.channels(track) for track in self._state.tracks}

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
        self._canvas.set_lanes(lanes)

    def _turn_waves(self, lane: int, factor: float) -> None:
        """Draw the waveform of a lane higher by a factor; below 0 those of all lanes."""
        tracks = [track.id for track in self._state.tracks]
        self.set_wave_zooms(zoomed(self.wave_zooms, tracks if lane < 0 else tracks[lane : lane + 1], factor))

    def _lanes(self) -> tuple[Lane, ...]:
        playing, colors = audible(self._state.tracks), self._heads.accents()
        shared = cache(self._times.lane_span)  # most tracks are as long as each other
        return tuple(
            self._lane(track, track in playing, colors[track.id], shared) for track in self._state.tracks
        )

    def _lane(self, track: Track, is_audible: bool, color: str, shared: _SpanOf) -> Lane:
        own = self._times.of_track(track.id)
        span_of = shared if own is self._times else own.lane_span
        start, stop = span_of(*sounding_span(self._state, track, self._patches.get(track.id)))
        zoom, takes = self.wave_zooms.get(track.id, 1.0), self._unfolded(track)
        gain = min((self._gain(take) for take in takes), default=1.0)  # the loudest of them fits
        under = (
            replace(self._recorded_lane(take), gain=gain, audible=is_audible, color=color, zoom=zoom)
            for take in takes
        )
        lane = replace(self._recorded_lane(track), start_samples=start, length_samples=stop - start)
        lane = replace(lane, gain=self._gain(track), audible=is_audible, color=color, zoom=zoom)
        return replace(lane, wish=self._wish(track), takes=tuple(under))

    def _recorded_lane(self, track: Track) -> Lane:
        length = track.stop_samples - track.start_samples
        return Lane(track.id, self._state.channels(track), track.start_samples, length)

    def _gain(self, track: Track) -> float:
        """Return the gain at which a track nearly fills its lane; 1 until its waveform is there.

        After an edit a waveform may be of the track as it was, with more or fewer channels.
        """
        source = self._waves.get(track.id)
        if source is None or source.channels != self._state.channels(track):
            return 1.0
        if track.id not in self._gains:
            self._gains[track.id] = display_gain(source, self._recorded_lane(track))
        return self._gains.get(track.id, 1.0)

    def _wish(self, track: Track) -> Wish:
        is_open = track.channels_open and not track.is_collapsed
        rows = self._state.channels(track) if is_open else 1
        return Wish(rows, track.height_px, track.is_collapsed, len(self._unfolded(track)))

    def _shown_waves(self) -> Mapping[str, WaveSource]:
        """Return the sources of the lanes: recordings, edited sound, or the result."""
        edits, state, channels = self._times.edit_list, self._state, self._channels
        waves = {
            key: wave
            for key, wave in self._waves.items()
            if channels.get(key, wave.channels) == wave.channels
        }
        shown: dict[str, WaveSource] = dict(waves) if edits is None else {}
        patches = drawn_patches(self._patches, channels, self._stored_waves)
        if edits is None:
            if not patches:
                return shown
            edits = whole(state)
        edits = edits if edits.patches is patches else replace(edits, patches=patches)
        cutters = Cutters()
        for track in state.tracks:
            if track.id in waves and (track.id not in shown or track.id in patches):
                own = edits.of_track(track.id)
                shown[track.id] = ResultWave(
                    waves[track.id],
                    track,
                    channels[track.id],
                    track.stop_samples,
                    own,
                    cutters.of(own),
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
        cutters, owned = Cutters(), [(track, edits.of_track(track.id)) for track in self._state.tracks]
        return {
            track.id: ResultColumns(shown[track.id], track, own, cutters.of(own))
            for track, own in owned
            if track.id in shown
        }

    def _ahead(self, track: Track) -> int:
        """Return the shift of a track relative to its recording."""
        begin, _ = sounding_span(self._state, track, self._patches.get(track.id))
        return begin - track.start_samples


def _recorded_sound(state: DocumentState) -> _Recorded:
    """Return a key of the tracks' waveforms."""
    return tuple((track.id, *(clip.sound for clip in track.clips)) for track in played_tracks(state))
