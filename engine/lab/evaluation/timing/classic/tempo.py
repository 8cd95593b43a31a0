"""How fast the music goes, moment by moment: a tempogram and the smoothest strong path through it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.viterbi import traced
from engine.core.progress import SILENT, Progress

Floats = NDArray[np.float32]

SLOWEST_BPM = 40.0
FASTEST_BPM = 230.0
WINDOW_S = 10.0
STEP_S = 1.0
_PRIOR_BPM = 135.0
_PRIOR_OCTAVES = 0.9
_BAR_WEIGHTS = (1.0, 0.6, 0.3, 0.4)
_HALF_BEAT_SHARE = 0.2
_CHANGE_COST = 12.0
_BLOCK_WINDOWS = 256


@dataclass(frozen=True, slots=True, eq=False)
class TempoPath:
    """The tempo over time.

    Attributes
    ----------
    frames : int64, shape (n,), ascending, where the tempo was read
    periods : float64, shape (n,), length of a beat there, in frames
    regularity : float64, shape (n,), how alike the strength is one, two or four beats later,
        whichever is most: about 0.1 (noise) to 1 (clicks)
    window_s : how much music each of them was read from
    """

    frames: NDArray[np.int64]
    periods: NDArray[np.float64]
    regularity: NDArray[np.float64]
    window_s: float


def candidate_tempi_bpm() -> NDArray[np.float64]:
    """Return the tempi that are weighed, shape (n,), one per cent apart."""
    count = int(np.log(FASTEST_BPM / SLOWEST_BPM) / np.log(1.01)) + 1
    tempi: NDArray[np.float64] = SLOWEST_BPM * 1.01 ** np.arange(count, dtype=np.float64)
    return tempi


@dataclass(frozen=True, slots=True, eq=False)
class Tempogram:
    """The strength, correlated with itself within windows of `WINDOW_S`, made when it is asked for.

    All of an hour at once would be 15 MB, and is looked at in passing only.

    Attributes
    ----------
    frames : int64, shape (n,), the middle of each window
    lags : how many, in frames
    """

    strength: Floats
    frames: NDArray[np.int64]
    lags: int
    _starts: NDArray[np.int64]
    _taper: NDArray[np.float64]
    _overlap: NDArray[np.float64]

    def blocks(self, progress: Progress = SILENT) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield the windows in turn: which they are, and their correlation, float64, shape (k, lags).

        It is the correlation coefficient at each lag, 1 at lag 0.
        """
        for first in range(0, len(self.frames), _BLOCK_WINDOWS):
            progress.check_cancelled()
            windows = slice(first, min(first + _BLOCK_WINDOWS, len(self.frames)))
            yield windows, self._correlation(windows)

    def _correlation(self, windows: slice) -> NDArray[np.float64]:
        size, transform = len(self._taper), _transform_size(len(self._taper))
        correlation = np.zeros((windows.stop - windows.start, self.lags))
        for row, start in enumerate(self._starts[windows].tolist()):
            window = self.strength[start : start + size].astype(np.float64)
            window = (window - np.average(window, weights=self._taper)) * self._taper
            found = np.fft.irfft(np.abs(np.fft.rfft(window, transform)) ** 2, transform)[: self.lags]
            if found[0] > 1e-9:
                correlation[row] = found / found[0] / self._overlap
        return np.clip(correlation, -1.0, 1.0)


