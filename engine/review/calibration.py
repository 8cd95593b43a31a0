"""Calibrate: from decisions to the probability that each undecided proposal is accepted.

Numpy only: the window calls it after every decision. All of it is derived from the state of the document, its
analyses and the decisions stored in the taste, so that undoing a decision unlearns it. It is a logistic
regression with a Gaussian prior, whose posterior is the Gaussian at its top: D. J. C. MacKay, "The evidence
framework applied to classification networks", Neural Computation 4 (1992). Features of decisions near in time
and on similar sounds exclude a proposal's own, so that a fit cannot predict a decision from itself.
docs/decisions/0015 has the reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.wording import begun, counted
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.document.table import Made, ProposalTable, table_of
from engine.review.evidence import PART, PEAK, Analyses, Evidence, Numbers, Positions, evidence
from engine.review.queue import Learned
from engine.review.wording import part_wording

MOST_ANSWERS = 2_000
"""Above it, those of the documents reviewed last are stored: some 400 KB in the file."""

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """One decision on a proposal of a taste, with the evidence at that time.

    Attributes
    ----------
    proposal_id : of the proposal; the same proposal of the same taste is never counted twice
    evidence : features, by name; see `engine.review.evidence`
    """

    proposal_id: str
    accepted: bool
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The decisions of one document.

    Attributes
    ----------
    document : id of the document, see `engine.features.taste.stored_answers.document_key`
    """

    document: str
    answers: tuple[Answer, ...]


def with_document(reviewed: Iterable[Reviewed], latest: Reviewed) -> tuple[Reviewed, ...]:
    """Return the decisions a taste stores after an update by a document; each document counts once.

    A proposal that another document also decided (for example in a copy of the file) counts in the latest
    one. Decisions beyond the limit are dropped, the oldest first.
    """
    here = {answer.proposal_id for answer in latest.answers}
    found: list[Reviewed] = [latest] if latest.answers else []
    room = MOST_ANSWERS - len(latest.answers)
    for one in reversed(tuple(reviewed)):
        answers = tuple(answer for answer in one.answers if answer.proposal_id not in here)
        if one.document != latest.document and answers and room > 0:
            found.append(Reviewed(one.document, answers[-room:]))
            room -= len(answers)
    return tuple(reversed(found))


def to_json(reviewed: Iterable[Reviewed]) -> list[dict[str, Any]]:
    """Write decisions as JSON, with the names of features once per document."""
    written = []
    for one in reviewed:
        names = list(dict.fromkeys(name for answer in one.answers for name in answer.evidence))
        rows = [
            [answer.proposal_id, int(answer.accepted)]
            + [round(float(answer.evidence.get(name, 0.0)), _DIGITS) for name in names]
            for answer in one.answers
        ]
        written.append({"document": one.document, "weighed": names, "answers": rows})
    return written


def from_json(written: Iterable[Mapping[str, Any]]) -> tuple[Reviewed, ...]:
    """Read what `to_json` wrote.

    Raises
    ------
    KeyError, TypeError, ValueError : it is something else
    """
    return tuple(
        Reviewed(
            str(one["document"]),
            tuple(
                Answer(
                    str(key), bool(accepted), dict(zip(one["weighed"], map(_finite, weights), strict=True))
                )
                for key, accepted, *weights in one["answers"]
            ),
        )
        for one in written
    )


def _finite(value: object) -> float:
    number = float(value)  # type: ignore[arg-type]
    if not isfinite(number):
        raise ValueError(f"{number} is not a number")
    return number


_ROWS = 96
"""Times 64 columns times 30: below the size from which OpenBLAS hands a product to several threads and waits.

Where others keep the processors busy, as learning does, that wait takes up to two seconds instead of 1 ms.
"""


