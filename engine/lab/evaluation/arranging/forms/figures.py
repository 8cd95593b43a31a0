"""How near jumps, and the order of blocks, come to the right ones.

The search for rules has an agreement of its own: these figures share no code with it.
"""

from __future__ import annotations

import numpy as np

from engine.features.arrangement.steps import Order, spans_of
from engine.lab.evaluation.arranging.compared import f_of_matches

_MOSTLY = 0.5
_WITHIN_STEPS = 1


def jump_f(found: Order, right: Order) -> float:
    """Return the F-measure of jumps with both ends right within a step, each matched once; 1 without any."""
    some, others = _jumps(found), _jumps(right)
    return f_of_matches((np.abs(some[:, None] - others[None, :]) <= _WITHIN_STEPS).all(axis=2))


def _jumps(order: Order) -> Order:
    """Return the edges of steps where each jump leaves and arrives, shape (jumps, 2)."""
    return np.array(spans_of(order), np.int64).reshape(-1)[1:-1].reshape(-1, 2)


def reorders(order: Order) -> bool:
    """Return whether material is played after later material of the recording, other than again."""
    firsts = _firsts(order)
    return bool((np.diff(firsts) < 0).any())


def order_tau(found: Order, right: Order, n: int) -> float:
    """Return Kendall's tau of the blocks of the right order, by their first plays, in the found order.

    A block with less than half of its steps played has no place: its pairs count as neither right nor wrong.
    """
    places = np.full(n, -1.0)
    first = _first_places(found)
    places[list(first)] = list(first.values())
    firsts = _firsts(right)
    turns = np.flatnonzero(np.diff(firsts) != 1) + 1
    at = []
    for block in np.split(firsts, turns):
        there = places[block]
        is_played = (there >= 0).mean() >= _MOSTLY
        at.append(float(there[there >= 0].mean()) if is_played else None)
    pairs = [(at[i], at[j]) for i in range(len(at)) for j in range(i + 1, len(at))]
    signs = [0.0 if a is None or b is None else float(np.sign(b - a)) for a, b in pairs]
    return float(np.mean(signs)) if signs else 1.0


def _first_places(order: Order) -> dict[int, int]:
    places: dict[int, int] = {}
    for place, step in enumerate(order.tolist()):
        places.setdefault(step, place)
    return places


def _firsts(order: Order) -> Order:
    """Return the steps in the order of their first plays."""
    return np.array(list(_first_places(order)), np.int64)
