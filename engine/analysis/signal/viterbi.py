"""The cheapest way through states (A. J. Viterbi, IEEE Trans. Inf. Theory 13, 1967)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
States = NDArray[np.int64]


def cheapest_way(
    own: Sequence[Numbers], moves: Iterable[Numbers], *, prefers_staying: bool = False
) -> States:
    """Return the state of each step for the least sum of costs, shape (n,); ties go to the lowest number.

    Parameters
    ----------
    own : the cost of each state, shape (states,), for each step, at least one; the number of states may vary
    moves : the cost of each move, shape (states before, states), for each step but the first
    prefers_staying : ties go to the state before; needs the same states at all steps
    """
    total = own[0]
    came_from: list[States] = []
    for costs, move in zip(own[1:], moves, strict=True):
        ways = total[:, None] + move
        before, total = ways.argmin(axis=0), ways.min(axis=0)
        if prefers_staying:
            before = np.where(np.diagonal(ways) <= total, np.arange(len(total)), before)
        came_from.append(before)
        total = total + costs
    return traced(came_from, int(total.argmin()))


def stay_or_jump(
    totals: Numbers, same: States, gains: NDArray[np.floating], price: float
) -> tuple[States, Numbers]:
    """Extend the best ways by some steps: each state stays, or is entered from the best one at a price.

    Parameters
    ----------
    totals : gain of the best way to each state before, shape (states before,)
    same : number of each state among those before, -1 for a new one, shape (states,)
    gains : shape (steps, states)

    Returns
    -------
    came_from : the state before each state, shape (steps, states)
    totals : gain of the best way to each state, shape (states,)
    """
    came_from = np.zeros(gains.shape, np.int64)
    for step, gained in enumerate(gains):
        best = int(totals.argmax())
        stayed = np.where(same >= 0, totals[same], -np.inf)
        stays = stayed >= totals[best] - price
        came_from[step] = np.where(stays, same, best)
        totals = np.where(stays, stayed, totals[best] - price) + gained
        same = np.arange(len(gained))
    return came_from, totals


def traced(came_from: Sequence[NDArray[np.integer]] | NDArray[np.integer], last: int) -> States:
    """Return the way to a state of the last step, shape (steps + 1,).

    Parameters
    ----------
    came_from : for each step but the first, the state before each state, shape (states,)
    """
    way = [last]
    for before in came_from[::-1]:
        way.append(int(before[way[-1]]))
    return np.array(way[::-1], np.int64)
