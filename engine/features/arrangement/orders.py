"""Orders: the steps that are played, one after the other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.features.arrangement.steps import Steps

Order = NDArray[np.int64]
"""Shape (t,), the numbers of the steps that are played; a number that comes again is played again."""

Span = tuple[int, int]


def order_of(spans: Iterable[Span]) -> Order:
    """Return the order that plays spans [first, last) of steps one after the other."""
    parts = [np.arange(first, last, dtype=np.int64) for first, last in spans if last > first]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def order_or_all(spans: Iterable[Span], n: int) -> Order:
    """Return the order that plays spans of a recording of n steps; all of it if nothing would be left."""
    order = order_of(spans)
    return order if len(order) else np.arange(n)


def spans_of(order: Order) -> list[Span]:
    """Return the spans [first, last) of steps that follow each other in a recording, in the order played."""
    if not len(order):
        return []
    starts = np.concatenate([[0], np.flatnonzero(np.diff(order) != 1) + 1])
    stops = np.concatenate([starts[1:], [len(order)]])
    return [(int(order[first]), int(order[last - 1]) + 1) for first, last in zip(starts, stops, strict=True)]


def plays(order: Order, n: int) -> NDArray[np.int64]:
    """Return how often each of n steps is played, shape (n,)."""
    return np.bincount(order, minlength=n).astype(np.int64)


def order_of_spans(spans_samples: Iterable[Span], steps: Steps) -> Order:
    """Return the order that an edit plays, given the spans of samples it plays."""
    return order_of(steps.within(start, stop) for start, stop in spans_samples)


def length_s(order: Order, steps: Steps) -> float:
    """Return how long it lasts."""
    return float(steps.lengths_s[order].sum()) if len(order) else 0.0
