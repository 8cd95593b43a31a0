"""Calibrate: from decisions to the probability that each undecided proposal is accepted.

All of it is derived from the state of the document, its analyses and the decisions stored in the taste, so
that undoing a decision unlearns it. docs/decisions/0015 has the reasons.

Decisions on proposals near in time and on those with a similar sound.

Both features exclude a proposal's own decision, so that a fit to them cannot predict a decision from itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.document.decisions import Verdict
from engine.document.state import DocumentState
from engine.document.table import Made, ProposalTable, table_of
from engine.review.calibration.answers import MOST_ANSWERS, Answer
from engine.review.calibration.evidence import Analyses, Evidence, Numbers, Positions, evidence
from engine.review.calibration.posterior import Posterior, Prior, logistic, posterior
from engine.review.calibration.products import times, weighted_squares
from engine.review.learned import Learned

Places = NDArray[np.int64]

NEAR_S = 20.0
"""Distance at which the weight falls to 1/e."""

TOUCHING_S = 1.5
"""Distance at which the weight of an adjacent proposal falls to 1/e."""

_BESIDE = 4
_MOST_ALIKE = 64
_RESERVE = 0.5
_TOUCHING_RESERVE = 1.0


def surprises_beside(
    spans: Positions, decided: NDArray[np.bool_], surprises: Numbers, rate_hz: int
) -> Numbers:
    """Return the weighted mean of the surprises of decided proposals around each span, shape (n,).

    A surprise is the residual of a decision, 0 or 1, from the prediction of the score alone. The four decided
    ones before and the four after a place count, closer ones more, and few are shrunk towards 0.

    Parameters
    ----------
    spans : shape (n, 2), in samples, one for each proposal
    decided, surprises : shape (n,)
    """
    middles = spans.sum(axis=1) // 2

    def weight(other: Places) -> Numbers:
        away: Numbers = np.exp(-np.abs(middles - middles[other]) / (NEAR_S * rate_hz))
        return away

    return _mean_around(middles, decided, surprises, weight, _RESERVE)


def surprises_touching(
    spans: Positions, decided: NDArray[np.bool_], surprises: Numbers, rate_hz: int
) -> Numbers:
    """Return the same of the decided ones that touch each span, or nearly: mostly they are one event."""
    starts, stops = spans.T

    def weight(other: Places) -> Numbers:
        between = np.maximum(np.maximum(starts - stops[other], starts[other] - stops), 0)
        apart: Numbers = np.exp(-((between / (TOUCHING_S * rate_hz)) ** 2))
        return apart

    return _mean_around(spans.sum(axis=1) // 2, decided, surprises, weight, _TOUCHING_RESERVE)


def _mean_around(
    middles: Positions,
    decided: NDArray[np.bool_],
    surprises: Numbers,
    weight: Callable[[Places], Numbers],
    reserve: float,
) -> Numbers:
    known = np.flatnonzero(decided)
    known = known[np.argsort(middles[known], kind="stable")]
    if not len(known):
        return np.zeros(len(middles))
    before = np.searchsorted(middles[known], middles, side="left") - 1
    after = np.searchsorted(middles[known], middles, side="right")
    total, weights = np.zeros(len(middles)), np.full(len(middles), reserve)
    for step in range(_BESIDE):
        for place in (before - step, after + step):
            other = known[np.clip(place, 0, len(known) - 1)]
            counts = weight(other) * ((place >= 0) & (place < len(known)))
            total += counts * surprises[other]
            weights += counts
    found: Numbers = total / weights
    return found


def surprises_alike(rows: Numbers, decided: NDArray[np.bool_], surprises: Numbers) -> Numbers:
    """Return the weighted mean of the surprises of the decided ones that are most like each row, shape (n,).

    Parameters
    ----------
    rows : shape (n, d); two are alike where their mean squared difference is well below 1
    """
    known = np.flatnonzero(decided)
    if not len(known) or not rows.shape[1]:
        return np.zeros(len(rows))
    if len(known) > _MOST_ALIKE:  # as many, evenly from the whole recording, so that thousands take no longer
        known = known[np.linspace(0, len(known) - 1, _MOST_ALIKE).astype(np.int64)]
    rows = rows.astype(np.float32)  # half the time, and likeness is no exact matter
    squares = np.einsum("ij,ij->i", rows, rows)
    apart = squares[:, None] + squares[known] - 2.0 * times(rows, rows[known].T)
    likeness = np.exp(-apart / np.float32(rows.shape[1]))
    likeness[known, np.arange(len(known))] = 0.0
    found: Numbers = (likeness * surprises[known]).sum(axis=1) / (_RESERVE + likeness.sum(axis=1))
    return found


ALWAYS = "always"
BESIDE = "answers beside it"
TOUCHING = "answers to what touches it"
ALIKE = "answers to its like"

_SCORE_WEIGHT = 0.8
# How far weights may be from those of the score alone before any answer, see docs/decisions/0015.
_DEVIATIONS: Mapping[str, float] = MappingProxyType(
    {
        ALWAYS: 1.5,
        "score": 0.5,
        "lasting": 1.0,
        "standing out": 1.0,
        "length": 0.6,
        "loudness": 0.6,
        "distance": 0.6,
        "evenness": 0.45,
        BESIDE: 0.75,
        TOUCHING: 1.5,
        ALIKE: 0.75,
    }
)
_OTHER_DEVIATION = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Result of a calibration.

    Attributes
    ----------
    learned : for each proposal of the document, by row
    names : of the weights
    prior, posterior : of the weights, before and after the decisions
    rows : float64, shape (n, len(names)), features of each proposal
    answered : shape (n,), whether decided in this document
    accepted : number of acceptances, including those stored in the taste
    count : number of decisions it was fitted to
    """

    learned: Learned
    names: tuple[str, ...]
    prior: Prior
    posterior: Posterior
    rows: Numbers
    answered: NDArray[np.bool_]
    accepted: int
    count: int


