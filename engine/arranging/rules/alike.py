"""Agreement of two orders: places of cuts, jumps, played steps, and their order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.arranging.orders import Order, plays, spans_of

_WITHIN = 1
_OF_CUTS, _OF_JUMPS, _OF_PLAYS, _OF_ORDER = 0.35, 0.25, 0.2, 0.2
_COMPARED = 16
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
    jumps_f, in_order = jump_f(found, right), _in_order(found, right, n)
    return _OF_CUTS * f + _OF_JUMPS * jumps_f + _OF_PLAYS * shared + _OF_ORDER * in_order


def _in_order(found: Order, right: Order, n: int) -> float:
    """Return the share of pairs of steps that both orders play first in the same order, 0 to 1.

    Borders need not be right for this: some steps are compared, evenly spaced.
    """
    places = [_first_places(order, n) for order in (found, right)]
    common = np.flatnonzero((places[0] >= 0) & (places[1] >= 0))
    if len(common) < 2:
        return 0.0
    chosen = common[np.linspace(0, len(common) - 1, min(_COMPARED, len(common))).astype(np.int64)]
    signs = [np.sign(place[chosen][:, None] - place[chosen][None, :]) for place in places]
    count = len(chosen)
    return float((signs[0] == signs[1]).sum() - count) / (count * (count - 1))


def _first_places(order: Order, n: int) -> NDArray[np.int64]:
    """Return where each of n steps is played first, -1 where it is not."""
    places = np.full(n, -1)
    places[order[::-1]] = np.arange(len(order))[::-1]
    return places
