"""Inputs of the network: log-mel frames, and the tuning at every eighth frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import tee

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.mel import log_mel_blocks
from engine.analysis.signal.mel_settings import MelSettings
from engine.analysis.signal.tuning import TUNING_BINS, tuning_blocks
from engine.features.taste.anomaly.recipes.recipe import Passing

STEP_FRAMES = 8
"""Log-mel frames a score: three layers of the network halve the time."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameFeatures:
    """A segment of sound as the network's input.

    Attributes
    ----------
    mel_db : float32, shape (STEP_FRAMES * steps, n_mels)
    tuning : float32, shape (steps, TUNING_BINS)
    """

    mel_db: NDArray[np.float32]
    tuning: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.tuning)

    def part(self, start: int, stop: int) -> FrameFeatures:
        """Return steps [start, stop)."""
        return FrameFeatures(self.mel_db[start * STEP_FRAMES : stop * STEP_FRAMES], self.tuning[start:stop])

    def levels_db(self) -> NDArray[np.float32]:
        """Return how loud each step is over all bands, shape (steps,)."""
        power = np.exp(self.mel_db * np.float32(np.log(10.0) / 10.0)).sum(axis=1)
        by_step = power.reshape(-1, STEP_FRAMES).mean(axis=1)
        levels: NDArray[np.float32] = np.float32(10.0) * np.log10(np.maximum(by_step, np.float32(1e-12)))
        return levels


def hear(
    blocks: Iterable[NDArray[np.float32]], mel: MelSettings, passing: Passing = iter
) -> Iterator[FrameFeatures]:
    """Yield the features of a mono stream at the analysis rate, in pieces of whole steps.

    Parameters
    ----------
    blocks : float32, each of shape (n,)
    passing : sees the log-mel frames on their way
    """
    for_mel, for_tuning = tee(blocks)  # both are read at the same pace, so that little is held
    mels = passing(log_mel_blocks(for_mel, mel))
    frames = np.zeros((0, mel.n_mels), np.float32)
    for tuning in tuning_blocks(for_tuning, mel.rate_hz, STEP_FRAMES * mel.hop_samples):
        wanted = len(tuning) * STEP_FRAMES
        while len(frames) < wanted and (block := next(mels, None)) is not None:
            frames = np.concatenate([frames, block])
        steps = min(len(tuning), len(frames) // STEP_FRAMES)
        yield FrameFeatures(frames[: steps * STEP_FRAMES], tuning[:steps])
        frames = frames[steps * STEP_FRAMES :]


def joined(pieces: Iterable[FrameFeatures], n_mels: int) -> FrameFeatures:
    """Return pieces as one."""
    every = list(pieces)
    mel_db = [piece.mel_db for piece in every] or [np.zeros((0, n_mels), np.float32)]
    tuning = [piece.tuning for piece in every] or [np.zeros((0, TUNING_BINS), np.float32)]
    return FrameFeatures(np.concatenate(mel_db), np.concatenate(tuning))
