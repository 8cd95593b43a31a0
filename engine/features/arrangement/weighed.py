"""Orders with their shares of likelihood, that of least expected loss first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features.arrangement.alike import Traits
from engine.features.arrangement.orders import Order, plays

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
