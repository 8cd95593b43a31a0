"""Metrics of a score's separation of bad and good moments, in numpy.

The area is scikit-learn's `roc_auc_score`, ties included.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.bool_]
Scores = NDArray[np.floating]


def auc(bad: Labels, scores: Scores) -> float:
    """Return the area under the ROC curve: the share of bad moments scored above good ones, ties as half.

    Parameters
    ----------
    bad : shape (n,), some true and some false
    scores : shape (n,)
    """
    _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[group]
    positives = int(bad.sum())
    negatives = len(bad) - positives
    return float((ranks[bad].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def smoothed(scores: Scores, width: int) -> NDArray[np.float64]:
    """Return the moving mean over `width` moments, shape (n,); at the ends over those that are there."""
    width = min(width, len(scores))
    kernel = np.ones(width)
    sums = np.convolve(scores, kernel, "same")
    means: NDArray[np.float64] = sums / np.convolve(np.ones(len(scores)), kernel, "same")
    return means
