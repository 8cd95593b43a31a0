"""Where the sound of one take is in another take: a path of lags, with its certainty.

Dynamic time warping (H. Sakoe and S. Chiba, IEEE Trans. ASSP 26(1), 1978) over time and lag, so that the
table is the band of allowed lags, and a step keeps the lag or changes it by one hop. Features are log-mel
levels and their slopes, each band normalised within a passage: the timbre of a voice or a microphone does
not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.loudness import finite
from engine.analysis.signal.stft import mel_power_blocks
from engine.core.progress import SILENT, Progress
from engine.features.timing.notes.onsets import ReadMono

Floats = NDArray[np.float32]
Positions = NDArray[np.float64]

_HOP_S, _BANDS, _WINDOW_S = 0.005, 40, 0.025
_FLOOR_DB, _LOUD_DB = 50.0, 40.0
"""Below the loudest twentieth of a passage: softer is silence; louder counts for the normalisation."""
_SLOPE_FRAMES = 4
_MARGIN_S = 0.06
"""The path may go farther than notes may move, so that sounds out of reach are recognised."""
_STEP = 0.3
"""Cost of a change of the lag by one hop, in mean squared deviations of a feature."""
_SMOOTH_S = 0.025
_BEFORE_FRAMES, _AFTER_FRAMES, _NEAR_FRAMES = 12, 20, 4
"""The sound around a place by which its lag is refined, within some hops of the path."""
_LONG_BEFORE_FRAMES, _LONG_AFTER_FRAMES = 60, 100
"""The sound around a place that is compared: less of it agrees by chance."""
_CORE_S, _AROUND_S = 30.0, 5.0
"""Length of a passage, and of the sound on either side that is decoded with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Warping:
    """The lag of one take against another, at every hop of the first.

    Attributes
    ----------
    hop_samples : distance between two values
    lags_samples : float64, shape (hops,), how much later the other take has the same sound
    alike : float64, shape (hops,), correlation of spectra 0.3 s before to 0.5 s after, -1 to 1; 0 in silence
    """

    hop_samples: int
    lags_samples: Positions
    alike: Positions

    def lags_at(self, places_samples: Positions) -> Positions:
        """Return the lag at each place, shape (n,)."""
        return np.interp(places_samples, self._times(), self.lags_samples)

    def alike_at(self, places_samples: Positions) -> Positions:
        """Return how alike both takes are around each place, shape (n,)."""
        return np.interp(places_samples, self._times(), self.alike)

    def _times(self) -> Positions:
        return np.arange(len(self.lags_samples), dtype=np.float64) * self.hop_samples


