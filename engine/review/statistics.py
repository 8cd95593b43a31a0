"""How far the review is and how long the result will be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.document.decisions import Verdict
from engine.document.state import DocumentState
from engine.document.table import table_of


@dataclass(frozen=True, slots=True)
class ReviewStatistics:
    """The figures of a review.

    Attributes
    ----------
    result_samples : what remains once the accepted proposals are applied
    result_if_all_accepted_samples : what would remain if the undecided ones were accepted as well
    length_samples : the whole recording
    accepted_score, rejected_score : their mean scores, None where there are none
    """

    total: int
    decided: int
    accepted: int
    rejected: int
    flagged: int
    result_samples: int
    result_if_all_accepted_samples: int
    length_samples: int
    accepted_score: float | None
    rejected_score: float | None


def statistics(state: DocumentState) -> ReviewStatistics:
    """Return the figures of the review as it stands."""
    table = table_of(state)
    accepted, rejected = table.are(Verdict.ACCEPTED), table.are(Verdict.REJECTED)
    spans = np.stack([table.starts_samples, table.stops_samples], axis=1)
    removes, scores = table.made.removes, table.made.scores
    length = state.length_samples
    return ReviewStatistics(
        total=len(accepted),
        decided=int(np.count_nonzero(accepted | rejected)),
        accepted=int(np.count_nonzero(accepted)),
        rejected=int(np.count_nonzero(rejected)),
        flagged=int(np.count_nonzero(table.flagged)),
        result_samples=length - union_samples(spans[removes & accepted], length),
        result_if_all_accepted_samples=length - union_samples(spans[removes & ~rejected], length),
        length_samples=length,
        accepted_score=_mean(scores[accepted]),
        rejected_score=_mean(scores[rejected]),
    )


def _mean(scores: NDArray[np.float64]) -> float | None:
    return float(scores.mean()) if len(scores) else None


def union_samples(spans: ArrayLike, length_samples: int) -> int:
    """Return how many samples of [0, length_samples) the spans, shape (n, 2), cover together."""
    table = np.clip(np.asarray(spans, np.int64).reshape(-1, 2), 0, length_samples)
    table = table[np.argsort(table[:, 0], kind="stable")]
    reached = np.maximum.accumulate(np.concatenate([np.zeros(1, np.int64), table[:, 1]]))
    return int(np.maximum(0, table[:, 1] - np.maximum(table[:, 0], reached[:-1])).sum())
