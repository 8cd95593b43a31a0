"""Which beat is the first of the bar."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.viterbi import traced
from engine.core.progress import SILENT, Progress

Floats = NDArray[np.float32]

_METRES = (4, 3)
_SLIP_COST = 10.0
_WALTZ_COST = 0.25
_FIRST_BONUS = 1.0


def bar_positions(accents: NDArray[np.float64], progress: Progress = SILENT) -> NDArray[np.int64]:
    """Count the beats: 1 for a downbeat, then 2, 3 and, unless the music is in three, 4.

    Parameters
    ----------
    accents : shape (n,), how much like a downbeat each beat is, 0 on average (`beat_accents`)

    Returns
    -------
    positions : int64, shape (n,); the count may slip where the accents insist on it, as after a dropped beat,
        and starts at 1 if the accents are inconclusive

    Raises
    ------
    Cancelled : the user asked for it
    """
    if not len(accents):
        return np.zeros(0, np.int64)
    best: NDArray[np.int64] = np.ones(len(accents), np.int64)
    best_score = -np.inf
    for metre in _METRES:
        positions, score = _count(accents, metre, progress)
        score = score / len(accents) - (_WALTZ_COST if metre == 3 else 0.0)
        if score > best_score:
            best, best_score = positions, score
    return best


def _count(accents: NDArray[np.float64], metre: int, progress: Progress) -> tuple[NDArray[np.int64], float]:
    """Return the best count in one metre and its score (Viterbi over the place in the bar)."""
    # A downbeat earns its accent and the others pay for theirs, so that every phase sums to the same weight.
    gain = np.full(metre, -1.0 / (metre - 1))
    gain[0] = 1.0
    total = gain * accents[0]
    total[0] += _FIRST_BONUS
    came_from = np.zeros((len(accents), metre), np.int64)
    for beat in range(1, len(accents)):
        progress.check_cancelled()
        steady = np.roll(total, 1)
        slipped = float(total.max()) - _SLIP_COST
        came_from[beat] = np.where(steady >= slipped, np.roll(np.arange(metre), 1), int(total.argmax()))
        total = np.maximum(steady, slipped) + gain * accents[beat]
    return traced(came_from[1:], int(total.argmax())) + 1, float(total.max())


def beat_accents(
    beat_frames: NDArray[np.int64], bass: Floats, body: Floats, top: Floats
) -> NDArray[np.float64]:
    """Return the downbeat salience of each beat, shape (n,).

    A downbeat has a low drum or bass note and a new chord; the back beat, bright and thin, does not. (The
    change of the mean spectrum between beats was tried too, and was uninformative on annotated rock songs.)

    Parameters
    ----------
    beat_frames : int64, shape (n,), ascending
    bass, body, top : shape (frames,), onset strength in low, middle and high bands
    """
    low, middle, high = (_standard(_near(strength, beat_frames)) for strength in (bass, body, top))
    accents: NDArray[np.float64] = low + 0.6 * middle - 0.6 * high
    return accents


def _near(strength: Floats, frames: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the largest strength within three frames of each frame."""
    spread = np.lib.stride_tricks.sliding_window_view(np.pad(strength, 3), 7).max(axis=1)
    near: NDArray[np.float64] = spread[np.clip(frames, 0, len(strength) - 1)].astype(np.float64)
    return near


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale to mean 0 and spread 1, with a lower limit of the spread."""
    mean = float(values.mean()) if len(values) else 0.0
    spread = max(float(values.std()) if len(values) else 0.0, 0.3 * abs(mean), 1e-3)
    return (values - mean) / spread
