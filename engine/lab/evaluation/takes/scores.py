"""Comparison of detected takes with the ground truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from engine.analysis.found_takes import FalseStart, TakeGroup
from engine.features.taste.anomaly.threshold import auc
from engine.lab.simulated.rehearsals.sessions import Performed, Session

LEAST_S = 8.0
"""A shorter performance of a passage is an attempt: found as a take or not, neither counts."""
_OVERLAP = 0.5
_MOMENT_S = 0.5

Span = tuple[float, float]
SpanPair = tuple[Span, Span]


@dataclass(frozen=True, slots=True)
class PairScores:
    """Number of pairs of takes that were found, missed, and false."""

    found: int
    missed: int
    wrong: int


def true_pairs(session: Session) -> tuple[list[SpanPair], list[SpanPair]]:
    """Return the pairs of takes that are to be found, and those with an attempt that may be."""
    wanted: list[SpanPair] = []
    allowed: list[SpanPair] = []
    played = [one for one in session.performed if one.passage >= 0]
    for one, other in combinations(played, 2):
        if one.passage != other.passage:
            continue
        share = min(one.stop_share, other.stop_share)
        pair = (_until(one, share), _until(other, share))
        is_long = min(stop - start for start, stop in pair) >= LEAST_S
        (wanted if is_long else allowed).append(pair)
    once = [(one.start_s, one.stop_s) for one in session.performed if one.passage < 0]
    # What is played once is all of one recording, which may well repeat itself.
    return wanted, allowed + list(combinations(once, 2))


def borders_off(session: Session, groups: Iterable[TakeGroup]) -> tuple[list[float], list[float]]:
    """Return how far borders of takes are off where a performance was found, in seconds.

    Returns
    -------
    borders, ends : sharp borders, and ends of attempts: ringing or fading sounds have no exact end
    """
    borders: list[float] = []
    ends: list[float] = []
    for take in (take for group in groups for take in group.takes):
        span = (take.start_s, take.stop_s)
        best = max(session.performed, key=lambda one: _iou(span, (one.start_s, one.stop_s)))
        if _iou(span, (best.start_s, best.stop_s)) >= _OVERLAP:
            borders.append(abs(take.start_s - best.start_s))
            (ends if best.ending else borders).append(abs(take.stop_s - best.stop_s))
    return borders, ends


def _until(one: Performed, share: float) -> Span:
    if share >= one.stop_share:
        return one.start_s, one.stop_s
    return one.start_s, one.start_s + (one.stop_s - one.start_s) * share / one.stop_share


def pairs_of(groups: Iterable[TakeGroup]) -> list[SpanPair]:
    """Return all pairs of takes of a group, over their common part of the passage."""
    found: list[SpanPair] = []
    for group in groups:
        for one, other in combinations(group.takes, 2):
            low, high = max(one.from_share, other.from_share), min(one.to_share, other.to_share)
            if high <= low:
                continue
            spans = []
            for take in (one, other):
                rate = (take.stop_s - take.start_s) / max(take.to_share - take.from_share, 1e-6)
                spans.append(
                    (
                        take.start_s + rate * (low - take.from_share),
                        take.start_s + rate * (high - take.from_share),
                    )
                )
            found.append((spans[0], spans[1]))
    return found


def score_pairs(session: Session, found: Sequence[SpanPair]) -> PairScores:
    """Match pairs by their overlap: at least half of each side."""
    wanted, allowed = true_pairs(session)
    left, right, wrong = list(wanted), 0, 0
    for pair in sorted(found, key=lambda one: -(one[0][1] - one[0][0])):
        match = max(left, key=lambda one: _alike(one, pair), default=None)
        if match is not None and _alike(match, pair) >= _OVERLAP:
            left.remove(match)
            right += 1
        elif not any(_alike(one, pair) >= _OVERLAP for one in (*wanted, *allowed)):
            wrong += 1
    return PairScores(right, len(left), wrong)


def _alike(one: SpanPair, other: SpanPair) -> float:
    return min(_iou(one[side], other[side]) for side in (0, 1))


def _iou(one: Span, other: Span) -> float:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return max(0.0, shared) / (max(one[1], other[1]) - min(one[0], other[0]))


def attempt_scores(
    session: Session, told: Sequence[tuple[float, float, float]]
) -> tuple[list[bool], list[float]]:
    """Return for every performance whether it is a false start, and its reported probability.

    Parameters
    ----------
    told : start_s, stop_s and likelihood
    """
    of = [bool(one.ending) for one in session.performed]
    said = [
        max(
            (
                likely
                for start, stop, likely in told
                if _shared((start, stop), one) > 0.5 * (stop - start) > 0.0
            ),
            default=0.0,
        )
        for one in session.performed
    ]
    return of, said


def _shared(span: Span, one: Performed) -> float:
    return min(span[1], one.stop_s) - max(span[0], one.start_s)


def moment_scores(
    session: Session, told: Sequence[tuple[float, float, float]]
) -> tuple[list[bool], list[float]]:
    """Return the same of every half second in which something is played."""
    of: list[bool] = []
    said: list[float] = []
    for one in session.performed:
        for at in np.arange(one.start_s + _MOMENT_S / 2, one.stop_s, _MOMENT_S):
            of.append(bool(one.ending))
            said.append(max((likely for start, stop, likely in told if start <= at < stop), default=0.0))
    return of, said


def told_of(found: Iterable[FalseStart]) -> list[tuple[float, float, float]]:
    """Return false starts as the figures take them."""
    return [(one.start_s, one.stop_s, one.likelihood) for one in found]


def auc_of(of: Sequence[bool], said: Sequence[float]) -> float:
    """Return the AUC of the probability of false starts."""
    return auc(np.array(of, bool), np.array(said))
