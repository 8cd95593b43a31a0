"""Waveform and spectrogram of one track in the result: the remaining material, joined at the seams."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.core.latest import found_once_of
from engine.document.kinds.operations import Stored
from engine.document.tracks import Track
from engine.sound.edl.crossfade import Block
from engine.sound.edl.edit_list import INSERTED_FROM, EditList
from engine.sound.edl.render import VoiceRenderer
from engine.sound.edl.tracks.patched_reader import PatchedReader, Reads
from engine.sound.edl.tracks.patches import Patches
from engine.sound.edl.tracks.voice import Voice
from engine.sound.pictures.peaks import Columns
from engine.sound.pictures.spectrogram import Cells, band_edges, loudest
from widgets.timeline.sound.patched_columns import StoredSpectra, StoredWaves, patched_cells, patched_columns
from widgets.timeline.sound.waves import NotYetReadError, Positions, RecordedWave

SEAMS_HELD = 128
"""Number of cached seams per track, so that scrolling at sample zoom does not render fades again."""


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Columns of the result, split at seams.

    Attributes
    ----------
    shown : int64, shape (n,), columns with any of the result
    column_lengths : int64, shape (n,), length within each
    first : int64, shape (n,), the first piece of each
    source_starts, source_stops : int64, shape (m,), the span of each piece, m >= n
    lengths : int64, shape (m,), audible length
    """

    shown: Positions
    column_lengths: Positions
    first: Positions
    source_starts: Positions
    source_stops: Positions
    lengths: Positions
    _united: dict[tuple[int, int], Pieces] = field(default_factory=dict, init=False, repr=False)

    def united(self, cell_samples: int, offset_samples: int) -> Pieces:
        """Return the same with pieces merged if no cell of a pyramid is between them.

        They would read the same cells. A span stops where its last cell does, and is counted from the offset.
        Tracks that begin together share the answer.

        Parameters
        ----------
        offset_samples : source position of the first cell
        """
        key = cell_samples, offset_samples
        if key not in self._united:
            first = (self.source_starts - offset_samples) // cell_samples
            last = np.maximum((self.source_stops - offset_samples) // cell_samples, first + 1)
            goes_back = self.source_starts[1:] < self.source_stops[:-1]
            begins = np.concatenate([[True], (first[1:] > last[:-1]) | goes_back])
            begins[self.first] = True
            index = np.flatnonzero(begins)
            self._united[key] = replace(
                self,
                first=np.searchsorted(index, self.first),
                source_starts=self.source_starts[index] - offset_samples,
                source_stops=last[np.append(index[1:], len(begins)) - 1] * cell_samples,
                lengths=np.add.reduceat(self.lengths, index),
            )
        return self._united[key]


class Cutter:
    """Cuts columns at the seams of a result; caches the last cut, which every lane of a frame requests."""

    def __init__(self, edits: EditList) -> None:
        self._edits = edits
        self._key: tuple[float, float, int] | None = None
        self._cut_pieces: Pieces | None = None

    def pieces(self, first: float, width: float, n_columns: int) -> Pieces | None:
        """Return the pieces of columns of a width from a result position on; None outside the result."""
        if self._key != (first, width, n_columns):
            self._key = first, width, n_columns
            edges = np.floor(first + width * np.arange(n_columns + 1)).astype(np.int64)
            self._cut_pieces = self._cut(edges)
        return self._cut_pieces

    def _cut(self, edges: Positions) -> Pieces | None:
        edits = self._edits
        # a column narrower than a sample shows the sample it lies in
        starts = np.clip(edges[:-1], 0, edits.length_samples)
        stops = np.clip(np.maximum(edges[1:], edges[:-1] + 1), 0, edits.length_samples)
        shown = np.flatnonzero(starts < stops)
        if not len(shown):
            return None
        starts, stops = starts[shown], stops[shown]
        seams = edits.seams_samples
        inner = seams[np.searchsorted(seams, starts[0], "right") : np.searchsorted(seams, stops[-1], "left")]
        holder = np.searchsorted(starts, inner, "right") - 1
        inside = inner > starts[holder]
        inner, holder = inner[inside], holder[inside]
        piece_starts = np.insert(starts, holder + 1, inner)
        lengths = np.insert(stops, holder, inner) - piece_starts
        numbers = np.arange(len(starts))
        first = numbers + np.searchsorted(holder, numbers, "left")
        source_starts = edits.to_played_array(piece_starts)
        return Pieces(shown, stops - starts, first, source_starts, source_starts + lengths, lengths)


class Cutters:
    """A cutter for each timing, which most tracks share."""

    def __init__(self) -> None:
        self._by_timing: dict[int, Cutter] = {}

    def of(self, edits: EditList) -> Cutter:
        """Return the cutter of an edit list."""
        return self._by_timing.setdefault(id(edits.starts_samples), Cutter(edits))


class ResultWave:
    """A waveform source in result positions, relative to the start of the track in the result.

    Columns are taken from the pyramid of the recording, a column over a seam from both of its sides. Samples
    come from the renderer that plays and exports, so that crossfades are seen as they sound.

    Parameters
    ----------
    stop : source position at which the track ends
    cutter : of the same edit list, shared by the lanes of a document
    stored : stored audio of its edits, complete
    """

    def __init__(
        self,
        source: RecordedWave,
        track: Track,
        channels: int,
        stop: int,
        edits: EditList,
        cutter: Cutter | None = None,
        stored: StoredWaves | None = None,
    ) -> None:
        self._source = source
        self._cutter = cutter or Cutter(edits)
        self._edits = edits
        self._track_start, self._frames = track.start_samples, stop - track.start_samples
        self._patches, self._stored = edits.patches.get(track.id), stored
        span = track.start_samples, stop
        self._begin, self._end = span if self._patches is None else self._patches.sounding(*span)
        self._offset, _ = edits.lane_span(self._begin, self._end)
        reader: Reads = DrawnSource(source)
        if self._patches is not None:
            reader = PatchedReader(reader, self._patches, self._frames, channels, track.start_samples, stored)
        voice = Voice(track, 1.0, channels, self._begin, self._end, reader, np.float32)
        self._renderer = VoiceRenderer(edits, [voice], channels, seams_held=SEAMS_HELD)

    @property
    def sampled_below(self) -> float:
        """Columns of fewer samples are made of samples, as the recording's are."""
        return self._source.sampled_below

    def columns(
        self, channel: int, start_samples: float, samples_per_column: float, n_columns: int
    ) -> Columns:
        """Return columns of the result; outside the track they are zero."""
        first, width = start_samples + self._offset, samples_per_column
        whole = int(np.floor(first))
        if self._in_one_piece(whole, first + width * n_columns):
            moved = int(self._edits.to_played_array(whole)) - whole - self._track_start
            columns = self._source.columns(channel, first + moved, width, n_columns)
            if self._patches is None:
                return columns
            return self._patched(columns, channel, *_spans_of(first + moved, width, n_columns), width)
        return self._joined(channel, first, width, n_columns)

    def samples(self, start: int, stop: int) -> NDArray[np.float32] | None:
        """Return samples [start, stop) of the result; None while they are being read."""
        try:
            samples: NDArray[np.float32] = self._renderer.read(start + self._offset, stop + self._offset)
        except NotYetReadError:
            return None
        return samples

    def _in_one_piece(self, start: int, stop: float) -> bool:
        seams = self._edits.seams_samples
        index = int(np.searchsorted(seams, start, side="right")) - 1
        last = int(seams[index + 1]) if index + 1 < len(seams) else self._edits.length_samples
        return index >= 0 and stop <= last

    def _joined(self, channel: int, first: float, width: float, n_columns: int) -> Columns:
        pieces = self._cutter.pieces(first, width, n_columns)
        if pieces is None:
            return Columns.silent(n_columns)
        pieces = pieces.united(self._source.cell_samples(width), self._track_start)
        starts, stops = pieces.source_starts, pieces.source_stops
        parts = self._parts(channel, starts, stops, width)
        if self._patches is not None:
            parts = self._patched(parts, channel, starts, stops, width)
        if len(parts.rms) == len(pieces.shown):
            return parts.among(pieces.shown, n_columns)
        energies = np.add.reduceat(np.square(parts.rms, dtype=np.float64) * pieces.lengths, pieces.first)
        joined = Columns(
            np.minimum.reduceat(parts.minimum, pieces.first),
            np.maximum.reduceat(parts.maximum, pieces.first),
            np.sqrt(energies / pieces.column_lengths).astype(np.float32),
        )
        return joined.among(pieces.shown, n_columns)

    def _patched(
        self, columns: Columns, channel: int, starts: Positions, stops: Positions, width: float
    ) -> Columns:
        """Return columns of spans of the track with the edits of its sound."""
        assert self._patches is not None
        first = self._track_start

        def read(some: Positions, ends: Positions) -> Columns:
            return self._parts(channel, *_later(some, ends, -first), width)

        def read_stored(stored: Stored, some: Positions, ends: Positions) -> Columns:
            assert self._stored is not None, "missing audio is left out"
            return self._stored.columns(stored, channel, some, ends, width)

        starts, stops = _later(starts, stops, first)
        made = patched_columns(columns, starts, stops, self._patches, read, read_stored)
        if made is not columns:  # nothing is heard beyond the track, however far an edit goes
            outside = (stops <= self._begin) | ((starts >= self._end) & (starts < INSERTED_FROM))
            for values in made.arrays:
                values[outside] = 0.0
        return made

    def _parts(self, channel: int, starts: Positions, stops: Positions, width: float) -> Columns:
        """Return a column for each span of the track, in any playing order."""
        if self._edits.is_rising:
            return self._source.spans(channel, starts, stops, width)
        ascending, ends, places = _in_time_order(starts, stops)
        found = self._source.spans(channel, ascending, ends, width)
        return Columns(*(part[places] for part in found.arrays))


# Lanes below each other mostly request the same spans, which are recognised by their arrays.


@found_once_of(4)
def _spans_of(first: float, width: float, n_columns: int) -> tuple[Positions, Positions]:
    """Return start and end of columns of a width, at least one sample each."""
    edges = np.floor(first + width * np.arange(n_columns + 1)).astype(np.int64)
    return edges[:-1], np.maximum(edges[1:], edges[:-1] + 1)


@found_once_of(8)
def _later(starts: Positions, stops: Positions, by_samples: int) -> tuple[Positions, Positions]:
    """Return spans shifted later; the same arrays for a shift of zero."""
    return (starts + by_samples, stops + by_samples) if by_samples else (starts, stops)


@found_once_of(8)
def _in_time_order(starts: Positions, stops: Positions) -> tuple[Positions, Positions, NDArray[np.intp]]:
    """Return spans in reading order, sorted by source position, and the index of each request."""
    order = np.lexsort((stops, starts))
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return starts[order], stops[order], places


class DrawnSource:
    """A source for drawing, as a reader; one that is missing is silent."""

    def __init__(self, wave: RecordedWave | None) -> None:
        self._wave = wave

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> Block:
        if self._wave is None:
            return np.zeros((stop - start, 1), dtype)
        samples = self._wave.samples(start, stop)
        if samples is None:
            raise NotYetReadError
        return samples.astype(dtype)  # a copy: edits are written into what is read

    def close(self) -> None:
        """Do nothing: the owner closes the source."""


class TrackCells(Protocol):
    """One track's spectrogram, in document samples counted from the track's start."""

    @property
    def window_samples(self) -> int:
        """Window of the transform, which defines the bands."""

    @property
    def rate_hz(self) -> int:
        """The document's rate."""

    def cells(
        self, channel: int, starts_samples: Positions, stops_samples: Positions, samples_per_column: float
    ) -> Cells:
        """Return the maximum of each span [start, stop), shape (n, bands); 0 for missing data."""


class RecordedSpectrogram(TrackCells, Protocol):
    """The same of a track as it was recorded."""

    def put_edited(
        self,
        cells: Cells,
        channel: int,
        starts_samples: Positions,
        stops_samples: Positions,
        samples_per_column: float,
        patches: Patches,
        offset_samples: int,
    ) -> None:
        """Insert the spectra of edited sound into the cells of ascending spans, if known.

        Parameters
        ----------
        patches : the edits, in document samples; all audio that they play is there
        offset_samples : start of the track on the document's timeline
        """


class EditedSpectrogram:
    """The spectrogram of a track whose sound is edited.

    Where it is drawn from the pyramid, each column is that of the recording, edited; finer spectra are those
    of the edited sound itself.

    Parameters
    ----------
    stored : stored audio of the edits, complete
    """

    def __init__(
        self,
        recorded: RecordedSpectrogram,
        patches: Patches,
        offset_samples: int,
        stored: StoredSpectra | None = None,
    ) -> None:
        self._recorded, self._patches, self._offset = recorded, patches, offset_samples
        self._stored = stored

    @property
    def window_samples(self) -> int:
        """Window of the transform."""
        return self._recorded.window_samples

    @property
    def rate_hz(self) -> int:
        """The document's rate."""
        return self._recorded.rate_hz

    def cells(
        self, channel: int, starts_samples: Positions, stops_samples: Positions, samples_per_column: float
    ) -> Cells:
        """Return the maximum of each ascending span of the result, shape (n, bands)."""
        recorded, first, width = self._recorded, self._offset, samples_per_column

        def read(some: Positions, ends: Positions) -> Cells:
            return recorded.cells(channel, some - first, ends - first, width)

        def read_stored(stored: Stored, some: Positions, ends: Positions) -> Cells:
            assert self._stored is not None, "missing audio is left out"
            return self._stored.cells(stored, channel, some, ends, width)

        starts, stops = starts_samples + first, stops_samples + first
        cells = patched_cells(read(starts, stops), starts, stops, self._patches, read, read_stored)
        recorded.put_edited(cells, channel, starts_samples, stops_samples, width, self._patches, first)
        return cells


class SpectrogramColumns(Protocol):
    """Data of a lane."""

    @property
    def recorded(self) -> TrackCells:
        """Key of the columns."""

    def columns(self, channel: int, start_samples: float, samples_per_column: float, n_columns: int) -> Cells:
        """Return columns from a position, relative to the start of the track, shape (n, bands)."""


class SourceColumns:
    """Columns of the recording in source order, from its start.

    Parameters
    ----------
    ahead_samples : shift of the track relative to the recording on the timeline
    """

    def __init__(self, recorded: TrackCells, ahead_samples: int = 0) -> None:
        self.recorded, self._ahead = recorded, ahead_samples

    def columns(self, channel: int, start_samples: float, samples_per_column: float, n_columns: int) -> Cells:
        """Return columns of the recording."""
        first = start_samples + self._ahead
        edges = np.floor(first + samples_per_column * np.arange(n_columns + 1)).astype(np.int64)
        return self.recorded.cells(channel, edges[:-1], edges[1:], samples_per_column)


class ResultColumns:
    """Columns of the result, relative to the start of the track in it.

    A column over a seam is the loudest of both its sides. Within half a window of a seam the recording's
    spectra contain a trace of the removed audio.
    """

    def __init__(
        self, recorded: TrackCells, track: Track, edits: EditList, cutter: Cutter | None = None
    ) -> None:
        self.recorded = recorded
        self._cutter = cutter or Cutter(edits)
        self._track_start = track.start_samples
        patches = edits.patches.get(track.id)
        begin = track.start_samples if patches is None else patches.sounding(track.start_samples, 0)[0]
        self._offset, _ = edits.lane_span(begin, begin)

    def columns(self, channel: int, start_samples: float, samples_per_column: float, n_columns: int) -> Cells:
        """Return columns of the result."""
        result = np.zeros((n_columns, len(band_edges(self.recorded.window_samples)) - 1), np.uint8)
        pieces = self._cutter.pieces(start_samples + self._offset, samples_per_column, n_columns)
        if pieces is None:
            return result
        starts = pieces.source_starts - self._track_start
        order = np.argsort(starts, kind="stable")  # spans are read in the order of the recording
        stops = starts + pieces.lengths
        cells = self.recorded.cells(channel, starts[order], stops[order], samples_per_column)
        parts = np.empty_like(cells)
        parts[order] = cells
        result[pieces.shown] = loudest(parts, pieces.first, np.append(pieces.first[1:], len(parts)))
        return result
