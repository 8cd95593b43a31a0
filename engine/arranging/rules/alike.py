"""Agreement of two orders: places of cuts, jumps, and played steps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.arranging.orders import Order, plays, spans_of

_WITHIN = 1
_OF_CUTS, _OF_JUMPS, _OF_PLAYS = 0.4, 0.35, 0.25
_MOST = 4


def cuts(order: Order, n: int) -> NDArray[np.float64]:
    """Return the edges of steps where playing stops or begins, but for the ends of the recording, ascending.

    A place that is left, or arrived at, several times counts as often.
    """
    places = [edge for span in spans_of(order) for edge in span if 0 < edge < n]
    return np.sort(np.array(places, np.float64))


def f_of_places(found: NDArray[np.float64], right: NDArray[np.float64], within: float) -> float:
    """Return the F-measure of places, each matched with at most one within a tolerance; 1 for none in both.

    Both ascending: the greedy match from the left is the largest there is.
    """
    if not len(found) and not len(right):
        return 1.0
    matched, other = 0, 0
    for place in found.tolist():
        while other < len(right) and right[other] < place - within - 1e-9:
            other += 1
        if other < len(right) and right[other] <= place + within + 1e-9:
            matched += 1
            other += 1
    return 2.0 * matched / (len(found) + len(right))


def jumps(order: Order) -> list[tuple[int, int]]:
    """Return the jumps of an order: the edge of steps where each leaves, and where it arrives."""
    spans = spans_of(order)
    return [(before[1], after[0]) for before, after in pairwise(spans)]


def jump_f(found: Order, right: Order) -> float:
    """Return the F-measure of jumps with both ends right within a step, each matched once; 1 without any."""
    some, others = jumps(found), jumps(right)
    if not some and not others:
        return 1.0
    near = sorted(
        (abs(a - c) + abs(b - d), one, other)
        for one, (a, b) in enumerate(some)
        for other, (c, d) in enumerate(others)
        if abs(a - c) <= _WITHIN and abs(b - d) <= _WITHIN
    )
    used: set[int] = set()
    taken: set[int] = set()
    for _, one, other in near:
        if one not in used and other not in taken:
            used.add(one)
            taken.add(other)
    return 2.0 * len(used) / (len(some) + len(others))


def agreement(found: Order, right: Order, n: int) -> float:
    """Return how alike two orders of n steps are, 0 to 1."""
    some, others = (np.minimum(plays(order, n), _MOST) for order in (found, right))
    shared = float(np.minimum(some, others).sum()) / max(1.0, float(np.maximum(some, others).sum()))
    f = f_of_places(cuts(found, n), cuts(right, n), float(_WITHIN))
    return _OF_CUTS * f + _OF_JUMPS * jump_f(found, right) + _OF_PLAYS * shared
