"""Rows of the comparison that know no network: copy-all, random, energy, score-and-cut, semi-Markov.

All get the retained share and the lengths of pieces from the same edits as ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import runs
from engine.features.arrangement.network import Pair
from engine.features.arrangement.step_features import StepFeatures
from engine.features.arrangement.steps import Order, Steps, order_of, plays, spans_of

Floats = NDArray[np.float64]
_LOUDNESS = 0
_LEAST_STEPS = 8
_RIDGE = 1.0
_ROUNDS = 25


def copied(heard: StepFeatures) -> Order:
    """Play all of it."""
    return np.arange(len(heard))


def random_pieces(heard: StepFeatures, pairs: Sequence[Pair], rng: np.random.Generator) -> Order:
    """Keep as much as the editor does, in pieces as long, anywhere."""
    n = len(heard)
    lengths = [last - first for pair in pairs for first, last in spans_of(pair.order)] or [n]
    is_kept = np.zeros(n, bool)
    share = kept_share(pairs)
    while is_kept.mean() < min(share, 0.999):
        first = int(rng.integers(0, n))
        is_kept[first : first + max(1, int(rng.choice(lengths)))] = True
    return order_of(runs(is_kept).tolist())


def energy(heard: StepFeatures, pairs: Sequence[Pair]) -> Order:
    """Keep the loudest steps, with the editor's share."""
    return _above(heard.features[:, _LOUDNESS].astype(np.float64), heard.steps, kept_share(pairs))


def score_and_cut(heard: StepFeatures, pairs: Sequence[Pair]) -> Order:
    """Score each step by its distance to the training data, as a taste does, and cut distant ones.

    The score is the mean distance to the five nearest retained steps, with normalised features; the retained
    share is the editor's, and no piece is shorter than two bars.
    """
    from scipy.spatial import cKDTree

    kept = np.concatenate([pair.heard.features[plays(pair.order, len(pair.heard)) > 0] for pair in pairs])
    scale = np.maximum(kept.std(axis=0), 0.05)
    distances, _ = cKDTree(kept / scale).query(heard.features / scale, k=min(5, len(kept)))
    score = np.asarray(distances, np.float64).reshape(len(heard), -1).mean(axis=1)
    return _above(-_smoothed(score, 4), heard.steps, kept_share(pairs), _LEAST_STEPS)


def kept_share(pairs: Sequence[Pair]) -> float:
    """Return how much of the time an editor plays at all."""
    kept = sum(
        float(pair.heard.steps.lengths_s[plays(pair.order, len(pair.heard)) > 0].sum()) for pair in pairs
    )
    return kept / max(1e-9, sum(float(pair.heard.steps.lengths_s.sum()) for pair in pairs))


@dataclass(frozen=True, slots=True, eq=False)
class SemiMarkov:
    """Segmentation into retained and cut spans, with linear scores of steps and borders.

    The score of a way through is the sum over its steps of how they fit their segment, and over its borders
    of how likely a border is there and how likely a segment of that length (S. Sarawagi and W. Cohen,
    NeurIPS 2004); found by dynamic programming. It knows neither loops nor other places.
    """

    keeping: Floats
    starting: Floats
    stopping: Floats
    lengths: tuple[Floats, Floats]

    @classmethod
    def learned(cls, pairs: Sequence[Pair]) -> SemiMarkov:
        """Learn three logistic lines and how long segments are from edits."""
        rows = np.concatenate([_with_one(pair.heard) for pair in pairs])
        kept = [plays(pair.order, len(pair.heard)) > 0 for pair in pairs]
        before = [np.concatenate([[False], one[:-1]]) for one in kept]
        lengths = []
        for is_kept in (False, True):
            found = [last - first for one in kept for first, last in runs(one == is_kept).tolist()]
            counts = np.bincount(np.minimum(np.log2(np.array(found or [8])).astype(int), 11), minlength=12)
            lengths.append(np.log((counts + 0.5) / (counts.sum() + 6.0)))
        starts = [one & ~was for one, was in zip(kept, before, strict=True)]
        stops = [~one & was for one, was in zip(kept, before, strict=True)]
        return cls(
            _logistic(rows, np.concatenate(kept)),
            _logistic(rows, np.concatenate(starts)),
            _logistic(rows, np.concatenate(stops)),
            (lengths[0], lengths[1]),
        )

    def order(self, heard: StepFeatures) -> Order:
        """Return the best way through a recording."""
        rows = _with_one(heard)
        n = len(rows)
        fits = np.concatenate([[0.0], np.cumsum(rows @ self.keeping)])
        borders = np.stack([rows @ self.stopping, rows @ self.starting], axis=1)
        best = np.full((n + 1, 2), -np.inf)
        best[0] = 0.0
        back = np.zeros((n + 1, 2), np.int64)
        bins = np.minimum(np.log2(np.maximum(np.arange(n + 1), 1)).astype(int), 11)
        for stop in range(1, n + 1):
            starts = np.arange(stop)
            for kind in (0, 1):
                sign = 1.0 if kind else -1.0
                entering = np.where(starts > 0, borders[np.minimum(starts, n - 1), kind], 0.0)
                value = (
                    best[:stop, 1 - kind]
                    + entering
                    + sign * (fits[stop] - fits[:stop]) / 2.0
                    + self.lengths[kind][bins[stop - starts]]
                )
                back[stop, kind] = int(np.argmax(value))
                best[stop, kind] = value[back[stop, kind]]
        stop, kind = n, int(np.argmax(best[n]))
        spans = []
        while stop > 0:
            start = int(back[stop, kind])
            if kind:
                spans.append((start, stop))
            stop, kind = start, 1 - kind
        return order_of(reversed(spans))


def _with_one(heard: StepFeatures) -> Floats:
    features = heard.features.astype(np.float64)
    return np.concatenate([features, np.ones((len(features), 1))], axis=1)


def _logistic(rows: Floats, flags: NDArray[np.bool_]) -> Floats:
    """Fit a logistic line by Newton's method, its weights held small."""
    weights = np.zeros(rows.shape[1])
    held = np.full(rows.shape[1], _RIDGE)
    held[-1] = 1e-3
    for _ in range(_ROUNDS):
        chances = 1.0 / (1.0 + np.exp(-np.clip(rows @ weights, -30.0, 30.0)))
        slope = rows.T @ (flags - chances) - held * weights
        curve = (rows * (chances * (1.0 - chances))[:, None]).T @ rows + np.diag(held)
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-4:
            break
    return weights


def _above(score: Floats, steps: Steps, share: float, least: int = 1) -> Order:
    """Keep the highest scores up to a share of the time, with pieces of at least `least` steps."""
    lengths = steps.lengths_s
    by_score = np.argsort(-score, kind="stable")
    until = np.cumsum(lengths[by_score]) <= share * lengths.sum() + 1e-9
    is_kept = np.zeros(len(score), bool)
    is_kept[by_score[until]] = True
    for flag in (True, False):
        for first, last in runs(is_kept == flag).tolist():
            if last - first < least:
                is_kept[first:last] = not flag
    return order_of(runs(is_kept).tolist())


def _smoothed(values: Floats, half: int) -> Floats:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    first, last = np.maximum(at - half, 0), np.minimum(at + half + 1, len(values))
    means: Floats = (sums[last] - sums[first]) / np.maximum(last - first, 1)
    return means