def times(rows: NDArray[np.floating], matrix: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return ``rows @ matrix``, of shapes (n, d) and (d, m), a few rows at a time."""
    found: NDArray[np.floating] = (_blocks(rows) @ matrix).reshape(-1, matrix.shape[1])[: len(rows)]
    return found


def weighted_squares(rows: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``rows.T @ diag(weights) @ rows``, of shapes (n, d) and (n,)."""
    weighted = _blocks(rows * weights[:, None]).transpose(0, 2, 1)
    found: NDArray[np.float64] = (weighted @ _blocks(rows)).sum(axis=0)
    return found


def _blocks(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the rows in blocks, shape (k, _ROWS, d), the last filled up with zeros."""
    missing = -len(rows) % _ROWS
    filled = np.concatenate([rows, np.zeros((missing, rows.shape[1]), rows.dtype)]) if missing else rows
    return filled.reshape(-1, _ROWS, rows.shape[1])


_MOST_STEPS = 50
_NEAR_ENOUGH = 1e-5  # the step after one so small would be some 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Prior of the weights: independent and normal.

    Attributes
    ----------
    means, deviations : shape (d,)
    """

    means: Numbers
    deviations: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Posterior of the weights.

    Attributes
    ----------
    means : shape (d,)
    covariance : shape (d, d)
    """

    means: Numbers
    covariance: Numbers

    def log_odds(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Return the log odds of rows, shape (n, d), and their variances, each of shape (n,)."""
        spread: Numbers = np.asarray((times(rows, self.covariance) * rows).sum(axis=1), np.float64)
        return _dot(rows, self.means), spread

    def chances(self, rows: Numbers) -> Numbers:
        """Return the probability that each row, shape (n, d), is accepted; uncertainty pulls it towards 0.5.

        The mean of the logistic over a normal distribution, by MacKay's approximation.
        """
        means, variances = self.log_odds(rows)
        return logistic(means / np.sqrt(1.0 + np.pi * variances / 8.0))


def logistic(log_odds: Numbers) -> Numbers:
    """Return log odds as chances."""
    chances: Numbers = 0.5 * (1.0 + np.tanh(0.5 * log_odds))
    return chances


def posterior(rows: Numbers, answers: NDArray[np.bool_], prior: Prior) -> Posterior:
    """Fit rows, shape (n, d), to their answers, shape (n,); without rows, return the prior.

    Newton steps on a concave function, each halved until it rises, so that the maximum is always found.
    """
    precision = 1.0 / prior.deviations**2
    weights = prior.means.copy()
    signs = np.where(answers, 1.0, -1.0)

    def height(candidate: Numbers) -> float:
        moved = candidate - prior.means
        return float(-np.logaddexp(0.0, -signs * _dot(rows, candidate)).sum() - 0.5 * precision @ moved**2)

    def curvature(candidate: Numbers) -> Numbers:
        chances = logistic(_dot(rows, candidate))
        found: Numbers = weighted_squares(rows, chances * (1.0 - chances)) + np.diag(precision)
        return found

    here = height(weights)
    for _ in range(_MOST_STEPS):
        missed = answers - logistic(_dot(rows, weights))
        slope = (rows * missed[:, None]).sum(axis=0) - precision * (weights - prior.means)
        step = np.linalg.solve(curvature(weights), slope)
        there = height(weights + step)
        while there < here and np.abs(step).max() > _NEAR_ENOUGH:
            step *= 0.5
            there = height(weights + step)
        weights, here = weights + step, there
        if np.abs(step).max() <= _NEAR_ENOUGH:
            break
    return Posterior(weights, np.asarray(np.linalg.inv(curvature(weights)), np.float64))


def _dot(rows: Numbers, weights: Numbers) -> Numbers:
    return np.asarray(times(rows, weights[:, None])[:, 0], np.float64)


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


def calibrate(state: DocumentState, analyses: Analyses, brought: Sequence[Answer] = ()) -> Calibration:
    """Fit a document's decisions on the proposals of the current taste.

    Parameters
    ----------
    brought : decisions of other documents; those on proposals of this one are skipped, since its own
        decisions apply
    """
    table = table_of(state)
    known = _evidence_of(table.made, analyses, state.rate_hz)
    # Training rows are the decided proposals of the taste that made the current scores.
    maker = "" if analyses.curve is None else analyses.curve.maker
    ours = np.array([proposal.maker == maker for proposal in table.made.rows], bool)
    decided = ours & ~table.are(Verdict.UNDECIDED)
    others = [answer for answer in brought if answer.proposal_id not in table.made.places]
    names, rows = _weighed(table, known, decided, state.rate_hz)
    # The prior is the score alone.
    means = np.array([_SCORE_WEIGHT if name == "score" else 0.0 for name in names])
    prior = Prior(means, np.array([_DEVIATIONS.get(name, _OTHER_DEVIATION) for name in names]))
    accepted = table.are(Verdict.ACCEPTED)[decided]
    verdicts = np.concatenate([accepted, [answer.accepted for answer in others]]).astype(bool)
    brought_rows = [[1.0, *(one.evidence.get(name, 0.0) for name in names[1:])] for one in others]
    elsewhere = np.array(brought_rows, np.float64).reshape(-1, len(names))
    found = posterior(np.concatenate([rows[decided], elsewhere]), verdicts, prior)
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
    places, names = table_of(state).made.places, calibration.names[1:]  # without the constant
    return tuple(
        Answer(key, accepted, dict(zip(names, calibration.rows[places[key], 1:].tolist(), strict=True)))
        for key, accepted in verdicts_of(state, calibration).items()
    )


@lru_cache(maxsize=1)
def _evidence_of(made: Made, analyses: Analyses, rate_hz: int) -> Evidence:
    """Weigh the proposals of a document; the same ones are weighed once."""
    spans = np.stack([made.starts_samples, made.stops_samples], axis=1)
    found = evidence(spans, made.scores, rate_hz, analyses)
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
    information = chances * (1.0 - chances)
    share = np.where(undecided, lengths_samples, 0) / max(1, int(lengths_samples[undecided].sum()))
    reached = times(rows, known.covariance)
    fall = (times(reached, weighted_squares(rows, share * information**2)) * reached).sum(axis=1)
    found: Numbers = information * fall / (1.0 + information * variances)
    return found


CLEAR = 2.0
"""Standard deviations by which a weight must differ from its prior to be reported: decisions that only follow
the score cause such a sentence in less than one review in ten.
"""

FEWEST_ANSWERS = 8
_FEWEST_OF_EACH = 3
_MOST_SENTENCES = 2

# The report where a feature makes a cut likelier than by the taste alone, and where it makes it less likely.
_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        ALWAYS: ("you cut most proposals", "you keep most proposals"),
        "score": ("you follow the score more than expected", "you follow the score less than expected"),
        "lasting": (
            "you cut passages that score high throughout",
            "you cut passages with short peaks of the score",
        ),
        "standing out": (
            "you cut passages that differ from their surroundings",
            "you cut passages similar to their surroundings",
        ),
        "length": (
            "you keep short passages, you cut long ones",
            "you keep long passages, you cut short ones",
        ),
        "loudness": ("you keep quiet passages", "you cut quiet passages"),
        "evenness": ("you cut passages of changing level", "you cut passages of even level"),
        "hits": ("you cut passages with many hits", "you cut passages with few hits"),
        "off beat": ("you cut passages off the beat", "you keep passages off the beat"),
        "downbeats": ("you cut whole bars more readily", "you keep whole bars"),
        "distance": (
            "you cut passages unlike the training data",
            "you keep passages unlike the training data",
        ),
        "jumps": ("you cut passages with large jumps", "you keep passages with large jumps"),
        BESIDE: ("you answer neighbours alike", "you alternate between neighbours"),
        TOUCHING: ("you answer adjoining proposals alike", "you alternate between adjoining proposals"),
        ALIKE: ("you answer similar sounds alike", "you answer similar sounds differently"),
    }
)


