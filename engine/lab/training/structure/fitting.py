"""Fit the weights of borders and lengths, and of labels, to songs of known form.

Borders are those of a semi-Markov conditional random field (S. Sarawagi and W. W. Cohen, NIPS 2004): the
likelihood of the known sections, against all others, is raised. Labels are a logistic regression over pairs
of sections, each song as important as another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

Scores = NDArray[np.float64]

_ROUNDS = 80
_OF_BORDERS, _OF_LABELS = 0.5, 0.01
"""Price of the squares of weights."""
_LEAST_CONTRAST = 0.5
"""Weight of the first column: hardly any lesson has sections that differ in nothing but chords."""


@dataclass(frozen=True, slots=True, eq=False)
class BorderLesson:
    """A run of bars of a song.

    Attributes
    ----------
    evidence : shape (n + 1, columns)
    lengths : features of sections of one bar on, shape (bars, columns)
    lines : right borders, from 0 to n, ascending
    """

    evidence: Scores
    lengths: Scores
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LabelLesson:
    """Pairs of sections of a song.

    Attributes
    ----------
    pairs : their features, shape (pairs, columns)
    same : whether they have the same label
    weights : how much each counts, of sum 1
    """

    pairs: Scores
    same: Scores
    weights: Scores


def border_weights(lessons: Sequence[BorderLesson]) -> Scores:
    """Return the weights of the evidence, none of them negative, and then of the lengths."""
    columns, others = lessons[0].evidence.shape[1], lessons[0].lengths.shape[1]

    def loss(weights: Scores) -> tuple[float, Scores]:
        total, slope = _OF_BORDERS * float(weights @ weights), 2.0 * _OF_BORDERS * weights
        for lesson in lessons:
            unlikely, towards = unlikelihood(lesson, weights[:columns], weights[columns:])
            total += unlikely / len(lessons)
            slope = slope + towards / len(lessons)
        return total, slope

    # Lengths other than the usual ones can only count against a section.
    least = [_LEAST_CONTRAST, *[0.0] * (columns - 1), None, *[None] * (others - 1)]
    bounds = list(zip(least, [None] * (columns + 1) + [0.0] * (others - 1), strict=True))
    start = np.zeros(columns + others)
    start[0] = _LEAST_CONTRAST
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _ROUNDS})
    weights: Scores = found.x
    return weights


def unlikelihood(lesson: BorderLesson, of_evidence: Scores, of_lengths: Scores) -> tuple[float, Scores]:
    """Return the negative log-likelihood of the right borders, and its slope."""
    n, most = len(lesson.evidence) - 1, len(lesson.lengths)
    border = lesson.evidence @ of_evidence
    section = lesson.lengths @ of_lengths
    until, after = _sums(border, section)
    whole = until[n]
    is_border = np.exp(until + after - whole)
    counts = np.zeros(most)
    for bars in range(1, min(most, n) + 1):
        starts = np.arange(n - bars + 1)
        chances = until[starts] + section[bars - 1] + border[starts + bars] + after[starts + bars]
        counts[bars - 1] = np.exp(chances - whole).sum()
    right = np.zeros(n + 1)
    right[list(lesson.lines[1:])] = 1.0
    owned = np.bincount([min(b - a, most) - 1 for a, b in pairwise(lesson.lines)], minlength=most)
    slope = np.concatenate(
        [(is_border * (np.arange(n + 1) > 0) - right) @ lesson.evidence, (counts - owned) @ lesson.lengths]
    )
    return float(whole - right @ border - owned @ section), slope


def _sums(border: Scores, section: Scores) -> tuple[Scores, Scores]:
    """Return the log sums of the scores of all sections up to each line, and from it on."""
    n, most = len(border) - 1, len(section)
    until, after = np.full(n + 1, -np.inf), np.full(n + 1, -np.inf)
    until[0] = after[n] = 0.0
    for line in range(1, n + 1):
        bars = np.arange(1, min(most, line) + 1)
        until[line] = logsumexp(until[line - bars] + section[bars - 1]) + border[line]
    for line in range(n - 1, -1, -1):
        bars = np.arange(1, min(most, n - line) + 1)
        after[line] = logsumexp(section[bars - 1] + border[line + bars] + after[line + bars])
    return until, after


def label_weights(lessons: Sequence[LabelLesson]) -> Scores:
    """Return the weights of the features of a pair of sections, and the logit without any, last."""
    pairs = np.concatenate([lesson.pairs for lesson in lessons])
    same = np.concatenate([lesson.same for lesson in lessons])
    counts = np.concatenate([lesson.weights for lesson in lessons])
    counts = counts / counts.sum()
    inputs = np.concatenate([pairs, np.ones((len(pairs), 1))], axis=1)
    priced = np.append(np.full(pairs.shape[1], _OF_LABELS), 0.0)

    def loss(weights: Scores) -> tuple[float, Scores]:
        logits = inputs @ weights
        unlikely = float((counts * (np.logaddexp(0.0, logits) - same * logits)).sum())
        slope = inputs.T @ (counts * (expit(logits) - same))
        return unlikely + float(priced @ weights**2), slope + 2.0 * priced * weights

    weights: Scores = minimize(loss, np.zeros(inputs.shape[1]), jac=True, method="L-BFGS-B").x
    return weights
