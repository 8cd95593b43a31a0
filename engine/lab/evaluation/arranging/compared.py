"""How two orders differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from engine.features.arrangement.steps import Order, Steps, length_s, plays, spans_of


@dataclass(frozen=True, slots=True)
class Compared:
    """How near one order comes to another.

    Attributes
    ----------
    iou : of the time that is played, intersection over union, 0 to 1
    cuts_f_beat, cuts_f_half_second : F of the places in the recording where playing begins or stops, right
        within one step, and within 0.5 s
    distance : edits (steps put in, taken out or exchanged) from one to the other, over the longer
    length_error : how much longer or shorter it is, over the length of the right one
    """

    iou: float
    cuts_f_beat: float
    cuts_f_half_second: float
    distance: float
    length_error: float


def compared(found: Order, right: Order, steps: Steps) -> Compared:
    """Compare an order with the right one."""
    n = len(steps)
    own, others = cuts(found, n), cuts(right, n)
    played, wanted = (np.minimum(plays(order, n), 1) > 0 for order in (found, right))
    lengths = steps.lengths_s
    union = float(lengths[played | wanted].sum())
    iou = float(lengths[played & wanted].sum()) / union if union else 1.0
    right_s = length_s(right, steps)
    return Compared(
        iou,
        f_of_places(own, others, 1.0),
        f_of_places(_at_s(own, steps), _at_s(others, steps), 0.5),
        edit_distance(found, right) / max(1, len(found), len(right)),
        abs(length_s(found, steps) - right_s) / max(right_s, 1e-9) if right_s else float(len(found) > 0),
    )


def cuts(order: Order, n: int) -> NDArray[np.float64]:
    """Return the edges of steps where a block begins or ends, those of the recording left out, as often."""
    edges = np.array(spans_of(order), np.float64).ravel()
    inner: NDArray[np.float64] = edges[(edges > 0) & (edges < n)]
    return inner


def f_of_places(found: NDArray[np.float64], right: NDArray[np.float64], within: float) -> float:
    """Return the F-measure of places that are right within a tolerance, each matched once; 1 for none."""
    return f_of_matches(np.abs(found[:, None] - right[None, :]) <= within + 1e-9)


def f_of_matches(may_match: NDArray[np.bool_]) -> float:
    """Return the F-measure of the largest number of matches, each row and column matched once.

    Parameters
    ----------
    may_match : a row for each that is found, a column for each right one; without any F is 1
    """
    if not sum(may_match.shape):
        return 1.0
    rows, columns = linear_sum_assignment(may_match, maximize=True)
    return 2.0 * float(may_match[rows, columns].sum()) / sum(may_match.shape)


def _at_s(edges: NDArray[np.float64], steps: Steps) -> NDArray[np.float64]:
    at: NDArray[np.float64] = steps.edges_s[edges.astype(np.int64)]
    return at


def edit_distance(found: Sequence[int] | Order, right: Sequence[int] | Order) -> int:
    """Return how many steps have to be put in, taken out or exchanged (V. I. Levenshtein, 1966)."""
    some, others = np.asarray(found, np.int64), np.asarray(right, np.int64)
    row = np.arange(len(others) + 1)
    counts = np.arange(len(others) + 1)
    for number, step in enumerate(some.tolist(), start=1):
        new = np.minimum(row + 1, np.concatenate([[number], row[:-1] + (others != step)]))
        # Putting in: each place is at most one more than the one before it.
        row = np.minimum.accumulate(new - counts) + counts
    return int(row[-1])
