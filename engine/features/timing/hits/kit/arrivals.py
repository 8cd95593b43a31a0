"""Arrival of strokes at each microphone: distant ones pick up every drum late."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.features.timing.hits.candidates import Candidates
from engine.features.timing.hits.drums import CLEAR_STRENGTH_DB

_STRONG_QUANTILE = 0.8
_APART_S, _EARLY_S, _LATEST_S = 0.03, 0.001, 0.025
"""A room microphone at 8 m is 25 ms late."""
_LEAST_RISE_DB = 6.0
_MOST_STROKES, _LEAST_STROKES, _LEAST_SHARE = 1_000, 8, 0.4
_QUANTILE = 0.25


def lateness_ms(candidates: Candidates, rate_hz: int) -> NDArray[np.float64]:
    """Measure how much later than the first microphone each one picks up strokes.

    Returns
    -------
    late_ms : float64, shape (tracks,), the lower quartile over strokes; NaN for a microphone that picks up
        fewer than 40 % of them, or fewer than 8: one drum alone does not show a distance
    """
    tracks = candidates.strengths_db.shape[1]
    strengths_db = candidates.strengths_db[np.arange(len(candidates)), candidates.tracks]
    strokes = _strokes(candidates, strengths_db, rate_hz)
    late_ms = np.full(tracks, np.nan)
    for track in range(tracks):
        rows = np.flatnonzero((candidates.tracks == track) & (strengths_db >= _LEAST_RISE_DB))
        found = _furthest(candidates.positions_samples[rows], strengths_db[rows], strokes, rate_hz)
        if len(found) >= max(_LEAST_STROKES, _LEAST_SHARE * len(strokes)):
            late_ms[track] = np.quantile(found, _QUANTILE) / rate_hz * 1000.0
    return late_ms


def _strokes(candidates: Candidates, strengths_db: NDArray[np.float32], rate_hz: int) -> NDArray[np.int64]:
    """Return where the first microphone picks up each stroke, of up to 1,000 over the whole recording."""
    is_strong = strengths_db >= CLEAR_STRENGTH_DB
    for track in np.unique(candidates.tracks):
        own = candidates.tracks == track
        is_strong[own] &= strengths_db[own] >= np.quantile(strengths_db[own], _STRONG_QUANTILE)
    positions = candidates.positions_samples[is_strong]
    first = positions[np.diff(positions, prepend=-rate_hz) > _APART_S * rate_hz]
    return first[:: max(1, len(first) // _MOST_STROKES)]


def _furthest(
    positions: NDArray[np.int64],
    strengths_db: NDArray[np.float32],
    strokes: NDArray[np.int64],
    rate_hz: int,
) -> NDArray[np.int64]:
    """Return how many samples after each stroke a microphone rises most, of the strokes at which it does."""
    starts = np.searchsorted(positions, strokes - round(_EARLY_S * rate_hz))
    stops = np.searchsorted(positions, strokes + round(_LATEST_S * rate_hz))
    late = [
        positions[start + strengths_db[start:stop].argmax()] - stroke
        for start, stop, stroke in zip(starts, stops, strokes, strict=True)
        if stop > start
    ]
    return np.array(late, np.int64)
