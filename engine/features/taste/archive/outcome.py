"""Outcome of one recording among many: its scores, or the reason for missing scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import OffcutError
from engine.core.progress import SILENT, Progress
from engine.features.taste.anomaly.score import Scores, score_file
from engine.features.taste.anomaly.taste import Taste

Prediction = Literal["anomalous", "kept"]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A recording and its scores over time."""

    path: Path
    scores: Scores

    @property
    def overall(self) -> float | None:
        """Score of the whole recording, see `overall_score`."""
        return overall_score(self.scores.scores)


@dataclass(frozen=True, slots=True)
class Refused:
    """A recording that could not be scored, and why, in one sentence."""

    path: Path
    sentence: str


Outcome = Scored | Refused


def score_recording(taste: Taste, path: Path, progress: Progress = SILENT) -> Outcome:
    """Score one recording of many; its errors do not stop the others."""
    try:
        scores = score_file(without_examples(taste), path, progress)
    except OffcutError as error:
        return Refused(path, str(error))
    return Scored(path, scores)


def without_examples(taste: Taste) -> Taste:
    """Return a taste without reference search, which takes time and does not change scores."""
    return replace(taste, kept=None)


def overall_score(scores: NDArray[np.float32]) -> float | None:
    """Return the mean of the highest quarter of a recording's scores, shape (n,); None without scores.

    Faults often affect a part of a recording only. A mean over the whole hides them, and the maximum is
        high in many good recordings.
    """
    if not len(scores):
        return None
    oddest = np.sort(scores)[3 * len(scores) // 4 :]
    return float(oddest.mean(dtype=np.float64))


def prediction(score: float | None, threshold: float) -> Prediction | None:
    """Return the prediction: anomalous from the threshold on; None without a score."""
    if score is None:
        return None
    return "anomalous" if score >= threshold else "kept"