def calibrate(state: DocumentState, heard: Analyses, brought: Sequence[Answer] = ()) -> Calibration:
    """Fit a document's decisions on the proposals of the current taste.

    Parameters
    ----------
    brought : decisions of other documents; those on proposals of this one are skipped, since its own
        decisions apply
    """
    table = table_of(state)
    known = _evidence_of(table.made, heard, state.rate_hz)
    decided = _answered(table, heard)
    others = [answer for answer in brought if answer.proposal_id not in table.made.places]
    names, rows = _weighed(table, known, decided, state.rate_hz)
    prior = _prior(names)
    accepted = table.are(Verdict.ACCEPTED)[decided]
    verdicts = np.concatenate([accepted, [answer.accepted for answer in others]]).astype(bool)
    found = posterior(np.concatenate([rows[decided], _rows_of(others, names)]), verdicts, prior)
    undecided = table.are(Verdict.UNDECIDED)
    lengths = table.made.stops_samples - table.made.starts_samples
    chances = found.chances(rows) if len(verdicts) else None
    learned = Learned(chances, usefulness(rows, found, undecided, lengths))
    return Calibration(learned, names, prior, found, rows, decided, int(verdicts.sum()), len(verdicts))


def verdicts_of(state: DocumentState, calibration: Calibration) -> dict[str, bool]:
    """Return the answers that a taste keeps of a document, by proposal; `calibration` is of the same state.

    Of more than a taste has room for they are the last of the recording.
    """
    table = table_of(state)
    places = np.flatnonzero(calibration.answered)[-MOST_ANSWERS:]
    accepted = table.are(Verdict.ACCEPTED)[places].tolist()
    return {table.made.ids[place]: yes for place, yes in zip(places.tolist(), accepted, strict=True)}


