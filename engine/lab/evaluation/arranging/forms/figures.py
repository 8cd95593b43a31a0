"""How near the order of blocks comes to the right one."""

from __future__ import annotations

import numpy as np

from engine.arranging.orders import Order

_MOSTLY = 0.5


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
