"""From the answers so far to how likely each undecided proposal would be accepted.

All of it is derived from the state of the document, what listening found and the answers that the taste
brings along, so that an answer that is taken back is unlearned. docs/decisions/0015 says why it is so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.document.decisions import Verdict
from engine.document.state import DocumentState
from engine.document.table import Made, ProposalTable, table_of
from engine.review.calibration.answers import MOST_ANSWERS, Answer
from engine.review.calibration.evidence import Analyses, Evidence, Numbers, evidence
from engine.review.calibration.neighbours import (
    surprises_alike,
    surprises_beside,
    surprises_touching,
)
from engine.review.calibration.posterior import Posterior, Prior, logistic, posterior
from engine.review.calibration.products import times, weighted_squares
from engine.review.learned import Learned

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
    """What the answers taught.

    Attributes
    ----------
    learned : for each proposal of the document, by place
    names : of the weights
    prior, posterior : of the weights, before and after the answers
    rows : float64, shape (n, len(names)), what was weighed of each proposal
    answered : shape (n,), which were answered in this document
    accepted : how many of all answers, those that the taste brought along included, were yes
    count : how many answers it was learned from
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
    """Learn from a document's answers to what the taste in force proposed.

    Parameters
    ----------
    brought : answers given in other documents; those about proposals of this one are passed over, since what
        this document says of them holds
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
    """Return the same with what was weighed of each."""
    places, names = table_of(state).made.places, calibration.names
    return tuple(
        Answer(key, accepted, _named(names, calibration.rows[places[key]]))
        for key, accepted in verdicts_of(state, calibration).items()
    )


def _answered(table: ProposalTable, heard: Analyses) -> NDArray[np.bool_]:
    """Return what teaches: answers to proposals of the taste whose scores are in force."""
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
    """Return all that is weighed, the neighbours' answers included, and what each column is."""
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
    """Return what was weighed of one proposal; what always counts needs not be told."""
    return dict(zip(names[1:], row[1:].tolist(), strict=True))


def _rows_of(answers: Sequence[Answer], names: tuple[str, ...]) -> Numbers:
    """Return what was weighed elsewhere in these columns; what was not says nothing."""
    rows = [[1.0, *(answer.evidence.get(name, 0.0) for name in names[1:])] for answer in answers]
    return np.array(rows, np.float64).reshape(-1, len(names))


def _prior(names: tuple[str, ...]) -> Prior:
    """Return what is believed before any answer: the score alone."""
    means = np.array([_SCORE_WEIGHT if name == "score" else 0.0 for name in names])
    return Prior(means, np.array([_DEVIATIONS.get(name, _OTHER_DEVIATION) for name in names]))


def usefulness(
    rows: Numbers, known: Posterior, undecided: NDArray[np.bool_], lengths_samples: NDArray[np.int64]
) -> Numbers:
    """Return by how much an answer to each row, shape (n, d), would make the undecided chances surer.

    That is how far the variance of their chances falls, weighted by how long they are: V-optimality for
    logistic regression (A. I. Schein and L. H. Ungar, "Active learning for logistic regression: an
    evaluation", Machine Learning 68, 2007). A row near even chance, like many others, tells most.
    """
    means, variances = known.log_odds(rows)
    chances = logistic(means)
    told = chances * (1.0 - chances)
    share = np.where(undecided, lengths_samples, 0) / max(1, int(lengths_samples[undecided].sum()))
    reached = times(rows, known.covariance)
    fall = (times(reached, weighted_squares(rows, share * told**2)) * reached).sum(axis=1)
    found: Numbers = told * fall / (1.0 + told * variances)
    return found
