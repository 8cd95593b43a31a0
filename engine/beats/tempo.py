"""How fast the music goes, moment by moment: a tempogram and the smoothest strong path through it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.progress import SILENT, Progress

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


def tempogram(
    strength: Floats, frames_per_s: float, progress: Progress = SILENT
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Correlate the strength with itself within windows of `WINDOW_S`.

    Returns
    -------
    frames : int64, shape (n,), the middle of each window
    correlation : float64, shape (n, lags), the correlation coefficient at each lag in frames; 1 at lag 0
    """
    size = min(len(strength), round(WINDOW_S * frames_per_s))
    middles = np.arange(0, max(1, len(strength)), max(1, round(STEP_S * frames_per_s)))
    starts = np.clip(middles - size // 2, 0, len(strength) - size)
    taper = np.hanning(size + 2)[1:-1]
    lags = min(size, round(4.0 * 60.0 / SLOWEST_BPM * frames_per_s) + 2)
    transform = int(2 ** np.ceil(np.log2(2 * size)))
    overlap = np.fft.irfft(np.abs(np.fft.rfft(taper, transform)) ** 2, transform)[:lags]
    overlap = np.maximum(overlap / overlap[0], 0.1)
    correlation = np.zeros((len(starts), lags))
    for row, start in enumerate(starts):
        progress.check_cancelled()
        window = strength[start : start + size].astype(np.float64)
        window = (window - np.average(window, weights=taper)) * taper
        found = np.fft.irfft(np.abs(np.fft.rfft(window, transform)) ** 2, transform)[:lags]
        if found[0] > 1e-9:
            correlation[row] = found / found[0] / overlap
    return middles.astype(np.int64), np.clip(correlation, -1.0, 1.0)


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
    frames, correlation = tempogram(strength, frames_per_s, progress)
    tempi = candidate_tempi_bpm()
    prior = np.exp(-0.5 * (np.log2(tempi / _PRIOR_BPM) / _PRIOR_OCTAVES) ** 2)
    fit = np.maximum(weigh_tempi(correlation, frames_per_s), 0.0) * prior
    octaves = np.abs(np.log2(tempi[:, None] / tempi[None, :]))
    cost = np.minimum(_CHANGE_COST * octaves, 4.0) * 0.25
    best = fit[0].copy()
    came_from = np.zeros(fit.shape, np.int64)
    for row in range(1, len(fit)):
        progress.check_cancelled()
        reached = best[None, :] - cost
        came_from[row] = reached.argmax(axis=1)
        best = reached[np.arange(len(tempi)), came_from[row]] + fit[row]
    path = np.zeros(len(fit), np.int64)
    path[-1] = best.argmax()
    for row in range(len(fit) - 1, 0, -1):
        path[row - 1] = came_from[row, path[row]]
    periods = 60.0 * frames_per_s / tempi[path]
    rows = np.arange(len(fit))
    regularity = np.max([_after(correlation, rows, beats * periods) for beats in (1, 2, 4)], axis=0)
    window_s = min(WINDOW_S, len(strength) / frames_per_s)
    return TempoPath(frames, periods, np.clip(regularity, 0.0, 1.0), window_s)


def _after(
    correlation: NDArray[np.float64], rows: NDArray[np.int64], lags: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return each window's correlation at a lag of its own, shape (windows,); 0 past the longest lag."""
    whole = np.minimum(lags.astype(np.int64), correlation.shape[1] - 2)
    part = lags - whole
    between = correlation[rows, whole] * (1.0 - part) + correlation[rows, whole + 1] * part
    return np.where(lags < correlation.shape[1] - 1, between, 0.0)
