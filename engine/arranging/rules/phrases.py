"""Phrases: the units of orders with free jumps, between the places where blocks may begin or end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.arranging.orders import Order, order_of, spans_of
from engine.arranging.step_features import StepFeatures

Ints = NDArray[np.int64]

_BARS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """Consecutive phrases; `edges`, shape (n + 1,): the steps where they begin, and the number of steps."""

    edges: Ints
    lengths_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.lengths_s)

    def of_order(self, order: Order) -> Ints:
        """Return the phrases of an order of steps; its borders are edges of phrases."""
        spans = spans_of(order)
        firsts, lasts = (np.searchsorted(self.edges, [span[side] for span in spans]) for side in (0, 1))
        return order_of(zip(firsts.tolist(), lasts.tolist(), strict=True))

    def steps_of(self, phrases: Iterable[int]) -> Order:
        """Return the order of steps that phrases are."""
        played = np.fromiter(phrases, np.int64)
        return order_of((int(self.edges[first]), int(self.edges[last])) for first, last in spans_of(played))

    def all_of(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which phrases have only steps that are flagged, shape (n,)."""
        return np.asarray(np.minimum.reduceat(flags.astype(np.int8), self.edges[:-1]) > 0)


def phrases_of(heard: StepFeatures, borders: Iterable[int]) -> Phrases:
    """Return the phrases of a recording: between borders, two bars each, counted from the border before."""
    n = len(heard)
    at = sorted({0, n, *(border for border in borders if 0 < border < n)})
    length = _BARS * heard.steps.bar_beats
    edges: list[int] = []
    for first, last in pairwise(at):
        inner = list(range(first, last, length))
        if len(inner) > 1 and last - inner[-1] < length // 2:
            inner.pop()
        edges += inner
    found = np.array([*edges, n], np.int64)
    ends_s = heard.steps.edges_s[found]
    return Phrases(found, np.diff(ends_s))