def find_warping(
    read: ReadMono,
    read_other: ReadMono,
    length_samples: int,
    rate_hz: int,
    most_ms: float,
    progress: Progress = SILENT,
    steady_s: float = _SMOOTH_S,
) -> Warping:
    """Find where the sound of one take is in another, passage by passage.

    Parameters
    ----------
    read, read_other : the take, and the one that it is compared with
    most_ms : the largest lag that is of interest
    steady_s : how long the lag hardly changes; more than the default for takes of a band, whose tempo drifts,
        and in which a wrong or a missing note must not pull the path to the next sixteenth

    Raises
    ------
    Cancelled : the user asked for it
    """
    hop = round(_HOP_S * rate_hz)
    reach = round((most_ms / 1000.0 + _MARGIN_S) / _HOP_S)
    core, around = round(_CORE_S / _HOP_S), round(_AROUND_S / _HOP_S)
    lags, alike = [np.zeros(0)], [np.zeros(0)]
    total = -(-length_samples // hop) + 1
    for start in range(0, total, core):
        progress.check_cancelled()
        progress.report(start / total, "Comparing takes")
        first, last = max(start - around, 0), min(start + core + around, total)
        own, others = (_features(one, first * hop, (last - 1) * hop, rate_hz) for one in (read, read_other))
        costs = _costs(own[0], others[0], reach)
        path = _path(uniform_filter1d(costs, round(steady_s / _HOP_S), axis=0))
        found = _refined(costs, path) - reach, _correlations(own[1], others[1], path - reach)
        retained = slice(start - first, min(start + core, total) - first)
        lags.append(found[0][retained] * hop)
        alike.append(found[1][retained])
    return Warping(hop, np.concatenate(lags), np.concatenate(alike))


def _features(read: ReadMono, start: int, stop: int, rate_hz: int) -> tuple[Floats, Floats]:
    """Return normalised levels and slopes of a passage, shape (frames, 2 * bands), and the same as shapes.

    Shapes are without the level of each frame; those of silence are 0.
    """
    settings = MelSettings(
        rate_hz=rate_hz,
        n_fft=int(2 ** round(np.log2(_WINDOW_S * rate_hz))),
        hop_samples=round(_HOP_S * rate_hz),
        n_mels=_BANDS,
    )
    power = np.concatenate(list(mel_power_blocks([finite(read(start, stop))], settings)))
    top = max(float(np.quantile(power.max(axis=1), 0.95)), 1e-9)
    level_db = 10.0 * np.log10(power + top * 10 ** (-_FLOOR_DB / 10))
    is_loud = power.sum(axis=1) > top * 10 ** (-_LOUD_DB / 10)
    if np.count_nonzero(is_loud) < 2:
        return np.zeros((len(power), 2 * _BANDS), np.float32), np.zeros((len(power), 2 * _BANDS), np.float32)
    levels = (level_db - level_db[is_loud].mean(axis=0)) / (level_db[is_loud].std(axis=0) + 1.0)
    padded = np.pad(levels, ((_SLOPE_FRAMES, _SLOPE_FRAMES), (0, 0)), mode="edge")
    slopes = padded[2 * _SLOPE_FRAMES :] - padded[: -2 * _SLOPE_FRAMES]
    slopes /= slopes[is_loud].std() + 1e-6
    both = np.stack([levels, slopes], axis=1)
    shapes = (both - both.mean(axis=2, keepdims=True)) * is_loud[:, None, None]
    flat = (len(power), 2 * _BANDS)
    return both.reshape(flat).astype(np.float32), shapes.reshape(flat).astype(np.float32)


def _costs(own: Floats, others: Floats, reach: int) -> Floats:
    """Return the mean squared difference of features at each frame and lag, shape (frames, 2 * reach + 1)."""
    padded = np.pad(others, ((reach, reach), (0, 0)), mode="edge")
    costs = np.empty((len(own), 2 * reach + 1), np.float32)
    for lag in range(2 * reach + 1):
        apart = own - padded[lag : lag + len(own)]
        costs[:, lag] = np.einsum("ij,ij->i", apart, apart)
    return costs / np.float32(own.shape[1])


def _path(costs: Floats) -> NDArray[np.int64]:
    """Return the column of each row on the cheapest way through all rows, shape (frames,)."""
    count = len(costs)
    steps = np.zeros(costs.shape, np.int8)
    total = costs[0].astype(np.float64)
    beyond = np.array([np.inf])
    for row in range(1, count):
        ways = np.stack(
            [total, np.concatenate([beyond, total[:-1]]) + _STEP, np.concatenate([total[1:], beyond]) + _STEP]
        )
        way = ways.argmin(axis=0)
        steps[row] = _FROM[way]
        total = ways[way, np.arange(len(total))] + costs[row]
    path = np.empty(count, np.int64)
    path[-1] = int(total.argmin())
    for row in range(count - 1, 0, -1):
        path[row - 1] = path[row] + steps[row, path[row]]
    return path


_FROM = np.array([0, -1, 1], np.int8)
"""The column that each of the three ways to a column comes from, relative to it."""


def _refined(costs: Floats, path: NDArray[np.int64]) -> Positions:
    """Return the cheapest column near the path for the sound around each row, by a parabola."""
    around = _windowed(costs.astype(np.float64), _BEFORE_FRAMES, _AFTER_FRAMES)
    near = np.clip(path[:, None] + np.arange(-_NEAR_FRAMES, _NEAR_FRAMES + 1), 0, costs.shape[1] - 1)
    rows = np.arange(len(path))
    best = near[rows, np.take_along_axis(around, near, axis=1).argmin(axis=1)]
    middle = np.clip(best, 1, costs.shape[1] - 2)
    low, mid, high = (around[rows, middle + by] for by in (-1, 0, 1))
    bend = low - 2 * mid + high
    off = np.where(bend > 1e-9, 0.5 * (low - high) / np.maximum(bend, 1e-9), 0.0)
    found: Positions = np.where(best == middle, best + np.clip(off, -0.5, 0.5), best)
    return found


def _windowed(values: Positions, before: int, after: int) -> Positions:
    """Return the sum from some rows before to some rows after each row."""
    sums = np.cumsum(np.pad(values, [(1, 0)] + [(0, 0)] * (values.ndim - 1)), axis=0)
    rows = np.arange(len(values))
    last = np.minimum(rows + after + 1, len(values))
    return sums[last] - sums[np.maximum(rows - before, 0)]


def _correlations(own: Floats, others: Floats, lags: NDArray[np.int64]) -> Positions:
    """Return the correlation of the shapes around each row with those along the path; 0 in silence.

    Shapes of a frame have a mean of 0.
    """
    others = others[np.clip(np.arange(len(own)) + lags, 0, len(others) - 1)]
    own_power, other_power, common = (
        _windowed(np.einsum("ij,ij->i", *pair).astype(np.float64), _LONG_BEFORE_FRAMES, _LONG_AFTER_FRAMES)
        for pair in ((own, own), (others, others), (own, others))
    )
    return common / np.sqrt(np.maximum(own_power * other_power, 1e-9))
