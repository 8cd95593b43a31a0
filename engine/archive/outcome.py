"""What becomes of one recording among many: its scores, or the sentence that says why it has none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.score import Scores, score_file
from engine.anomaly.taste import Taste
from engine.errors import OffcutError
from engine.progress import SILENT, Progress

Prediction = Literal["anomalous", "kept"]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A recording and how odd each of its moments is."""

    path: Path
    scores: Scores

    @property
    def overall(self) -> float | None:
        """How odd it is as a whole, see `overall_score`."""
        return overall_score(self.scores.scores)


@dataclass(frozen=True, slots=True)
class Refused:
    """A recording that could not be scored, and why, in one sentence."""

    path: Path
    sentence: str


Outcome = Scored | Refused


def score_recording(taste: Taste, path: Path, progress: Progress = SILENT) -> Outcome:
    """Score one recording of many: what is wrong with it must not stop the rest."""
    try:
        scores = score_file(without_examples(taste), path, progress)
    except OffcutError as error:
        return Refused(path, str(error))
    return Scored(path, scores)


def without_examples(taste: Taste) -> Taste:
    """Return a taste that looks for no nearest kept examples; they cost time and change no score."""
    return replace(taste, kept=None)


def overall_score(scores: NDArray[np.float32]) -> float | None:
    """Return the mean of the oddest quarter of a recording's scores, shape (n,); None where it has none.

    What is wrong with a recording is often wrong with a part of it, which a mean over all of it drowns, and
    the oddest moment alone is odd in many recordings.
    """
    if not len(scores):
        return None
    oddest = np.sort(scores)[3 * len(scores) // 4 :]
    return float(oddest.mean(dtype=np.float64))


def prediction(score: float | None, threshold: float) -> Prediction | None:
    """Return what a recording is taken for: anomalous from the threshold on; None without a score."""
    if score is None:
        return None
    return "anomalous" if score >= threshold else "kept"
