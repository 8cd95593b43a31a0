"""The sound of one take, mono at one rate, and its rises in a few bands, a hundred times a second.

A take has files that follow each other and parallel ones. The rises give the lags at which two recordings
agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import uniform_filter1d

from engine.core.timebase import convert_samples
from engine.recordings.stated.continuations import Take
from engine.recordings.stated.file_head import FileHead
from engine.sound.conform import REACH_SAMPLES, converted
from engine.sound.reader import SourceReader

Floats = NDArray[np.float32]

_PER_S = 100
_EDGES_HZ = (100.0, 300.0, 700.0, 1_500.0, 3_000.0, 6_000.0)
_LEVELS = 1e3
_LEAST_HZ, _MOST_HZ, _SMOOTH_HZ = 0.2, 20.0, 0.1
"""Modulations that count, and the width of a line in their spectrum."""
_SEGMENT_S = 240.0
"""A drift of 100 ppm is 24 ms over one segment, so that its peak stays one."""
_LEAST_OVERLAP_S = 4.0
_LEAST_ENERGY = 0.1
_APART_S = 0.25
_PEAKS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """Rises of a recording.

    Attributes
    ----------
    rises : float32, shape (bands, frames); each band has mean 0 and variance 1, or is 0 in silence
    frame_s : distance between two frames
    """

    rises: Floats
    frame_s: float

    @property
    def frames(self) -> int:
        """Return the number of frames."""
        return int(self.rises.shape[1])


@dataclass(frozen=True, slots=True)
class LagPeak:
    """A lag at which a segment of one recording agrees with another recording.

    Attributes
    ----------
    at_s : middle of the segment that overlaps
    lag_s : from the time in the first to that in the other
    score : height over all lags, in robust standard deviations
    """

    at_s: float
    lag_s: float
    score: float


def envelope_of(blocks: Iterable[Floats], rate_hz: int) -> Envelope:
    """Return the rises of a mono stream; 2 kB a second are held."""
    hop = round(rate_hz / _PER_S)
    taper = np.hanning(2 * hop + 2)[1:-1].astype(np.float32)
    hz = np.arange(hop + 1) * rate_hz / (2 * hop)
    edges = np.searchsorted(hz, [edge for edge in _EDGES_HZ if edge < rate_hz / 2.1])
    found, rest = [], np.zeros(0, np.float32)
    for block in blocks:
        heard = np.concatenate([rest, np.nan_to_num(block, posinf=0.0, neginf=0.0)])
        count = max(0, len(heard) // hop - 1)
        if count:
            frames = sliding_window_view(heard, 2 * hop)[: count * hop : hop]
            power = np.abs(rfft(frames * taper, axis=1)) ** 2
            found.append(np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1).T)
        rest = heard[count * hop :]
    energy = np.concatenate(found, axis=1) if found else np.zeros((len(edges) - 1, 0), np.float32)
    return Envelope(_rises(energy.astype(np.float32)), hop / rate_hz)


def _rises(energy: Floats) -> Floats:
    if not energy.shape[1]:
        return energy
    loud = np.quantile(energy, 0.99, axis=1, keepdims=True)
    level = np.log1p(_LEVELS * energy / np.maximum(loud, 1e-20))
    level[loud[:, 0] <= 0.0] = 0.0
    rises = np.maximum(np.diff(level, axis=1, prepend=level[:, :1]), 0.0)
    rises = np.minimum(rises, np.quantile(rises, 0.995, axis=1, keepdims=True))
    whole = _whitened(rises)
    spread = whole.std(axis=1, keepdims=True)
    return np.where(spread > 1e-9, whole / np.maximum(spread, 1e-9), 0.0).astype(np.float32)


def _whitened(rises: Floats) -> Floats:
    """Flatten the spectrum of rises: a steady beat agrees with itself at every bar, and hides all else."""
    count = rises.shape[1]
    size = next_fast_len(count, real=True)
    spectra = rfft(rises - rises.mean(axis=1, keepdims=True), size, axis=1)
    width = max(3, round(_SMOOTH_HZ * size / _PER_S))
    power = uniform_filter1d(np.abs(spectra) ** 2, width, axis=1)
    spectra /= np.sqrt(power + 1e-3 * power.mean(axis=1, keepdims=True) + 1e-12)
    hz = np.arange(spectra.shape[1]) * _PER_S / size
    spectra *= np.clip((_MOST_HZ - hz) / (0.3 * _MOST_HZ), 0.0, 1.0)
    spectra[:, hz < _LEAST_HZ] = 0.0
    whole: Floats = irfft(spectra, size, axis=1)[:, :count]
    return whole


def lag_peaks(near: Envelope, far: Envelope) -> list[LagPeak]:
    """Return the lags at which segments of the first agree best with the other, for any overlap of the two.

    Segments are those of the shorter recording, so that the cost is that of the longer one for each four
    minutes of the other.
    """
    if far.frames < near.frames:
        turned = lag_peaks(far, near)
        return [LagPeak(one.at_s + one.lag_s, -one.lag_s, one.score) for one in turned]
    frame_s = near.frame_s
    if near.frames * frame_s < _LEAST_OVERLAP_S:
        return []
    length = max(1, round(_SEGMENT_S / frame_s))
    count = max(1, round(near.frames / length))
    borders = np.linspace(0, near.frames, count + 1).astype(int)
    longest = int(np.diff(borders).max())
    size = next_fast_len(far.frames + longest, real=True)
    spectra = rfft(far.rises, size, axis=1)
    energy = np.concatenate([[0.0], np.cumsum((far.rises**2).sum(axis=0, dtype=np.float64))])
    found: list[LagPeak] = []
    for start, stop in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        scores, first = _scores(near.rises[:, start:stop], spectra, energy, size, frame_s)
        for place in _highest(scores, round(_APART_S / frame_s)):
            lag = first + place - start
            begin, end = max(start, -lag), min(stop, far.frames - lag)
            found.append(LagPeak((begin + end) / 2 * frame_s, lag * frame_s, float(scores[place])))
    return found


def _scores(
    segment: Floats, spectra: NDArray[np.complex64], energy: NDArray[np.float64], size: int, frame_s: float
) -> tuple[Floats, int]:
    """Return the agreement at each position of a segment in the other, and the first of these positions."""
    length, frames = segment.shape[1], len(energy) - 1
    least = min(round(_LEAST_OVERLAP_S / frame_s), length, frames)
    cross = (np.conj(rfft(segment, size, axis=1)) * spectra).sum(axis=0)
    products = irfft(cross, size)
    positions = np.arange(least - length, frames - least + 1)
    products = products[positions % size].astype(np.float64)
    own = np.concatenate([[0.0], np.cumsum((segment**2).sum(axis=0, dtype=np.float64))])
    begin, end = np.maximum(positions, 0), np.minimum(positions + length, frames)
    overlaps = end - begin
    floor = _LEAST_ENERGY * segment.shape[0] * overlaps
    energies = [energy[end] - energy[begin], own[end - positions] - own[begin - positions]]
    one, other = (np.maximum(values, floor) for values in energies)
    alike = products / np.sqrt(np.maximum(one * other, 1e-9)) * np.sqrt(overlaps)
    alike -= np.median(alike)
    spread = 1.4826 * float(np.median(np.abs(alike))) + 1e-9
    return (alike / spread).astype(np.float32), int(positions[0])


def _highest(scores: Floats, apart: int) -> list[int]:
    """Return the positions of the highest peaks that are some frames apart."""
    left, found = scores.copy(), []
    for _ in range(_PEAKS):
        best = int(np.argmax(left))
        if left[best] <= 0.0:
            break
        found.append(best)
        left[max(0, best - apart) : best + apart + 1] = -np.inf
    return found


_MOST_AT_A_TIME = 4
"""Parallel files that are mixed; more of them cost time and add little."""
_BLOCK_SAMPLES = 1 << 18
_CONVERTED_BLOCK = 1 << 16


@dataclass(slots=True)
class _File:
    """An open file, and its place in the take at the common rate."""

    reader: SourceReader
    start_samples: int
    length_samples: int


class TakeSound:
    """Random access to the sound of a take, folded to mono; a context manager, for one thread at a time.

    Parameters
    ----------
    media : the file to read instead of one of `heads`, such as its decoded copy
    rate_hz : of the samples that are returned

    Raises
    ------
    SourceError : a file cannot be read
    """

    def __init__(
        self, take: Take, heads: Sequence[FileHead], rate_hz: int, media: Mapping[Path, Path] | None = None
    ) -> None:
        self.rate_hz = rate_hz
        self._files: list[_File] = []
        with ExitStack() as opened:
            for index, start in _few_at_a_time(take):
                path = heads[index].path
                reader = opened.enter_context(SourceReader((media or {}).get(path, path)))
                length = convert_samples(reader.frames, reader.rate_hz, rate_hz)
                self._files.append(
                    _File(reader, convert_samples(start, take.rate_hz or rate_hz, rate_hz), length)
                )
            self._opened = opened.pop_all()
        self.length_samples = max(file.start_samples + file.length_samples for file in self._files)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def read(self, start: int, stop: int) -> Floats:
        """Return the samples [start, stop), shape (stop - start,); zeros outside of the take."""
        mixed = np.zeros(stop - start, np.float32)
        for file in self._files:
            first, last = max(start, file.start_samples), min(stop, file.start_samples + file.length_samples)
            if first < last:
                mixed[first - start : last - start] += _converted_span(
                    file.reader, first - file.start_samples, last - file.start_samples, self.rate_hz
                )
        return mixed

    def blocks(self) -> Iterator[Floats]:
        """Yield all of its samples in order."""
        streams = [(file, _Stream(file.reader, self.rate_hz, file.length_samples)) for file in self._files]
        for start in range(0, self.length_samples, _BLOCK_SAMPLES):
            stop = min(start + _BLOCK_SAMPLES, self.length_samples)
            mixed = np.zeros(stop - start, np.float32)
            for file, stream in streams:
                first = max(start, file.start_samples)
                piece = stream.take(stop - first) if first < stop else np.zeros(0, np.float32)
                mixed[first - start : first - start + len(piece)] += piece
            yield mixed


class _Stream:
    """A file read once, mono and at another rate, in pieces of any length."""

    def __init__(self, reader: SourceReader, rate_hz: int, length_samples: int) -> None:
        mono = (block.mean(axis=1, keepdims=True) for block in reader.blocks(_CONVERTED_BLOCK))
        self._blocks = converted(mono, reader.rate_hz, rate_hz, channels=1)
        self._rest = np.zeros(0, np.float32)
        self._left = length_samples

    def take(self, count: int) -> Floats:
        """Return the next samples, fewer at the end."""
        count = min(count, self._left)
        pieces, has = [self._rest], len(self._rest)
        while has < count:
            block = next(self._blocks, None)
            if block is None:
                break
            pieces.append(block[:, 0])
            has += len(block)
        whole = np.concatenate(pieces)
        self._rest = whole[count:]
        self._left -= min(count, len(whole))
        return whole[:count]


def _few_at_a_time(take: Take) -> Iterator[tuple[int, int]]:
    """Yield files with their starts, up to `_MOST_AT_A_TIME` of those that begin together."""
    begun: dict[int, int] = {}
    for index, start in zip(take.files, take.starts_samples, strict=True):
        begun[start] = begun.get(start, 0) + 1
        if begun[start] <= _MOST_AT_A_TIME:
            yield index, start


def _converted_span(reader: SourceReader, start: int, stop: int, rate_hz: int) -> Floats:
    """Return a span of a file, mono, counted and sampled at another rate."""
    own_hz = reader.rate_hz
    if own_hz == rate_hz:
        mono: Floats = reader.read(start, stop).mean(axis=1)
        return mono
    divisor = int(np.gcd(own_hz, rate_hz))
    unit, own_unit = rate_hz // divisor, own_hz // divisor  # so many samples of each last equally long
    first = (start // unit) * unit - unit * -(-REACH_SAMPLES * 4 // min(unit, own_unit))
    own_first = first // unit * own_unit
    own_stop = -(-(stop - first) * own_unit // unit) + own_first + 4 * REACH_SAMPLES
    heard = reader.read(own_first, own_stop).mean(axis=1)
    resampled = soxr.resample(heard, own_hz, rate_hz, quality="VHQ")
    piece = resampled[start - first : stop - first]
    out = np.zeros(stop - start, np.float32)
    out[: len(piece)] = piece
    return out
