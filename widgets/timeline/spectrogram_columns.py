"""The columns of a spectrogram lane: of a recording, or of the result with its gaps closed."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.audio.spectrogram import Cells, band_edges, loudest
from engine.document.track import Track
from engine.edl.edit_list import EditList
from widgets.timeline.result_wave import Cutter


class RecordedSpectrogram(Protocol):
    """One track's spectrogram, in document samples counted from the track's start."""

    @property
    def window_samples(self) -> int:
        """Window of the transform, which says what the bands are."""

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
        """Return the loudest of each span [start, stop), shape (n, bands); 0 where nothing is or not yet."""


class SpectrogramColumns(Protocol):
    """What a lane draws."""

    @property
    def recorded(self) -> RecordedSpectrogram:
        """What the columns are read from."""

    def columns(self, channel: int, start_samples: float, samples_per_column: float, n_columns: int) -> Cells:
        """Return columns from a position on, counted from where the track begins, shape (n, bands)."""


class SourceColumns:
    """Columns of the recording itself."""

    def __init__(self, recorded: RecordedSpectrogram) -> None:
        self.recorded = recorded

    def columns(self, channel: int, start_samples: float, samples_per_column: float, n_columns: int) -> Cells:
        """Return columns of the recording."""
        edges = np.floor(start_samples + samples_per_column * np.arange(n_columns + 1)).astype(np.int64)
        return self.recorded.cells(channel, edges[:-1], edges[1:], samples_per_column)


class ResultColumns:
    """Columns of the result, counted from where the track begins in it.

    A column over a seam is the loudest of both its sides. Within half a window of a seam the recording's
    spectra hold a trace of what is cut there.
    """

    def __init__(
        self, recorded: RecordedSpectrogram, track: Track, edits: EditList, cutter: Cutter | None = None
    ) -> None:
        self.recorded = recorded
        self._cutter = cutter or Cutter(edits)
        self._track_start = track.start_samples
        self._offset, _ = edits.lane_span(track.start_samples, track.start_samples)

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
