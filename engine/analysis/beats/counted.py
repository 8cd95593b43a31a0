"""Which beats are counted: where something is played."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import APART_BEATS, BeatGrid

_LONELY_S = 3.0
_EARLY_S = 0.06


def empty_grid(maker: str) -> BeatGrid:
    """Return the grid of a recording without a pulse."""
    return BeatGrid(np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0, 0.0, maker)


def median_tempo_bpm(beats_samples: NDArray[np.int64], rate_hz: int) -> float:
    """Return the median tempo over spans of two bars, so that swing and late hits even out."""
    span = min(8, len(beats_samples) - 1)
    return 60.0 * rate_hz * span / float(np.median(beats_samples[span:] - beats_samples[:-span]))


def runs(beats: NDArray[np.integer | np.floating]) -> list[tuple[int, int]]:
    """Return where runs of beats without a gap begin and end among the beats, shape (n,), two at least."""
    gaps = np.diff(beats)
    edges = (np.flatnonzero(gaps > APART_BEATS * np.median(gaps)) + 1).tolist()
    return list(pairwise([0, *edges, len(beats)]))


def counted(beats: NDArray[np.int64], onsets: NDArray[np.int64], rate_hz: int) -> NDArray[np.bool_]:
    """Return whether each beat counts: none before the first sound, after the last or in a long silence."""
    after = np.searchsorted(onsets, beats)
    since = np.abs(beats - onsets[np.clip(after - 1, 0, len(onsets) - 1)])
    until = np.abs(onsets[np.clip(after, 0, len(onsets) - 1)] - beats)
    within = (beats >= onsets[0] - _EARLY_S * rate_hz) & (beats <= onsets[-1] + _EARLY_S * rate_hz)
    kept: NDArray[np.bool_] = within & (np.minimum(since, until) <= _LONELY_S * rate_hz)
    return kept
