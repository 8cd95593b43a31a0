"""How sound rises in a few bands, a hundred times a second, and at which lags two recordings agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import uniform_filter1d

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
    found: Floats = np.where(spread > 1e-9, whole / np.maximum(spread, 1e-9), 0.0).astype(np.float32)
    return found


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
