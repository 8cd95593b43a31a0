"""Orders with their shares of likelihood, that of least expected loss first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.arranging.orders import Order
from engine.arranging.rules.alike import agreement


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

    def shared(one: Weighed) -> float:
        return sum(other.share * agreement(one.order, other.order, steps) for other in found)

    return sorted(found, key=lambda one: -shared(one))
