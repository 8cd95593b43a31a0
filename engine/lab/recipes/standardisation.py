"""How log-mel frames are brought to the range a network learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.features.taste.anomaly.recipes.recipe import require_statistics

_RANGE_DB = 80.0  # librosa's top_db
_LEAST_STD_DB = 1.0  # a band that never moves (above a codec's cutoff) must not outweigh all others


Frames = NDArray[np.float32]
"""Log-mel frames, shape (n, n_mels)."""


@dataclass(frozen=True, slots=True, eq=False)
class Standardisation:
    """How log-mel frames are brought to the range the model learned.

    Attributes
    ----------
    mean_db, std_db : float32, shape (n_mels,), of the training material
    floor_db : quieter than this counts as this: 80 dB below the loudest band trained on
    """

    mean_db: NDArray[np.float32]
    std_db: NDArray[np.float32]
    floor_db: float

    def apply(self, frames_db: Frames) -> Frames:
        """Standardise log-mel frames, shape (n, n_mels)."""
        scaled: Frames = (np.maximum(frames_db, np.float32(self.floor_db)) - self.mean_db) / self.std_db
        return scaled

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors to store."""
        return {"mean_db": torch.tensor(self.mean_db), "std_db": torch.tensor(self.std_db)}

    def facts(self) -> dict[str, object]:
        """Return the JSON values to store."""
        return {"floor_db": self.floor_db}


def standardisation(training: Sequence[Frames]) -> Standardisation:
    """Measure each band's mean and standard deviation over the training frames, each shape (n, n_mels)."""
    floor_db = float(max(frames.max() for frames in training if len(frames))) - _RANGE_DB
    frames = np.maximum(np.concatenate(training), np.float32(floor_db))
    mean_db = frames.mean(axis=0, dtype=np.float64)
    std_db = np.maximum(frames.std(axis=0, dtype=np.float64), _LEAST_STD_DB)
    return Standardisation(mean_db.astype(np.float32), std_db.astype(np.float32), floor_db)


def stored_standardisation(
    n_mels: int, tensors: Mapping[str, Tensor], facts: Mapping[str, object]
) -> Standardisation:
    """Restore a standardisation.

    Raises
    ------
    ValueError, KeyError : the stored values do not fit
    """
    mean_db, std_db = tensors["mean_db"], tensors["std_db"]
    require_statistics(mean_db, std_db, (n_mels,))
    return Standardisation(mean_db.numpy(), std_db.numpy(), float(str(facts["floor_db"])))
