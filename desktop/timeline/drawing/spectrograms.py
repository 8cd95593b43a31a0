"""Spectrograms of tracks: computed by jobs, cached, drawn with the user's settings.

Spectra finer than the pyramid are computed from visible samples on a separate thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QSettings, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop.recordings.recordings import Recordings
from desktop.shell.dialogs import form_dialogs
from desktop.shell.shell import Shell
from desktop.shell.work.job_lanes import JobLane
from desktop.timeline.drawing.stored_waves import StoredWaves
from desktop.timeline.drawing.tiles import TileLoader, from_recordings
from desktop.timeline.drawing.waves import SourceWave
from engine.document.analysis import require_recording
from engine.document.edits.tracks import set_pictures
from engine.document.file.stored_audio import content_of
from engine.document.state import Change
from engine.document.tracks import Picture, Track
from engine.sound.edl.build import played_tracks
from engine.sound.edl.tracks.patched_reader import PatchedReader
from engine.sound.edl.tracks.patches import Patch, Patches
from engine.sound.edl.tracks.unpacked import UnpackedSounds
from engine.sound.pictures.spectrogram import (
    BASE_SAMPLES,
    DETAIL_FRAMES,
    WINDOWS_SAMPLES,
    Cells,
    Spectrogram,
    SpectrogramRequest,
    detail_cells,
    detail_hop,
    source_spectrogram,
)
from engine.sound.reader import SourceReader
from widgets.forms.spectrogram_form import SpectrogramForm
from widgets.timeline.sound.clip_wave import track_spectrogram
from widgets.timeline.sound.result_columns import RecordedSpectrogram
from widgets.timeline.sound.spectrogram import (
    CEILINGS_DB,
    FLOORS_DB,
    LEAST_RANGE_DB,
    ColorMap,
    Scale,
    SpectrogramLook,
)

CACHE_BYTES = 48_000_000


@dataclass(frozen=True, slots=True)
class SpectrogramTile:
    """Some frames of a recording, see `detail_cells`, or of its edited sound.

    Attributes
    ----------
    edits : edited sound in document samples, with unpacked audio
    offset_samples : where the recording begins on the document's timeline
    """

    media: Path
    window_samples: int
    hop_samples: int
    number: int
    edits: tuple[Patch, ...] = ()
    offset_samples: int = 0


SpectrogramTiles = TileLoader[SpectrogramTile]


def _cells(reader: SourceReader, tile: SpectrogramTile) -> Cells:
    if tile.edits:
        patches, channels = Patches(tile.edits, reader.rate_hz), reader.channels
        with UnpackedSounds(reader.rate_hz, channels) as stored:
            edited = PatchedReader(reader, patches, reader.frames, channels, tile.offset_samples, stored)
            return detail_cells(edited, tile.window_samples, tile.hop_samples, tile.number)
    return detail_cells(reader, tile.window_samples, tile.hop_samples, tile.number)


make_tiles = from_recordings(_cells)


class TrackSpectrogram:
    """Drawing source of one track's spectrogram: its pyramid, and tiles at high zoom."""

    def __init__(self, pyramid: Spectrogram, media: Path, tiles: SpectrogramTiles) -> None:
        self._pyramid = pyramid
        self._media = media
        self._tiles = tiles

    @property
    def window_samples(self) -> int:
        """Window of the transform."""
        return self._pyramid.window_samples

    @property
    def rate_hz(self) -> int:
        """Rate of the samples."""
        return self._pyramid.rate_hz

    def cells(
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
    ) -> Cells:
        """Return the loudest of each span, shape (n, bands); narrow spans show the spectrum at their middle.

        The base of the pyramid replaces tiles that are not ready.
        """
        cells = self._pyramid.cells(channel, starts_samples, stops_samples, samples_per_column)
        hop = detail_hop(samples_per_column)
        if hop < BASE_SAMPLES:
            middles = (starts_samples + stops_samples) / 2
            self._refine(cells, channel, middles, hop, self._tile, is_mixed=samples_per_column < hop)
        return cells

    def put_edited(
        self,
        cells: Cells,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
        patches: Patches,
        offset_samples: int,
    ) -> None:
        """Put the spectra of edited sound where they are made of any, and zoomed in that far.

        They cover the edits only, read by the playback reader.
        """
        hop, window = detail_hop(samples_per_column), self.window_samples
        if hop >= BASE_SAMPLES or not patches.spans:
            return
        middles = (starts_samples + stops_samples) / 2
        begins, ends = np.array(patches.spans, np.int64).T - offset_samples
        reach = window / 2 + hop  # of a frame, whose middle may be half a hop away, or of the next
        place = np.searchsorted(ends, middles - reach, "right")
        touched = np.append(begins, np.iinfo(np.int64).max)[place] < middles + reach
        some = np.flatnonzero(touched)

        def piece_of(hop_samples: int, number: int) -> Cells | None:
            first = number * DETAIL_FRAMES * hop_samples - window + offset_samples
            last = first + DETAIL_FRAMES * hop_samples + 2 * window
            edits = patches.within(first, last)
            offset = offset_samples if edits else 0
            return self._tiles.get(SpectrogramTile(self._media, window, hop_samples, number, edits, offset))

        part = cells[some]
        self._refine(part, channel, middles[some], hop, piece_of, is_mixed=samples_per_column < hop)
        cells[some] = part

    def _refine(
        self,
        cells: Cells,
        channel: int,
        middles_samples: NDArray[np.float64],
        hop_samples: int,
        piece_of: Callable[[int, int], Cells | None],
        *,
        is_mixed: bool,
    ) -> None:
        """Return the frame nearest to each ascending centre, or interpolate its two neighbours, if known."""
        inside = np.flatnonzero((middles_samples >= 0) & (middles_samples < self._pyramid.frames))
        if not len(inside):
            return
        places = middles_samples[inside] / hop_samples
        before = np.maximum(places - 0.5, 0.0).astype(np.int64) if is_mixed else places.astype(np.int64)
        # the tile behind is asked for as well, so that a scroll finds it there
        numbers = _distinct(np.append(before // DETAIL_FRAMES, before[-1] // DETAIL_FRAMES + 1))
        found = [piece_of(hop_samples, int(number)) for number in numbers]
        known = np.array([tile is not None for tile in found])
        if not known.any():
            return
        held = np.concatenate([tile[channel] for tile in found if tile is not None])
        slots = (np.cumsum(known) - 1) * DETAIL_FRAMES

        def frames(index: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
            number = index // DETAIL_FRAMES
            place = np.searchsorted(numbers, number)
            return known[place] & (numbers[place] == number), slots[place] + index % DETAIL_FRAMES

        has, first = frames(before)
        if not is_mixed:
            cells[inside[has]] = held[first[has]]
            return
        has_after, second = frames(before + 1)
        second = np.where(has_after, second, first)  # ahead of a cut nothing else is read
        share = (np.maximum(places - 0.5 - before, 0.0)[has] * 256).astype(np.uint16)[:, None]
        mixed = held[first[has]] * (np.uint16(256) - share) + held[second[has]] * share
        cells[inside[has]] = np.right_shift(mixed, 8)

    def _tile(self, hop_samples: int, number: int) -> Cells | None:
        return self._tiles.get(
            SpectrogramTile(self._media, self._pyramid.window_samples, hop_samples, number)
        )


def _distinct(ascending: NDArray[np.int64]) -> NDArray[np.int64]:
    return ascending[np.flatnonzero(np.diff(ascending, prepend=-1))]


RENEW_MS = 40
"""Interval for redrawing partial pictures."""

Key = tuple[str, int]  # content hash, window
Pictured = tuple[object, ...]
"""Parts of the spectrogram of a track: its clips, and a pyramid of each source."""


class Spectrograms(QObject):
    """Has the spectrograms made that the document's tracks ask for, and hands them to the timeline.

    Signals
    -------
    said : message about the last command
    """

    said = Signal(str)
    _begun = Signal(object, object)  # from the thread that makes it

    def __init__(
        self,
        window: QWidget,
        shell: Shell,
        recordings: Recordings,
        stored_waves: StoredWaves,
        settings: QSettings,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._shell = shell
        self._session, self._work, self._timeline = shell.session, shell.work, shell.timeline
        self._settings = settings
        self._lane = JobLane("spectrogram lane", self)
        self._tiles = SpectrogramTiles(make_tiles, CACHE_BYTES, "spectrogram detail", self)
        self._waves: Mapping[str, SourceWave] = recordings.source_waves
        self._stored_waves: Mapping[str, SourceWave] = {}
        self._known: dict[Key, Spectrogram] = {}
        self._tried: set[Key] = set()
        self._lost: set[Key] = set()  # cancelled or failed
        self._shown: dict[str, tuple[Pictured, RecordedSpectrogram]] = {}
        self._shown_stored: dict[str, Spectrogram] = {}
        self._renew = QTimer(self, singleShot=True, interval=RENEW_MS)
        self._renew.timeout.connect(self._timeline.canvas.renew_spectrograms)
        self._tiles.arrived.connect(self._renew_soon)
        self._begun.connect(self._take)
        self._session.changed.connect(self._follow_change)
        self._session.replaced.connect(self._start_over)
        recordings.waves_changed.connect(lambda _: self._follow())
        stored_waves.changed.connect(self._take_stored)
        self.look = stored_look(settings)
        self._timeline.canvas.set_spectrogram_look(self.look)

    @property
    def is_busy(self) -> bool:
        """Whether a spectrogram, or a detail of one, is being made."""
        return self._lane.is_busy or self._tiles.is_busy or self._renew.isActive()

    def toggle(self) -> None:
        """Show the current track, or the first, as the other picture."""
        tracks = self._session.state.tracks
        require_recording(self._session.state, "show")
        track = self._timeline.heads.current_track() or tracks[0]
        here = next(one for one in tracks if one.id == track.id)
        self._set([here], _other(here.picture))

    def toggle_all(self) -> None:
        """Show all tracks as spectrograms or, where all are, as waveforms."""
        tracks = self._session.state.tracks
        require_recording(self._session.state, "show")
        all_are = all(track.picture is Picture.SPECTROGRAM for track in tracks)
        self._set(list(tracks), Picture.WAVEFORM if all_are else Picture.SPECTROGRAM)

    def _set(self, tracks: list[Track], picture: Picture) -> None:
        edit = set_pictures(self._session.state, [track.id for track in tracks], picture)
        self._tried -= self._lost  # the next try may go well
        self._lost.clear()
        self.said.emit(self._session.apply(edit).label)

    def set_look(self, look: SpectrogramLook) -> None:
        """Preview spectrogram settings."""
        self.look = look
        self._timeline.canvas.set_spectrogram_look(look)
        self._follow()

    def ask_look(self) -> None:
        """Ask how spectrograms are drawn, showing each choice on the lanes; giving up restores them."""
        before = self.look
        form = SpectrogramForm(self._shell.look.theme, before)
        form.changed.connect(lambda: None if form.problem() else self.set_look(form.values()))
        if form_dialogs.ask_spectrogram(self._window, form):
            self._keep_look()
            self.said.emit(
                f"Spectrograms from {self.look.floor_db} to {self.look.ceiling_db} dB, {self.look.scale}"
            )
        else:
            self.set_look(before)

    def _keep_look(self) -> None:
        for name, value in asdict(self.look).items():
            self._settings.setValue(f"spectrogram/{name}", str(value))

    def close(self) -> None:
        """End the threads."""
        self._renew.stop()
        self._lane.close()
        self._tiles.close()

    def _start_over(self) -> None:
        self._known.clear()
        self._tried.clear()
        self._lost.clear()
        self._tiles.forget()
        self._stored_waves = {}
        self._follow()

    def _follow_change(self, change: Change) -> None:
        if change.tracks or change.proposals:
            self._follow()

    def _take_stored(self, waves: Mapping[str, SourceWave]) -> None:
        self._stored_waves = waves
        self._follow()

    def _wanted(self) -> dict[str, tuple[Track, dict[str, Key]]]:
        """Return the tracks that are to show a spectrogram and can, with the key of each source."""
        state, window = self._session.state, self.look.window_samples
        return {
            track.id: (track, {key: (state.sources[key].content_hash, window) for key in track.source_ids})
            for track in played_tracks(state)
            if track.picture is Picture.SPECTROGRAM and self._waves.keys() >= set(track.source_ids)
        }

    def _wanted_stored(self, tracks: Collection[str]) -> dict[str, Key]:
        """Return the audio, by its key, that edits put in the place of these tracks and that is there."""
        patches, window = self._shell.transport.patches, self.look.window_samples
        heard = (stored.key for track in tracks if track in patches for _, stored in patches[track].stored)
        return {key: (content_of(key), window) for key in heard if key in self._stored_waves}

    def _follow(self) -> None:
        """Request missing data, and show the available part; until then a track keeps its picture."""
        wanted = self._wanted()
        stored = self._wanted_stored(wanted) if self._stored_waves else {}
        for track, keys in wanted.values():
            for source_id, key in keys.items():
                if key not in self._tried:
                    first = max(self._first_shown(track, source_id), 0)
                    request = SpectrogramRequest(self._waves[source_id].media, *key, first_samples=first)
                    self._make(request, key, f"Drawing the spectrogram of {track.name}")
        for audio, key in stored.items():
            if key not in self._tried:
                request = SpectrogramRequest(self._stored_waves[audio].media, *key)
                self._make(request, key, "Drawing the spectrogram of a repair")
        shown: dict[str, tuple[Pictured, RecordedSpectrogram]] = {}
        for track_id, (track, keys) in wanted.items():
            before = self._shown.get(track_id)
            made = self._put_together(track, keys, before)
            if made is not None:
                shown[track_id] = made
            elif before is not None and not self._lost & set(keys.values()):
                shown[track_id] = before
        shown_stored = {audio: self._known[key] for audio, key in stored.items() if key in self._known}
        if (shown, shown_stored) != (self._shown, self._shown_stored):
            self._shown, self._shown_stored = shown, shown_stored
            self._timeline.lanes.set_spectrograms(
                {key: drawn for key, (_, drawn) in shown.items()}, shown_stored
            )

    def _first_shown(self, track: Track, source_id: str) -> int:
        """Return the position of a source at the left edge of the view."""
        clip = next(one for one in track.clips if one.source_id == source_id)
        return int(self._timeline.canvas.viewport.start_samples) - clip.shift_samples

    def _put_together(
        self, track: Track, keys: Mapping[str, Key], before: tuple[Pictured, RecordedSpectrogram] | None
    ) -> tuple[Pictured, RecordedSpectrogram] | None:
        """Return the spectrogram of a track, the one before if nothing changed; None if data is missing."""
        pyramids = {source_id: self._known.get(key) for source_id, key in keys.items()}
        if None in pyramids.values():
            return None
        of: Pictured = (tuple(clip.sound for clip in track.clips), *map(id, pyramids.values()))
        if before is not None and before[0] == of:
            return before
        drawn = {
            source_id: TrackSpectrogram(pyramid, self._waves[source_id].media, self._tiles)
            for source_id, pyramid in pyramids.items()
            if pyramid is not None
        }
        return of, track_spectrogram(self._session.state, track, drawn)

    def _make(self, request: SpectrogramRequest, key: Key, title: str) -> None:
        self._tried.add(key)
        begun = partial(self._begun.emit, key)
        handle = self._lane.submit(source_spectrogram, request, begun, title=title)
        self._work.watch(handle, partial(self._take, key))
        handle.progressed.connect(self._renew_soon)
        for lost in (handle.cancelled, handle.failed):
            lost.connect(lambda *_: self._lose(key))

    def _take(self, key: Key, pyramid: Spectrogram) -> None:
        """Show a spectrogram that is whole, or that has begun to fill."""
        if key in self._tried:  # else the document it was made for is gone
            self._known[key] = pyramid
            self._lost.discard(key)
            self._follow()

    def _lose(self, key: Key) -> None:
        """Go back to the waveform; the next command for the track tries again."""
        self._known.pop(key, None)
        self._lost.add(key)
        self._follow()

    def _renew_soon(self) -> None:
        if not self._renew.isActive():
            self._renew.start()


def stored_look(settings: QSettings) -> SpectrogramLook:
    """Return how spectrograms are drawn; a stored value that makes no sense counts as never chosen."""
    found: dict[str, object] = {}
    allowed: Mapping[str, tuple[object, ...]] = {
        "scale": tuple(Scale),
        "color_map": tuple(ColorMap),
        "floor_db": tuple(range(FLOORS_DB[0], FLOORS_DB[1] + 1)),
        "ceiling_db": tuple(range(CEILINGS_DB[0], CEILINGS_DB[1] + 1)),
        "window_samples": WINDOWS_SAMPLES,
    }
    for field in fields(SpectrogramLook):
        stored = str(settings.value(f"spectrogram/{field.name}", ""))
        value = next((one for one in allowed[field.name] if str(one) == stored), None)
        if value is not None:
            found[field.name] = value
    look = SpectrogramLook(**found)  # type: ignore[arg-type]
    return look if look.ceiling_db - look.floor_db >= LEAST_RANGE_DB else SpectrogramLook()


def _other(picture: Picture) -> Picture:
    return Picture.WAVEFORM if picture is Picture.SPECTROGRAM else Picture.SPECTROGRAM
