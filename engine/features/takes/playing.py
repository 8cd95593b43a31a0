"""Performances: playing between one break and the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter

from engine.core.spans import runs
from engine.features.takes.features import FRAMES_PER_S, STEPS_PER_S, Floats

Spans = NDArray[np.int64]

BELOW_DB = 22.0
"""Level of a break below the playing around it."""
SOFT_BELOW_DB = 14.0
"""The same for a break with counting, speech or ringing."""
_AROUND_S = 60.0
_LEAST_BREAK_S = 0.6
_LEAST_PLAYED_S = 0.8
_SILENT_DBFS = -65.0


def performances(levels_db: Floats, below_db: float = BELOW_DB) -> Spans:
    """Return the spans of playing, in frames [start, stop), shape (n, 2), disjoint and ascending.

    Parameters
    ----------
    levels_db : of `Frames`, shape (steps,)
    below_db : level of a break below the playing around it
    """
    if not len(levels_db):
        return np.zeros((0, 2), np.int64)
    spans = _joined(runs(sounding(levels_db, below_db)), round(_LEAST_BREAK_S * STEPS_PER_S))
    spans = spans[spans[:, 1] - spans[:, 0] >= _LEAST_PLAYED_S * STEPS_PER_S]
    ratio = STEPS_PER_S / FRAMES_PER_S
    return np.stack([(spans[:, 0] + 1) // ratio, np.ceil((spans[:, 1] - 1) / ratio)], axis=1).astype(np.int64)


def sounding(levels_db: Floats, below_db: float = BELOW_DB) -> NDArray[np.bool_]:
    """Return whether steps sound, relative to the playing around them, shape (steps,).

    Parameters
    ----------
    levels_db : of `Frames`, shape (steps,), at least one
    below_db : level of a break below the playing around it
    """
    # Every tenth step: the playing around a moment changes slowly, and an hour is filtered in no time.
    width = round(_AROUND_S)
    sparse = _maxima(levels_db, round(STEPS_PER_S))
    around = percentile_filter(sparse, 70, size=2 * width + 1, mode="nearest")
    playing = np.repeat(around, round(STEPS_PER_S))[: len(levels_db)]
    sounds: NDArray[np.bool_] = (levels_db > playing - below_db) & (levels_db > _SILENT_DBFS)
    return sounds


def _maxima(levels_db: Floats, every: int) -> Floats:
    padded = np.pad(levels_db, (0, -len(levels_db) % every), mode="edge")
    most: Floats = padded.reshape(-1, every).max(axis=1)
    return most


def _joined(spans: Spans, least: int) -> Spans:
    if not len(spans):
        return spans
    breaks = spans[1:, 0] - spans[:-1, 1] >= least
    first = np.concatenate([[True], breaks])
    last = np.concatenate([breaks, [True]])
    return np.stack([spans[first, 0], spans[last, 1]], axis=1)
