"""Further metrics of a score's separation of bad and good moments, in numpy.

The precision is scikit-learn's `average_precision_score`, ties included.
"""

from __future__ import annotations

import numpy as np

from engine.features.taste.anomaly.threshold import Labels, Scores


def average_precision(bad: Labels, scores: Scores) -> float:
    """Return precision averaged over recall, in the steps that thresholds between different scores allow."""
    levels, group = np.unique(-scores, return_inverse=True)
    found = np.cumsum(np.bincount(group, weights=bad, minlength=len(levels)))
    taken = np.cumsum(np.bincount(group, minlength=len(levels)))
    recall_steps = np.diff(found, prepend=0.0) / bad.sum()
    return float((recall_steps * found / taken).sum())


def time_iou(bad: Labels, scores: Scores) -> float:
    """Return the overlap of the bad moments with the same number of highest scores, over their union.

    The cut share is given, so this measures the positions of cuts and not their amount.
    """
    cut = np.zeros(len(bad), bool)
    cut[np.argsort(-scores, kind="stable")[: int(bad.sum())]] = True
    return float((cut & bad).sum() / (cut | bad).sum())
