"""The columns of a spectrogram lane: of a recording, or of the result with its gaps closed."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.document.kinds.operations import Stored
from engine.document.tracks.track import Track
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.tracks.patches import Patches
from engine.sound.pictures.spectrogram import Cells, band_edges, loudest
from widgets.timeline.sound.patched_columns import patched_cells
from widgets.timeline.sound.result_wave import Cutter
from widgets.timeline.sound.stored_sound import StoredSpectra


class TrackCells(Protocol):
    """One track's spectrogram, in document samples counted from the track's start."""

    @property
    def window_samples(self) -> int:
        """Window of the transform, which defines the bands."""

    @property
    def rate_hz(self) -> int:
        """The document's rate."""

    def cells(
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
    ) -> Cells:
        """Return the maximum of each span [start, stop), shape (n, bands); 0 for missing data."""


class RecordedSpectrogram(TrackCells, Protocol):
    """The same of a track as it was recorded."""

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
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
    ) -> Cells:
        """Return the maximum of each ascending span of the result, shape (n, bands)."""
        recorded, first, width = self._recorded, self._offset, samples_per_column

        def read(some: NDArray[np.int64], ends: NDArray[np.int64]) -> Cells:
            return recorded.cells(channel, some - first, ends - first, width)

        def read_stored(stored: Stored, some: NDArray[np.int64], ends: NDArray[np.int64]) -> Cells:
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
