"""Metre from the accents of a metronome, without a model.

Of two regularly alternating sounds, the rarer or the louder one is counted as the first of a bar. The result
is certain if beats are isolated in silence and two sounds explain nearly all of their differences; in all
other cases, as in music, it is neutral. It is a least-squares fit of two means for each metre and each place
to begin; the best fit is used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.beats.beat_pictures import sums_at
from engine.beats.metre import METRES

Floats = NDArray[np.float64]

_AROUND_FRAMES = (-2.5, 5.5)
"""Wide enough that it is no matter where in a frame a click begins."""
_BETWEEN_FRAMES = (-1.0, 1.0)
_FEWEST_ACCENTS = 3
_LEAST_EXPLAINED = 0.8
_LEAST_LEVEL, _MOST_BETWEEN = 0.1, 0.1
_LEAST_SOUNDING = 0.8
_SURE = 5.0


def accent_odds(sums: NDArray[np.floating], frames: Floats) -> Floats:
    """Return the log-odds of a downbeat at each beat from metronome accents; 0 in music.

    Parameters
    ----------
    sums : of `engine.beats.beat_pictures.running_sums`
    frames : float64, shape (n,), where the beats are, strictly ascending, two at least

    Returns
    -------
    odds : float64, shape (n,)
    """
    nothing = np.zeros(len(frames))
    heard = _means(sums, frames, _AROUND_FRAMES)
    bands = slice(0, heard.shape[1] // 2)
    levels = heard[:, bands].mean(axis=1)
    between = _means(sums, (frames[:-1] + frames[1:]) / 2.0, _BETWEEN_FRAMES)[:, bands].mean(axis=1)
    sounds = levels >= _LEAST_LEVEL  # one may be counted before the first click, or after the last
    is_alone = np.median(between) <= _MOST_BETWEEN * np.median(levels)
    if np.mean(sounds) < _LEAST_SOUNDING or not is_alone:
        return nothing
    rule = _rule(heard[sounds], levels[sounds], np.flatnonzero(sounds))
    if rule is None:
        return nothing
    metre, first = rule
    return np.where(np.arange(len(frames)) % metre == first, _SURE, -_SURE)


def _means(sums: NDArray[np.floating], frames: Floats, around: tuple[float, float]) -> Floats:
    """Return the mean features around places, shape (n, 32)."""
    edges = sums_at(sums, frames[:, None] + np.array(around))
    means: Floats = np.diff(edges, axis=1)[:, 0] / (around[1] - around[0])
    return means


def _rule(heard: Floats, levels: Floats, numbers: NDArray[np.int64]) -> tuple[int, int] | None:
    """Return the beats in a bar and the index of the accented one; None without a good fit.

    Parameters
    ----------
    heard, levels, numbers : of the sounding beats; numbers count all of them
    """
    spread = float(np.square(heard - heard.mean(axis=0)).sum())
    best, found = _LEAST_EXPLAINED, None
    for metre in METRES:
        for first in range(metre):
            here = numbers % metre == first
            if not _FEWEST_ACCENTS <= here.sum() < len(here) or spread <= 0.0:
                continue
            parts = heard[here], heard[~here]
            left = sum(float(np.square(part - part.mean(axis=0)).sum()) for part in parts)
            is_louder = metre > 2 or levels[here].mean() > levels[~here].mean()
            if 1.0 - left / spread >= best and is_louder:
                best, found = 1.0 - left / spread, (metre, first)
    return found
