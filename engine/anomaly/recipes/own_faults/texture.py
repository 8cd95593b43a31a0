"""Texture of two seconds around each step, for comparison with the training data.

Untrained kinds of fault, and music of another kind, often leave the range of the training sound: its bands'
levels, their variation, and its tuning.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.recipes.own_faults.hearing import STEP_FRAMES, FrameFeatures
from engine.features.tuning import TUNING_BINS

AROUND_STEPS = 6
"""A texture covers this many steps before its own and the same number from it on: 1.92 s."""

LEAST_APART = 2 * AROUND_STEPS
"""Textures of steps nearer than this overlap."""


def textures(heard: FrameFeatures, floor_db: float) -> NDArray[np.float32]:
    """Return the texture around every step, shape (steps, texture_size).

    It has each band's mean, standard deviation, mean change from frame to frame and highest level in dB, and
    the mean tuning; at the ends, of the steps available.

    Parameters
    ----------
    floor_db : lower limit of levels, so that silence is the same for every codec
    """
    frames = np.maximum(heard.mel_db, np.float32(floor_db)).astype(np.float64)
    change = np.abs(np.diff(frames, axis=0, prepend=frames[:1]))
    mean, square, moved = (_around(_by_step(one)) for one in (frames, np.square(frames), change))
    deviation = np.sqrt(np.maximum(square - np.square(mean), 0.0))
    tuning = _around(heard.tuning.astype(np.float64))
    highest = _highest_around(frames.reshape(len(heard), STEP_FRAMES, -1).max(axis=1))
    return np.concatenate([mean, deviation, moved, highest, tuning], axis=1).astype(np.float32)


def texture_size(n_mels: int) -> int:
    """Return how many numbers a texture has."""
    return 4 * n_mels + TUNING_BINS


def _by_step(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    means: NDArray[np.float64] = frames.reshape(-1, STEP_FRAMES, frames.shape[1]).mean(axis=1)
    return means


def _around(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the steps around each."""
    total = np.concatenate([np.zeros((1, steps.shape[1])), np.cumsum(steps, axis=0)])
    at = np.arange(len(steps))
    first, last = np.maximum(at - AROUND_STEPS, 0), np.minimum(at + AROUND_STEPS, len(steps))
    means: NDArray[np.float64] = (total[last] - total[first]) / (last - first)[:, None]
    return means


def _highest_around(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the highest of the steps around each."""
    padded = np.pad(steps, ((AROUND_STEPS, AROUND_STEPS - 1), (0, 0)), constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND_STEPS, axis=0)
    highest: NDArray[np.float64] = around.max(axis=-1)
    return highest
