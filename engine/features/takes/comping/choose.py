"""The cheapest way through bars of takes: an exact dynamic programme over bars and takes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.viterbi import cheapest_way

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Run:
    """Bars [first, last) from one take."""

    take: int
    first: int
    last: int


def cheapest(costs: Values, seams: Values) -> NDArray[np.int64]:
    """Return the take of each bar, shape (bars,): the least sum of the costs of bars and of seams.

    Ties go to the take before, then to the lowest number.

    Parameters
    ----------
    costs : float64, shape (takes, bars); infinite where a take cannot be chosen
    seams : float64, shape (takes, takes, bars), the price of a seam from the first take to the second at the
        beginning of a bar; 0 for a take that continues
    """
    return cheapest_way([*costs.T], np.moveaxis(seams, 2, 0)[1:], prefers_staying=True)


def runs_of(path: NDArray[np.int64]) -> tuple[Run, ...]:
    """Return the spans of bars in which a path stays on one take."""
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    return tuple(Run(int(path[first]), first, last) for first, last in pairwise(edges))


def others_for(run: Run, path: NDArray[np.int64], costs: Values, seams: Values) -> tuple[int, ...]:
    """Return the other takes for the bars of a run, the cheapest first; all other bars stay as they are.

    Takes that do not play one of the bars are left out.
    """
    found = []
    for take in range(len(costs)):
        own = costs[take, run.first : run.last]
        if take == run.take or not np.isfinite(own).all():
            continue
        price = float(own.sum())
        if run.first:
            price += float(seams[path[run.first - 1], take, run.first])
        if run.last < len(path):
            price += float(seams[take, path[run.last], run.last])
        found.append((price, take))
    return tuple(take for _, take in sorted(found))