def tempogram(strength: Floats, frames_per_s: float) -> Tempogram:
    """Return the tempogram of an onset strength, shape (frames,), of at least one frame."""
    size = min(len(strength), round(WINDOW_S * frames_per_s))
    middles = np.arange(0, max(1, len(strength)), max(1, round(STEP_S * frames_per_s)))
    starts = np.clip(middles - size // 2, 0, len(strength) - size)
    taper = np.hanning(size + 2)[1:-1]
    lags = min(size, round(4.0 * 60.0 / SLOWEST_BPM * frames_per_s) + 2)
    transform = _transform_size(size)
    overlap = np.fft.irfft(np.abs(np.fft.rfft(taper, transform)) ** 2, transform)[:lags]
    overlap = np.maximum(overlap / overlap[0], 0.1)
    return Tempogram(strength, middles.astype(np.int64), lags, starts, taper, overlap)


def _transform_size(size: int) -> int:
    return int(2 ** np.ceil(np.log2(2 * size)))


def weigh_tempi(correlation: NDArray[np.float64], frames_per_s: float) -> NDArray[np.float64]:
    """Return how well each candidate tempo explains each window, shape (windows, candidates).

    A tempo is good when the strength repeats after one beat and after two, three and four: the bar counts.
    It is worse when the strength repeats after half a beat just as well: then the beat is the faster one.
    """
    periods = 60.0 * frames_per_s / candidate_tempi_bpm()
    lags = correlation.shape[1]
    total = np.zeros((len(correlation), len(periods)))
    weight = np.zeros(len(periods))
    for beats, share in enumerate(_BAR_WEIGHTS, start=1):
        reach = beats * periods
        inside = reach < lags - 2
        total[:, inside] += share * at_lags(correlation, reach[inside])
        weight[inside] += share
    half = np.maximum(at_lags(correlation, periods / 2.0), 0.0)
    fit: NDArray[np.float64] = total / np.maximum(weight, 1e-9) - _HALF_BEAT_SHARE * half
    return fit


def at_lags(correlation: NDArray[np.float64], lags: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interpolate the correlation, shape (windows, n), at fractional lags, shape (m,), to (windows, m)."""
    whole = np.minimum(lags.astype(np.int64), correlation.shape[1] - 2)
    part = lags - whole
    between: NDArray[np.float64] = correlation[:, whole] * (1 - part) + correlation[:, whole + 1] * part
    return between


def follow_tempo(strength: Floats, frames_per_s: float, progress: Progress = SILENT) -> TempoPath:
    """Find the tempo of each second of the recording.

    The tempo at each moment is the one that fits best, is not far from 135 BPM (log-normal, as in Ellis,
    "Beat tracking by dynamic programming", 2007; middle and width chosen on annotated recordings) and does
    not jump without need (Viterbi over the tempogram).

    Raises
    ------
    Cancelled : the user asked for it
    """
    gram = tempogram(strength, frames_per_s)
    tempi = candidate_tempi_bpm()
    periods = 60.0 * frames_per_s / tempi[_smoothest(gram, tempi, frames_per_s, progress)]
    regularity = np.zeros(len(gram.frames))
    for windows, correlation in gram.blocks(progress):
        rows = np.arange(len(correlation))
        lags = [beats * periods[windows] for beats in (1, 2, 4)]
        regularity[windows] = np.max([_after(correlation, rows, lag) for lag in lags], axis=0)
    window_s = min(WINDOW_S, len(strength) / frames_per_s)
    return TempoPath(gram.frames, periods, np.clip(regularity, 0.0, 1.0), window_s)


def _smoothest(
    gram: Tempogram, tempi: NDArray[np.float64], frames_per_s: float, progress: Progress
) -> NDArray[np.int64]:
    """Return which tempo each window has on the best path, shape (windows,)."""
    prior = np.exp(-0.5 * (np.log2(tempi / _PRIOR_BPM) / _PRIOR_OCTAVES) ** 2)
    octaves = np.abs(np.log2(tempi[:, None] / tempi[None, :]))
    cost = np.minimum(_CHANGE_COST * octaves, 4.0) * 0.25
    best = np.zeros(0)
    came_from = np.zeros((len(gram.frames), len(tempi)), np.uint8)
    for windows, correlation in gram.blocks(progress):
        fits = np.maximum(weigh_tempi(correlation, frames_per_s), 0.0) * prior
        for row, fit in enumerate(fits, start=windows.start):
            progress.check_cancelled()
            if row == 0:
                best = fit.copy()
                continue
            reached = best[None, :] - cost
            chosen = reached.argmax(axis=1)
            came_from[row] = chosen
            best = reached[np.arange(len(tempi)), chosen] + fit
    return traced(came_from[1:], int(best.argmax()))


def _after(
    correlation: NDArray[np.float64], rows: NDArray[np.int64], lags: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return each window's correlation at a lag of its own, shape (windows,); 0 past the longest lag."""
    whole = np.minimum(lags.astype(np.int64), correlation.shape[1] - 2)
    part = lags - whole
    between = correlation[rows, whole] * (1.0 - part) + correlation[rows, whole + 1] * part
    return np.where(lags < correlation.shape[1] - 1, between, 0.0)
