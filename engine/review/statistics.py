"""How far the review is and how long the result will be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import ArrayLike

from engine.document.decisions import Decision, Verdict
from engine.document.kinds import KINDS
from engine.document.state import DocumentState


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
    decisions = {key: value for key, value in state.decisions.items() if key in state.proposals}
    counts = Counter(decision.verdict for decision in decisions.values())
    accepted: list[tuple[int, int]] = []
    undecided: list[tuple[int, int]] = []
    removing = {kind.name for kind in KINDS.values() if kind.removes_span}
    for proposal_id, proposal in state.proposals.items():
        if proposal.kind not in removing:
            continue
        decision = decisions.get(proposal_id)
        if decision is None:
            undecided.append((proposal.start_samples, proposal.stop_samples))
        elif decision.verdict is Verdict.ACCEPTED:
            accepted.append(state.span(proposal_id))
        elif decision.verdict is Verdict.UNDECIDED:
            undecided.append(state.span(proposal_id))
    length = state.length_samples
    return ReviewStatistics(
        total=len(state.proposals),
        decided=counts[Verdict.ACCEPTED] + counts[Verdict.REJECTED],
        accepted=counts[Verdict.ACCEPTED],
        rejected=counts[Verdict.REJECTED],
        flagged=sum(decision.flagged for decision in decisions.values()),
        result_samples=length - union_samples(accepted, length),
        result_if_all_accepted_samples=length - union_samples(accepted + undecided, length),
        length_samples=length,
        accepted_score=_mean_score(state, decisions, Verdict.ACCEPTED),
        rejected_score=_mean_score(state, decisions, Verdict.REJECTED),
    )


def _mean_score(state: DocumentState, decisions: Mapping[str, Decision], verdict: Verdict) -> float | None:
    scores = [state.proposals[key].score for key, value in decisions.items() if value.verdict is verdict]
    return fmean(scores) if scores else None


def union_samples(spans: ArrayLike, length_samples: int) -> int:
    """Return how many samples of [0, length_samples) the spans, shape (n, 2), cover together."""
    table = np.clip(np.asarray(spans, np.int64).reshape(-1, 2), 0, length_samples)
    table = table[np.argsort(table[:, 0], kind="stable")]
    reached = np.maximum.accumulate(np.concatenate([np.zeros(1, np.int64), table[:, 1]]))
    return int(np.maximum(0, table[:, 1] - np.maximum(table[:, 0], reached[:-1])).sum())
