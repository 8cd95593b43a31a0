"""What the timeline draws a track from: its peaks, and its samples where it is zoomed in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.audio.peaks import Columns, PeakPyramid
from engine.audio.reader import SourceReader
from engine.errors import SourceError


class TrackWave:
    """Peaks and samples of one source at the document's rate."""

    def __init__(self, peaks: PeakPyramid, media: Path) -> None:
        self._peaks = peaks
        self.media = media
        self._reader = SourceReader(media)

    @property
    def channels(self) -> int:
        """How many channels the source has."""
        return self._reader.channels

    def columns(
        self, channel: int, start_samples: float, samples_per_column: float, n_columns: int
    ) -> Columns:
        """Return minimum, maximum and RMS of each column, each of shape (n_columns,)."""
        return self._peaks.columns(channel, start_samples, samples_per_column, n_columns)

    def spans(
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
    ) -> Columns:
        """Return the same of each span [start, stop), shape (n,)."""
        return self._peaks.spans(channel, starts_samples, stops_samples, samples_per_column)

    def samples(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return the samples [start, stop), shape (stop - start, channels); zeros where the file is gone."""
        try:
            samples: NDArray[np.float32] = self._reader.read(start, stop)
        except SourceError:
            return np.zeros((stop - start, self.channels), np.float32)
        return samples

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
