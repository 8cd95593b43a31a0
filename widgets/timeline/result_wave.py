"""The sound of one track in the result: kept material joined at the seams, as it is heard."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.audio.peaks import Columns
from engine.document.track import Track
from engine.edl.crossfade import Block
from engine.edl.edit_list import EditList
from engine.edl.render import VoiceRenderer
from engine.edl.voice import Voice
from widgets.timeline.waves import RecordedWave


class NotYetReadError(Exception):
    """The samples of a source are still being read."""


class ResultWave:
    """A wave source in result positions, counted from where the track begins in the result.

    Columns are taken from the pyramid of the recording, a column over a seam from both of its sides. Samples
    come from the renderer that plays and exports, so that crossfades are seen as they sound.
    """

    def __init__(self, source: RecordedWave, track: Track, channels: int, stop: int, edits: EditList) -> None:
        self._source = source
        self._edits = edits
        self._track_start = track.start_samples
        self._offset = edits.to_result(track.start_samples)
        voice = Voice(track, 1.0, channels, stop, _Recorded(source), np.float32)
        self._renderer = VoiceRenderer(edits, [voice], channels)

    def columns(
        self, channel: int, start_samples: float, samples_per_column: float, n_columns: int
    ) -> Columns:
        """Return columns of the result; outside the track they are zero."""
        first, width = start_samples + self._offset, samples_per_column
        whole = int(np.floor(first))
        if self._in_one_piece(whole, first + width * n_columns):
            moved = self._edits.to_source(whole) - whole - self._track_start
            return self._source.columns(channel, first + moved, width, n_columns)
        edges = np.floor(first + width * np.arange(n_columns + 1)).astype(np.int64)
        return self._joined(channel, edges, width)

    def samples(self, start: int, stop: int) -> NDArray[np.float32] | None:
        """Return samples [start, stop) as they are heard; None while they are being read."""
        try:
            heard: NDArray[np.float32] = self._renderer.read(start + self._offset, stop + self._offset)
        except NotYetReadError:
            return None
        return heard

    def _in_one_piece(self, start: int, stop: float) -> bool:
        seams = self._edits.seams_samples
        index = int(np.searchsorted(seams, start, side="right")) - 1
        last = int(seams[index + 1]) if index + 1 < len(seams) else self._edits.length_samples
        return index >= 0 and stop <= last

    def _joined(self, channel: int, edges: NDArray[np.int64], width: float) -> Columns:
        """Return columns between borders in the result, shape (n + 1,): each is cut where a seam is in it."""
        n_columns, edits = len(edges) - 1, self._edits
        result = Columns(*(np.zeros(n_columns, np.float32) for _ in range(3)))
        # a column narrower than a sample shows the sample it lies in
        starts = np.clip(edges[:-1], 0, edits.length_samples)
        stops = np.clip(np.maximum(edges[1:], edges[:-1] + 1), 0, edits.length_samples)
        shown = np.flatnonzero(starts < stops)
        if not len(shown):
            return result
        starts, stops = starts[shown], stops[shown]
        seams = edits.seams_samples
        inner = seams[np.searchsorted(seams, starts[0], "right") : np.searchsorted(seams, stops[-1], "left")]
        holder = np.searchsorted(starts, inner, "right") - 1
        inner, holder = inner[inner > starts[holder]], holder[inner > starts[holder]]
        piece_starts = np.insert(starts, holder + 1, inner)
        piece_stops = np.insert(stops, holder, inner)
        first_pieces = np.arange(len(starts)) + np.searchsorted(holder, np.arange(len(starts)), "left")
        source_starts = edits.to_source_array(piece_starts) - self._track_start
        lengths = piece_stops - piece_starts
        pieces = self._source.spans(channel, source_starts, source_starts + lengths, width)
        result.minimum[shown] = np.minimum.reduceat(pieces.minimum, first_pieces)
        result.maximum[shown] = np.maximum.reduceat(pieces.maximum, first_pieces)
        energies = np.add.reduceat(np.square(pieces.rms, dtype=np.float64) * lengths, first_pieces)
        result.rms[shown] = np.sqrt(energies / np.add.reduceat(lengths, first_pieces))
        return result


class _Recorded:
    """What a voice reads a track from when it is drawn."""

    def __init__(self, source: RecordedWave) -> None:
        self._source = source

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> Block:
        samples = self._source.samples(start, stop)
        if samples is None:
            raise NotYetReadError
        return samples.astype(dtype, copy=False)

    def close(self) -> None:
        """Leave the source to whoever opened it."""
