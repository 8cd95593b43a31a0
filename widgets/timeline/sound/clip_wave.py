"""Waveform and spectrogram of a track with several clips, put together from those of its sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.document.state import DocumentState
from engine.document.tracks import Track, Visible, visible_in_time
from engine.sound.edl.tracks.patched_reader import ClipReader, fade_powers
from engine.sound.edl.tracks.patches import Patches
from engine.sound.pictures.peaks import BASE_SAMPLES, FACTOR, Columns, PeakPyramid, pyramid_over
from engine.sound.pictures.spectrogram import STEP_DB, Cells, band_edges
from widgets.timeline.sound.result_columns import DrawnSource, RecordedSpectrogram
from widgets.timeline.sound.waves import NotYetReadError, Positions, RecordedWave


@dataclass(frozen=True, slots=True)
class _Part:
    """The spans of a request that show a clip.

    Attributes
    ----------
    places : which spans, m of them
    starts, stops : in the clip's source, shape (m,)
    channel : of the source
    """

    one: Visible
    places: slice
    starts: Positions
    stops: Positions
    channel: int

    def is_whole(self, starts: Positions, stops: Positions) -> bool:
        """Return whether the clip alone plays in all of the request's spans, as it was recorded."""
        is_in = np.array_equal(self.stops - self.starts, stops - starts)
        return is_in and self.one.clip.is_plain

    @property
    def gains(self) -> NDArray[np.float64] | float:
        """The gain of the clip at the middle of each span, shape (m,), or one for all."""
        clip = self.one.clip
        if clip.is_plain:
            return 1.0
        middles = (self.starts + self.stops - 1) / 2 + clip.shift_samples
        gains: NDArray[np.float64] = np.sqrt(fade_powers(clip, middles))
        gains *= 10.0 ** (clip.gain_db / 20.0)
        return gains


class _Clips:
    """The clips of a track, by position from its start."""

    def __init__(self, track: Track, widths: Mapping[str, int]) -> None:
        self._start, self._widths = track.start_samples, widths
        self._visible = visible_in_time(track.clips)
        self._starts = [one.start_samples for one in self._visible]
        self._longest_stop = np.maximum.accumulate([one.stop_samples for one in self._visible])

    def parts(self, channel: int, starts: Positions, stops: Positions) -> Iterator[_Part]:
        """Yield the clips that show in ascending spans, relative to the start of the track."""
        if not len(starts):
            return
        begins, ends = starts + self._start, stops + self._start
        first = int(np.searchsorted(self._longest_stop, begins[0], "right"))
        last = int(np.searchsorted(self._starts, ends.max(), "left"))
        for one in self._visible[first:last]:
            width = self._widths.get(one.clip.source_id, 0)
            below = np.searchsorted(ends, one.start_samples, "right")
            above = np.searchsorted(begins, one.stop_samples)
            if below < above and (width == 1 or channel < width):
                places, shift = slice(below, above), one.clip.shift_samples
                begin = np.maximum(begins[places], one.start_samples) - shift
                end = np.minimum(ends[places], one.stop_samples) - shift
                yield _Part(one, places, begin, end, channel if width > 1 else 0)


MOST_COLUMNS = 65_536
"""Of the coarse waveform of a track, which wide columns are drawn from, however many clips it has."""


