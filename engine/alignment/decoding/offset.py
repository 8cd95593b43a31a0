"""How late the playing is at each stroke, before it is known which line each belongs to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.alignment.decoding.candidates import REACH, near
from engine.alignment.placement import Lines

Floats = NDArray[np.float64]

_STEPS = 65
_WIDEST = 1.6
"""Offsets are looked for up to as many lines to either side."""
_JITTERS_MS = (5.0, 10.0, 20.0, 40.0)
_STRAY = 0.08
_WANDERS_MS = 35.0
_WANDERS_LINES = 0.25
_WANDERS_S = 8.0
_TRUST = 0.5
"""Exponent of the weights of strokes, since repetitions in every bar are not independent evidence."""


def follow(onsets_samples: Floats, lines: Lines, weights: Floats) -> tuple[Floats, float]:
    """Return the delay of the playing at each stroke, before the lines of strokes are known.

    A hidden Markov model over the offset: it wanders and returns (Ornstein-Uhlenbeck), and given the offset
    each stroke is near some line. If strokes pass the middle between lines together, the offset follows them.
    The scatter of strokes around it is the one of the highest likelihood.

    Parameters
    ----------
    onsets_samples : shape (s,), ascending
    weights : shape (m,), how likely each line is to be played at all, relative to the others

    Returns
    -------
    offsets_samples : shape (s,), positive where the playing is late
    jitter_ms : deviation of strokes from that
    """
    if len(onsets_samples) == 0 or len(lines.positions_samples) < 2:
        return np.zeros(len(onsets_samples)), _JITTERS_MS[0]
    spacing_ms = float(np.median(np.diff(lines.positions_samples))) / lines.rate_hz * 1000.0
    offsets_ms = np.linspace(-_WIDEST, _WIDEST, _STEPS) * spacing_ms
    wanders_ms = min(_WANDERS_MS, _WANDERS_LINES * spacing_ms)
    weights = weights**_TRUST
    fits = np.stack([_fits(onsets_samples, lines, weights, offsets_ms, jitter) for jitter in _JITTERS_MS])
    way, path = _smoothest(fits, onsets_samples / lines.rate_hz, offsets_ms, wanders_ms)
    return offsets_ms[path] / 1000.0 * lines.rate_hz, _JITTERS_MS[way]


def _fits(onsets: Floats, lines: Lines, weights: Floats, offsets_ms: Floats, jitter_ms: float) -> Floats:
    """Return how badly each stroke fits each offset, in nats, shape (s, offsets)."""
    candidates = near(onsets, np.zeros(len(onsets)), lines)
    likely = np.where(candidates.lines >= 0, weights[candidates.lines], 0.0)
    distances_ms = np.where(candidates.lines >= 0, candidates.offsets_samples, 0.0) / lines.rate_hz * 1000.0
    density = np.full((len(onsets), len(offsets_ms)), _STRAY * likely.mean() / (offsets_ms[-1] / _WIDEST))
    for column in range(2 * REACH + 1):
        away = (distances_ms[:, column, None] - offsets_ms) / jitter_ms
        density += likely[:, column, None] * np.exp(-0.5 * away**2) / jitter_ms / 2.5
    result: Floats = -np.log(density)
    return result


def _smoothest(
    fits: Floats, times_s: Floats, offsets_ms: Floats, wanders_ms: float
) -> tuple[int, NDArray[np.int64]]:
    """Return which way to see the fits, (ways, s, offsets), is cheapest, and its offset at each stroke."""
    kept = np.exp(-np.maximum(np.diff(times_s), 0.02) / _WANDERS_S)
    spread = 2.0 * wanders_ms**2 * (1.0 - kept**2)
    cost = fits[:, 0] + 0.5 * (offsets_ms / wanders_ms) ** 2
    came_from = np.zeros(fits.shape, np.int64)
    for stroke in range(1, fits.shape[1]):
        # Transposed, so that the minimum over predecessors runs along the rows of memory.
        away = (offsets_ms[:, None] - kept[stroke - 1] * offsets_ms) ** 2 / spread[stroke - 1]
        total = cost[:, None, :] + away
        came_from[:, stroke] = total.argmin(2)
        cost = total.min(2) + fits[:, stroke]
    way = int(cost.min(1).argmin())
    path = np.zeros(fits.shape[1], np.int64)
    path[-1] = int(cost[way].argmin())
    for stroke in range(len(path) - 1, 0, -1):
        path[stroke - 1] = came_from[way, stroke, path[stroke]]
    return way, path
