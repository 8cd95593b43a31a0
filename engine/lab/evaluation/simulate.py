"""Learning in a review, measured with answers from the ground truth on the undecided rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.features.taste.anomaly.threshold import auc
from engine.features.taste.cuts.profile import smooth
from engine.review.calibration import calibrate
from engine.review.evidence import Analyses, Numbers, Positions
from engine.review.queue import queue

Asked = Literal["time", "score", "useful", "random"]
"""In which order the questions are answered."""

MOMENT_S = 3.0


@dataclass(frozen=True, slots=True)
class Simulated:
    """How well the undecided proposals are ranked, as AUC, before and after some answers.

    Attributes
    ----------
    before : all of them ranked by their scores, before any answer
    by_score : the undecided ones ranked by their scores alone
    by_chance : the same ones ranked by the calibration
    answered, undecided : how many
    """

    before: float
    by_score: float
    by_chance: float
    answered: int
    undecided: int

    @property
    def gain(self) -> float:
        """By how much the answers made the ranking better."""
        return self.by_chance - self.by_score


def simulate(
    state: DocumentState,
    heard: Analyses,
    is_fault: NDArray[np.bool_],
    *,
    answers: int = 20,
    asked: Asked = "useful",
    seed: int = 0,
) -> Simulated | None:
    """Answer proposals from the truth, as the queue would ask, and measure the rest.

    Parameters
    ----------
    state : with proposals and nothing decided
    is_fault : shape (n,), whether the proposal at each place should be accepted

    Returns
    -------
    simulated : None if the rest contains only faults, or none
    """
    ids = table_of(state).made.ids
    truth = dict(zip(ids, is_fault.tolist(), strict=True))
    shuffled = np.random.default_rng(seed).permutation(len(ids)).tolist()
    for _ in range(min(answers, len(ids))):
        here = next(key for key in _asked(state, heard, asked, shuffled) if key not in state.decisions)
        verdict = Verdict.ACCEPTED if truth[here] else Verdict.REJECTED
        state = replace(state, decisions={**state.decisions, here: Decision(here, verdict)})
    table = table_of(state)
    rest = table.are(Verdict.UNDECIDED)
    chances = calibrate(state, heard).learned.chances
    if chances is None or is_fault[rest].all() or not is_fault[rest].any():
        return None
    return Simulated(
        before=auc(is_fault, table.made.scores),
        by_score=auc(is_fault[rest], table.made.scores[rest]),
        by_chance=auc(is_fault[rest], chances[rest]),
        answered=len(state.decisions),
        undecided=int(rest.sum()),
    )


def _asked(state: DocumentState, heard: Analyses, asked: Asked, shuffled: list[int]) -> tuple[str, ...]:
    """Return the proposals in the order in which they are answered."""
    if asked == "random":
        ids = table_of(state).made.ids
        return tuple(ids[place] for place in shuffled)
    if asked == "useful":
        return queue(state, "useful", learned=calibrate(state, heard).learned)
    return queue(state, asked)


def moments(heard: Analyses, length_samples: int, rate_hz: int, moment_s: float = MOMENT_S) -> DocumentState:
    """Return a document that proposes every moment of a recording, with its mean score.

    Proposals are mostly confident; moments show the ranking of the whole recording.

    Parameters
    ----------
    heard : with a curve
    """
    assert heard.curve is not None
    moment = round(moment_s * rate_hz)
    starts = np.arange(0, length_samples - moment + 1, moment, dtype=np.int64)
    profile = smooth(heard.curve, length_samples=length_samples, rate_hz=rate_hz)
    scores = profile.areas(starts, starts + moment) / moment
    maker = heard.curve.maker
    proposals = [
        Proposal(f"moment-{k:06}", "cut", start, start + moment, score, "", maker)
        for k, (start, score) in enumerate(zip(starts.tolist(), scores.tolist(), strict=True))
    ]
    return DocumentState(rate_hz=rate_hz, proposals={one.id: one for one in proposals})


def hit(state: DocumentState, faults: Positions) -> NDArray[np.bool_]:
    """Return which proposals, by index, are mostly inside disjoint faults, shape (k, 2)."""
    made = table_of(state).made
    within = _covered(made.stops_samples, faults) - _covered(made.starts_samples, faults)
    found: NDArray[np.bool_] = within > (made.stops_samples - made.starts_samples) / 2
    return found


def _covered(upto: Positions, faults: Positions) -> Numbers:
    """Return the duration of faults before each position, shape (n,)."""
    ordered = faults[np.argsort(faults[:, 0])]
    borders = np.concatenate([np.zeros(1), ordered.ravel().astype(np.float64)])
    lengths = np.stack([np.zeros(len(ordered)), np.diff(ordered)[:, 0]], axis=1).ravel()
    reached: Numbers = np.interp(upto, borders, np.concatenate([np.zeros(1), np.cumsum(lengths)]))
    return reached
