"""How far the review is and how long the result will be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.latest import found_once
from engine.document.decisions import Verdict
from engine.document.proposals import QUESTION
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.review.cut_away import cut_away
from engine.sound.edl.build import heard_samples, heard_samples_of_all_but


@dataclass(frozen=True, slots=True)
class ReviewStatistics:
    """The figures of a review.

    Attributes
    ----------
    cut_away : number of undecided ones that need no decision, see `engine.review.cut_away`
    result_samples : length after accepted proposals
    result_if_all_accepted_samples : length if the undecided ones were accepted as well
    length_samples : the whole recording
    accepted_score, rejected_score : their mean scores, None without any
    """

    total: int
    decided: int
    cut_away: int
    accepted: int
    rejected: int
    flagged: int
    result_samples: int
    result_if_all_accepted_samples: int
    length_samples: int
    accepted_score: float | None
    rejected_score: float | None

    @property
    def undecided(self) -> int:
        """Number that still need a decision."""
        return self.total - self.decided - self.cut_away


@found_once
def statistics(state: DocumentState) -> ReviewStatistics:
    """Return the present figures of the review."""
    table = table_of(state)
    accepted, rejected = table.are(Verdict.ACCEPTED), table.are(Verdict.REJECTED)
    scores = table.made.scores
    return ReviewStatistics(
        total=len(accepted),
        decided=int(np.count_nonzero(accepted | rejected)),
        cut_away=int(np.count_nonzero(cut_away(state))),
        accepted=int(np.count_nonzero(accepted)),
        rejected=int(np.count_nonzero(rejected)),
        flagged=int(np.count_nonzero(table.flagged)),
        result_samples=heard_samples(state),
        result_if_all_accepted_samples=heard_samples_of_all_but(state, rejected),
        length_samples=state.length_samples,
        accepted_score=_mean(scores[accepted]),
        rejected_score=_mean(scores[rejected]),
    )


def _mean(scores: NDArray[np.float64]) -> float | None:
    return float(scores.mean()) if len(scores) else None


@found_once
def without_questions(state: DocumentState) -> DocumentState:
    """Return the document without its undecided questions: they propose no cuts."""
    rest = {
        key: one
        for key, one in state.proposals.items()
        if QUESTION not in one.payload or state.verdict(key) is not Verdict.UNDECIDED
    }
    return state if len(rest) == len(state.proposals) else replace(state, proposals=rest)