class ClipWave:
    """The waveform of a track: a column over an edge of a clip shows both sides.

    Wide columns are drawn from a coarse waveform of the whole track, made when they are first asked for.

    Parameters
    ----------
    waves : by source id; clips without one are drawn as silence
    widths : number of channels of each source, by id
    channels : of the track
    """

    def __init__(
        self, track: Track, waves: Mapping[str, RecordedWave], widths: Mapping[str, int], channels: int
    ) -> None:
        self._clips, self._waves, self.channels = _Clips(track, widths), waves, channels
        self._frames = track.stop_samples - track.start_samples
        self._coarse_samples = BASE_SAMPLES
        while self._frames > MOST_COLUMNS * self._coarse_samples:
            self._coarse_samples *= FACTOR
        self._reader = ClipReader(track, channels, lambda key: DrawnSource(waves.get(key)))
        self.sampled_below = min(wave.sampled_below for wave in waves.values())

    def cell_samples(self, samples_per_column: float) -> int:
        """Return the width of the cells that `spans` reads for columns of a width."""
        if self._is_coarse(samples_per_column):
            return self._coarse.cell_samples(samples_per_column)
        return max(wave.cell_samples(samples_per_column) for wave in self._waves.values())

    def columns(
        self, channel: int, start_samples: float, samples_per_column: float, n_columns: int
    ) -> Columns:
        """Return columns of a width; outside the clips they are zero."""
        edges = np.floor(start_samples + samples_per_column * np.arange(n_columns + 1)).astype(np.int64)
        stops = np.maximum(edges[1:], edges[:-1] + 1)
        return self.spans(channel, edges[:-1], stops, samples_per_column)

    def spans(
        self, channel: int, starts_samples: Positions, stops_samples: Positions, samples_per_column: float
    ) -> Columns:
        """Return a column for each ascending span [start, stop); outside the clips they are zero."""
        if self._is_coarse(samples_per_column):
            return self._coarse.spans(channel, starts_samples, stops_samples, samples_per_column)
        return self._put_together(channel, starts_samples, stops_samples, samples_per_column)

    def _is_coarse(self, samples_per_column: float) -> bool:
        return samples_per_column >= 2 * self._coarse_samples

    @cached_property
    def _coarse(self) -> PeakPyramid:
        """The peaks of the whole track."""
        width = self._coarse_samples
        starts = np.arange(0, self._frames, width, dtype=np.int64)
        stops = np.minimum(starts + width, self._frames)
        base = np.empty((3, self.channels, len(starts)), np.float32)
        for channel in range(self.channels):
            found = self._put_together(channel, starts, stops, float(width))
            base[0, channel], base[1, channel] = found.minimum, found.maximum
            base[2, channel] = np.square(found.rms) * (stops - starts)
        return pyramid_over(base, width, 0, self._frames)

    def _put_together(
        self, channel: int, starts_samples: Positions, stops_samples: Positions, samples_per_column: float
    ) -> Columns:
        parts = list(self._clips.parts(channel, starts_samples, stops_samples))
        if len(parts) == 1 and parts[0].is_whole(starts_samples, stops_samples):
            return self._read(parts[0], samples_per_column)
        lowest, highest = (np.full(len(starts_samples), edge, np.float32) for edge in (np.inf, -np.inf))
        energies, covered = np.zeros(len(starts_samples)), np.zeros(len(starts_samples), np.int64)
        for part in parts:
            own = self._read(part, samples_per_column)
            places, gains, lengths = part.places, part.gains, part.stops - part.starts
            low, high = lowest[places], highest[places]
            np.minimum(low, own.minimum * np.float32(gains), out=low)
            np.maximum(high, own.maximum * np.float32(gains), out=high)
            energies[places] += np.square(own.rms * gains) * lengths
            covered[places] += lengths
        lengths = np.maximum(stops_samples - starts_samples, 1)
        partly = covered < lengths  # silence beside a clip
        np.minimum(lowest, 0.0, out=lowest, where=partly)
        np.maximum(highest, 0.0, out=highest, where=partly)
        return Columns(lowest, highest, np.sqrt(energies / lengths).astype(np.float32))

    def _read(self, part: _Part, samples_per_column: float) -> Columns:
        wave = self._waves[part.one.clip.source_id]
        return wave.spans(part.channel, part.starts, part.stops, samples_per_column)

    def samples(self, start: int, stop: int) -> NDArray[np.float32] | None:
        """Return samples [start, stop), shape (frames, channels); None while they are being read."""
        try:
            read: NDArray[np.float32] = self._reader.read(start, stop)
        except NotYetReadError:
            return None
        return read


class ClipSpectrogram:
    """The spectrogram of a track; fades are not drawn.

    Parameters
    ----------
    spectrograms : by source id, those of all clips
    widths : number of channels of each source, by id
    """

    def __init__(
        self, track: Track, spectrograms: Mapping[str, RecordedSpectrogram], widths: Mapping[str, int]
    ) -> None:
        self._clips, self._spectrograms = _Clips(track, widths), spectrograms
        self._first = spectrograms[track.clips[0].source_id]

    @property
    def window_samples(self) -> int:
        """Window of the transform."""
        return self._first.window_samples

    @property
    def rate_hz(self) -> int:
        """The document's rate."""
        return self._first.rate_hz

    def cells(
        self, channel: int, starts_samples: Positions, stops_samples: Positions, samples_per_column: float
    ) -> Cells:
        """Return the maximum of each ascending span, shape (n, bands); 0 for missing data."""
        made = np.zeros((len(starts_samples), len(band_edges(self.window_samples)) - 1), np.uint8)
        for part in self._clips.parts(channel, starts_samples, stops_samples):
            source = self._spectrograms[part.one.clip.source_id]
            own = source.cells(part.channel, part.starts, part.stops, samples_per_column)
            gain = round(part.one.clip.gain_db / STEP_DB)
            if gain:
                own = np.where(own, np.clip(own.astype(np.int64) + gain, 0, 255), 0).astype(np.uint8)
            made[part.places] = np.maximum(made[part.places], own)
        return made

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
        """Leave the cells as the pyramid has them: finer spectra of edits are read from one source only."""


def track_wave(state: DocumentState, track: Track, waves: Mapping[str, RecordedWave]) -> RecordedWave:
    """Return the waveform of a track from those of its sources, by id; at least one of them is found."""
    if track.plays_from_start:
        return waves[track.clips[0].source_id]
    widths = {key: width for key, width in _widths(state, track).items() if key in waves}
    return ClipWave(track, waves, widths, state.channels(track))


def track_spectrogram(
    state: DocumentState, track: Track, spectrograms: Mapping[str, RecordedSpectrogram]
) -> RecordedSpectrogram:
    """Return the spectrogram of a track from those of its sources, by id."""
    if track.plays_from_start:
        return spectrograms[track.clips[0].source_id]
    return ClipSpectrogram(track, spectrograms, _widths(state, track))


def _widths(state: DocumentState, track: Track) -> dict[str, int]:
    return {key: state.sources[key].channels for key in track.source_ids}