def answers_of(state: DocumentState, calibration: Calibration) -> tuple[Answer, ...]:
    """Return the decisions with the features of each."""
    places, names = table_of(state).made.places, calibration.names
    return tuple(
        Answer(key, accepted, _named(names, calibration.rows[places[key]]))
        for key, accepted in verdicts_of(state, calibration).items()
    )


def _answered(table: ProposalTable, heard: Analyses) -> NDArray[np.bool_]:
    """Return the training rows: decided proposals of the taste that made the current scores."""
    maker = "" if heard.curve is None else heard.curve.maker
    ours = np.array([proposal.maker == maker for proposal in table.made.rows], bool)
    return ours & ~table.are(Verdict.UNDECIDED)


@lru_cache(maxsize=1)
def _evidence_of(made: Made, heard: Analyses, rate_hz: int) -> Evidence:
    """Weigh the proposals of a document; the same ones are weighed once."""
    spans = np.stack([made.starts_samples, made.stops_samples], axis=1)
    found = evidence(spans, made.scores, rate_hz, heard)
    rows = found.rows.copy()
    if len(rows):  # only how scores lie to each other says something: where they begin the user has chosen
        rows[:, 0] -= np.median(rows[:, 0])
    return Evidence(found.names, rows)


def _weighed(
    table: ProposalTable, known: Evidence, decided: NDArray[np.bool_], rate_hz: int
) -> tuple[tuple[str, ...], Numbers]:
    """Return the names and columns of all features, including the neighbours' decisions."""
    expected = logistic(_SCORE_WEIGHT * known.rows[:, 0])
    surprises = np.where(decided, table.are(Verdict.ACCEPTED) - expected, 0.0)
    spans = np.stack([table.made.starts_samples, table.made.stops_samples], axis=1)
    columns = [
        np.ones((len(spans), 1)),
        known.rows,
        surprises_beside(spans, decided, surprises, rate_hz)[:, None],
        surprises_touching(spans, decided, surprises, rate_hz)[:, None],
        surprises_alike(known.rows[:, 1:], decided, surprises)[:, None],
    ]
    return (ALWAYS, *known.names, BESIDE, TOUCHING, ALIKE), np.concatenate(columns, axis=1)


def _named(names: tuple[str, ...], row: Numbers) -> dict[str, float]:
    """Return the named features of one proposal, without the constant."""
    return dict(zip(names[1:], row[1:].tolist(), strict=True))


def _rows_of(answers: Sequence[Answer], names: tuple[str, ...]) -> Numbers:
    """Return features from elsewhere in these columns; missing ones are 0."""
    rows = [[1.0, *(answer.evidence.get(name, 0.0) for name in names[1:])] for answer in answers]
    return np.array(rows, np.float64).reshape(-1, len(names))


def _prior(names: tuple[str, ...]) -> Prior:
    """Return the prior: the score alone."""
    means = np.array([_SCORE_WEIGHT if name == "score" else 0.0 for name in names])
    return Prior(means, np.array([_DEVIATIONS.get(name, _OTHER_DEVIATION) for name in names]))


def usefulness(
    rows: Numbers, known: Posterior, undecided: NDArray[np.bool_], lengths_samples: NDArray[np.int64]
) -> Numbers:
    """Return the information gain of a decision on each row, shape (n, d), about the undecided ones.

    That is the decrease in variance of their probabilities, weighted by their lengths: V-optimality for
    logistic regression (A. I. Schein and L. H. Ungar, "Active learning for logistic regression: an
    evaluation", Machine Learning 68, 2007). A row near probability 0.5 and similar to many others ranks
    highest.
    """
    means, variances = known.log_odds(rows)
    chances = logistic(means)
    told = chances * (1.0 - chances)
    share = np.where(undecided, lengths_samples, 0) / max(1, int(lengths_samples[undecided].sum()))
    reached = times(rows, known.covariance)
    fall = (times(reached, weighted_squares(rows, share * told**2)) * reached).sum(axis=1)
    found: Numbers = told * fall / (1.0 + told * variances)
    return found
