"""Agreement of two orders: places of cuts, jumps, played steps, and their order.

Of several orders with their probabilities, the one of least expected loss agrees most with all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.features.arrangement.steps import Order, Span, order_or_all, plays, spans_of

_WITHIN = 1
_OF_CUTS, _OF_JUMPS, _OF_PLAYS, _OF_ORDER = 0.35, 0.25, 0.2, 0.2
_COMPARED = 16
_MOST = 4


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """The properties of an order that are compared with those of another one.

    Attributes
    ----------
    played : how often each step is played, `_MOST` at most, shape (n,)
    cuts : edges of steps where playing stops or begins, ascending; a place counts as often as it is passed
    jumps : the edges of steps where each jump leaves and arrives
    first_places : where each step is played first, -1 where it is not, shape (n,)
    """

    played: NDArray[np.int64]
    cuts: NDArray[np.float64]
    jumps: tuple[Span, ...]
    first_places: NDArray[np.int64]

    @classmethod
    def of(cls, order: Order, n: int) -> Traits:
        """Return the traits of an order of n steps."""
        spans = spans_of(order)
        first_places = np.full(n, -1)
        first_places[order[::-1]] = np.arange(len(order))[::-1]
        places = [edge for span in spans for edge in span if 0 < edge < n]
        return cls(
            np.minimum(plays(order, n), _MOST),
            np.sort(np.array(places, np.float64)),
            _jumps(spans),
            first_places,
        )

    def agreement(self, other: Traits) -> float:
        """Return how alike two orders are, 0 to 1."""
        common = float(np.minimum(self.played, other.played).sum())
        shared = common / max(1.0, float(np.maximum(self.played, other.played).sum()))
        f = f_of_places(self.cuts, other.cuts, float(_WITHIN))
        in_order = _in_order(self.first_places, other.first_places)
        return (
            _OF_CUTS * f
            + _OF_JUMPS * _jump_f(self.jumps, other.jumps)
            + _OF_PLAYS * shared
            + _OF_ORDER * in_order
        )


class RightOrder:
    """An editor's order of a recording, compared with those that many rules or operations make.

    Parameters
    ----------
    n : number of steps of the recording
    """

    def __init__(self, order: Order, n: int) -> None:
        self._n, self._traits = n, Traits.of(order, n)
        self._known: dict[tuple[Span, ...], float] = {}

    def agreement_of(self, spans: Iterable[Span]) -> float:
        """Return how alike this order and that of spans are, 0 to 1; the same spans are compared once."""
        played = tuple(spans)
        if played not in self._known:
            self._known[played] = Traits.of(order_or_all(played, self._n), self._n).agreement(self._traits)
        return self._known[played]


def agreement(found: Order, right: Order, n: int) -> float:
    """Return how alike two orders of n steps are, 0 to 1."""
    return Traits.of(found, n).agreement(Traits.of(right, n))


def jump_f(found: Order, right: Order) -> float:
    """Return the F-measure of jumps with both ends right within a step, each matched once; 1 without any."""
    return _jump_f(_jumps(spans_of(found)), _jumps(spans_of(right)))


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


def _jumps(spans: Sequence[Span]) -> tuple[Span, ...]:
    return tuple((before[1], after[0]) for before, after in pairwise(spans))


def _jump_f(some: Sequence[Span], others: Sequence[Span]) -> float:
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


def _in_order(some: NDArray[np.int64], others: NDArray[np.int64]) -> float:
    """Return the share of pairs of steps that both orders play first in the same order, 0 to 1.

    Borders need not be right for this: some steps are compared, evenly spaced.

    Parameters
    ----------
    some, others : where each step is played first, -1 where it is not
    """
    common = np.flatnonzero((some >= 0) & (others >= 0))
    if len(common) < 2:
        return 0.0
    chosen = common[_spaced(len(common))]
    signs = [np.sign(places[chosen][:, None] - places[chosen][None, :]) for places in (some, others)]
    count = len(chosen)
    return float((signs[0] == signs[1]).sum() - count) / (count * (count - 1))


@lru_cache(maxsize=4096)
def _spaced(count: int) -> NDArray[np.int64]:
    """Return the places of up to `_COMPARED` of `count` steps, evenly spaced."""
    return np.linspace(0, count - 1, min(_COMPARED, count)).astype(np.int64)


_AGREED = 0.8
"""Orders agree on a cut if those with this share of the likelihood make it."""


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """An order, and its share of the likelihood, 0 to 1."""

    order: Order
    share: float


def by_expected_loss(made: Iterable[tuple[Order, float]], steps: int) -> list[Weighed]:
    """Return orders by how alike they are to all of them, equal ones as one.

    Parameters
    ----------
    made : orders of a recording and their weights
    steps : how many steps it has
    """
    weights: dict[bytes, float] = {}
    orders: dict[bytes, Order] = {}
    for order, weight in made:
        key = order.tobytes()
        orders[key] = order
        weights[key] = weights.get(key, 0.0) + weight
    total = sum(weights.values())
    found = [Weighed(orders[key], weight / total) for key, weight in weights.items()]
    traits = {id(one): Traits.of(one.order, steps) for one in found}

    def shared(one: Weighed) -> float:
        return sum(other.share * traits[id(one)].agreement(traits[id(other)]) for other in found)

    return sorted(found, key=lambda one: -shared(one))


def agreed_cuts(weighed: Sequence[Weighed], steps: int) -> NDArray[np.bool_]:
    """Return whether most orders, by their shares, leave each step out, shape (steps,)."""
    shares = np.zeros(steps)
    for one in weighed:
        shares += one.share * (plays(one.order, steps) == 0)
    return shares >= _AGREED
