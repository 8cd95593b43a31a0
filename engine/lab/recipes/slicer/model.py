"""A learned autoencoder: scores by its reconstruction error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.features.taste.anomaly.recipes.recipe import Judged, without_parts
from engine.lab.recipes.segments.autoencoder import SegmentAutoencoder
from engine.lab.recipes.segments.model import SegmentModel
from engine.lab.recipes.slicer.perceptual import errors_with_modulation
from engine.lab.recipes.slicer.settings import SlicerConfig

_LEAST_ERROR = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class SlicerModel(SegmentModel):
    """An autoencoder and its standardisation; the score of a segment is the log of its error."""

    config: SlicerConfig
    network: SegmentAutoencoder

    def judge_segments(self, segments: Tensor) -> Judged:
        """Return the log errors of segments."""
        errors = errors_with_modulation(self.network(segments), segments, self.config.perceptual_weight)
        return without_parts(log_of(errors))

    @torch.no_grad()
    def rebuild(self, frames_db: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return frames as it rebuilds them, segment after segment; see `Reconstructs`."""
        count, length = len(frames_db), self.config.segment_frames
        scaling = self.standardisation
        filled = np.pad(scaling.apply(frames_db), ((0, -count % length), (0, 0)), mode="wrap")
        segments = torch.tensor(filled.reshape(-1, length, filled.shape[1]))
        rebuilt: Tensor = self.network(segments.transpose(1, 2).unsqueeze(1))
        frames = rebuilt.squeeze(1).transpose(1, 2).reshape(-1, filled.shape[1])[:count].numpy()
        rebuilt_db: NDArray[np.float32] = frames * scaling.std_db + scaling.mean_db
        return rebuilt_db


def log_of(errors: Tensor) -> NDArray[np.float64]:
    """Return the log of errors, shape (n,)."""
    log: NDArray[np.float64] = np.log(np.maximum(errors.double().numpy(), _LEAST_ERROR))
    return log
