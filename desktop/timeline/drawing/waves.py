"""Drawing source of a recording: its peaks, and its samples at high zoom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.timeline.drawing.wave_tiles import FineWave, WaveTiles
from engine.sound.pictures.fine_peaks import FINE_SAMPLES
from engine.sound.pictures.peaks import BASE_SAMPLES, Columns, PeakPyramid

AHEAD = 2.0
"""Finer peaks and samples are read when a view comes this near to needing them."""


class SourceWave:
    """Peaks and samples of one source at the document's rate.

    Only cached peaks are available at once; finer data is read on a separate thread, and the coarser
    is drawn until then.
    """

    sampled_below = 2.0 * FINE_SAMPLES

    def __init__(self, peaks: PeakPyramid, media: Path, tiles: WaveTiles) -> None:
        self.peaks = peaks
        self.media = media
        self._fine = FineWave(peaks, media, tiles)

    @property
    def channels(self) -> int:
        """How many channels the source has."""
        return self.peaks.channels

    @property
    def frames(self) -> int:
        """How long it is at the document's rate."""
        return self.peaks.frames

    def columns(
        self, channel: int, start_samples: float, samples_per_column: float, n_columns: int
    ) -> Columns:
        """Return minimum, maximum and RMS of each column, each of shape (n_columns,)."""
        for raw in self._wanted(channel, samples_per_column):
            self._fine.ask(start_samples, start_samples + samples_per_column * n_columns, raw)
        if samples_per_column < BASE_SAMPLES:
            fine = self._fine.columns(channel, start_samples, samples_per_column, n_columns)
            if fine is not None:
                return fine
        return self.peaks.columns(channel, start_samples, samples_per_column, n_columns)

    def cell_samples(self, samples_per_column: float) -> int:
        """Return the width of the cells that `spans` reads for columns of a width, or reads best."""
        fine = samples_per_column < BASE_SAMPLES
        return FINE_SAMPLES if fine else self.peaks.cell_samples(samples_per_column)

    def spans(
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
    ) -> Columns:
        """Return the same of each span [start, stop), shape (n,)."""
        for raw in self._wanted(channel, samples_per_column):
            self._fine.ask_spans(starts_samples, stops_samples, raw)
        if samples_per_column < BASE_SAMPLES:
            fine = self._fine.spans(channel, starts_samples, stops_samples, samples_per_column)
            if fine is not None:
                return fine
        return self.peaks.spans(channel, starts_samples, stops_samples, samples_per_column)

    def _wanted(self, channel: int, samples_per_column: float) -> Iterator[bool]:
        """Yield the data to read for columns of a width: False for fine peaks, True for samples."""
        if channel == 0:  # all channels of a piece are read at once
            if samples_per_column < AHEAD * BASE_SAMPLES:
                yield False
            if samples_per_column < AHEAD * self.sampled_below:
                yield True

    def samples(self, start: int, stop: int) -> NDArray[np.float32] | None:
        """Return the samples [start, stop), shape (stop - start, channels); None until they are read."""
        return self._fine.samples(start, stop)