def sentence(calibration: Calibration) -> str:
    """Report the findings and the number of decisions; empty before the first."""
    if not calibration.count:
        return ""
    source = f"From {counted(calibration.count, 'decision')}."
    found = findings(calibration)
    if not found:
        return f"No pattern found yet. {source}"
    return f"{begun('; '.join(found))}. {source}"


def findings(calibration: Calibration) -> tuple[str, ...]:
    """Return the clear findings, the clearest first, at most two."""
    rejected = calibration.count - calibration.accepted
    if calibration.count < FEWEST_ANSWERS or min(calibration.accepted, rejected) < _FEWEST_OF_EACH:
        return ()
    learned = calibration.posterior.means - calibration.prior.means
    deviations = np.sqrt(np.diag(calibration.posterior.covariance))
    clearness = np.abs(learned) / deviations
    order = [place for place in np.argsort(-clearness).tolist() if clearness[place] >= CLEAR]
    texts = [_words(calibration.names[place], bool(learned[place] > 0)) for place in order]
    return tuple(dict.fromkeys(texts))[:_MOST_SENTENCES]


def _words(name: str, more: bool) -> str:
    if name in _WORDS:
        return _WORDS[name][0 if more else 1]
    part = part_wording(name.removeprefix(PART).removeprefix(PEAK))
    return f"“{part}” counts {'more' if more else 'less'} for you than for the taste"
