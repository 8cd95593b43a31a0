"""Positions counted in beats, and in samples: time is divided evenly between two beats."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.document.analysis import BeatGrid


def positions_at(grid: BeatGrid, beats: ArrayLike, rate_hz: int) -> NDArray[np.float64]:
    """Return the samples of positions in beats from the first beat, shape (n,).

    Before the first beat and after the last one the tempo is constant.
    """
    wanted = np.asarray(beats, np.float64)
    samples, periods = _beats_and_periods(grid, rate_hz)
    if not len(samples):
        return np.zeros(0)
    beat = np.clip(np.floor(wanted), 0, len(samples) - 1).astype(np.int64)
    positions: NDArray[np.float64] = samples[beat] + (wanted - beat) * periods[beat]
    return positions


def beats_at(grid: BeatGrid, samples: ArrayLike, rate_hz: int) -> NDArray[np.float64]:
    """Return positions in samples, shape (n,), counted in beats from the first; undoes `positions_at`."""
    wanted = np.asarray(samples, np.float64)
    starts, periods = _beats_and_periods(grid, rate_hz)
    if not len(starts):
        return np.zeros(0)
    beat = np.clip(np.searchsorted(starts, wanted, side="right") - 1, 0, len(starts) - 1)
    counted: NDArray[np.float64] = beat + (wanted - starts[beat]) / periods[beat]
    return counted


def _beats_and_periods(grid: BeatGrid, rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where beats are and how long each is, both of shape (n,), in samples."""
    samples = grid.beats_samples.astype(np.float64)
    if len(samples) > 1:
        gaps = np.diff(samples)
        return samples, np.append(gaps, gaps[-1])
    usual = 60.0 * rate_hz / grid.tempo_bpm if grid.tempo_bpm > 0 else float(rate_hz)
    return samples, np.full(len(samples), usual)
