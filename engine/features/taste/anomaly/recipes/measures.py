"""Fusion of measures of windows into one score: each in standard deviations of training data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.features.taste.anomaly.recipes.recipe import Judged, ReferenceScores

Logs = NDArray[np.float64]
"""Measures, which are logarithms, shape (n, measures)."""

PART_OF_MEASURE = {
    "nearest": "unlike-kept",
    "residual": "unusual-mix",
    "reconstruction": "hard-to-fill-in",
}
"""Names of the measures as parts of a score, see `engine.review.wording`."""

_MEANS, _STDS = "measure_means", "measure_stds"
_LEAST_STD = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """Statistics of the measures on held-out training windows.

    Attributes
    ----------
    means, stds : float64, shape (measures,)
    """

    means: NDArray[np.float64]
    stds: NDArray[np.float64]

    def judged(self, logs: Logs) -> Judged:
        """Return the mean of the standardised measures, and the measures."""
        fused: NDArray[np.float64] = ((logs - self.means) / self.stds).mean(axis=1)
        return Judged(fused, logs)

    def kept_scores(self, left_out: Logs, least_std: float) -> ReferenceScores:
        """Return the statistics of the score and its parts on held-out training windows."""
        fused = self.judged(left_out).own
        std = max(float(fused.std()), least_std)
        return ReferenceScores(float(fused.mean()), std, tuple(self.means), tuple(self.stds))

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors to store."""
        return {_MEANS: torch.tensor(self.means), _STDS: torch.tensor(self.stds)}


def usual_of(left_out: Logs) -> Usual:
    """Compute the statistics of held-out training windows."""
    return Usual(left_out.mean(axis=0), np.maximum(left_out.std(axis=0), _LEAST_STD))


def stored_usual(tensors: Mapping[str, Tensor], measures: int) -> Usual:
    """Restore the statistics of a number of measures.

    Raises
    ------
    ValueError, KeyError : the stored values do not fit
    """
    means, stds = tensors[_MEANS].numpy(), tensors[_STDS].numpy()
    if means.shape != (measures,) or stds.shape != means.shape or not (stds > 0).all():
        raise ValueError("measures without their means and deviations")
    return Usual(means, stds)
