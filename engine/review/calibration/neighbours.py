"""Decisions on proposals near in time and on those with a similar sound.

Both features exclude a proposal's own decision, so that a fit to them cannot predict a decision from itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.review.calibration.evidence import Numbers, Positions
from engine.review.calibration.products import times

Places = NDArray[np.int64]

NEAR_S = 20.0
"""Distance at which the weight falls to 1/e."""

TOUCHING_S = 1.5
"""Distance at which the weight of an adjacent proposal falls to 1/e."""

_BESIDE = 4
_MOST_ALIKE = 64
_RESERVE = 0.5
_TOUCHING_RESERVE = 1.0


def surprises_beside(
    spans: Positions, decided: NDArray[np.bool_], surprises: Numbers, rate_hz: int
) -> Numbers:
    """Return the weighted mean of the surprises of decided proposals around each span, shape (n,).

    A surprise is the residual of a decision, 0 or 1, from the prediction of the score alone. The four decided
    ones before and the four after a place count, closer ones more, and few are shrunk towards 0.

    Parameters
    ----------
    spans : shape (n, 2), in samples, one for each proposal
    decided, surprises : shape (n,)
    """
    middles = spans.sum(axis=1) // 2

    def weight(other: Places) -> Numbers:
        away: Numbers = np.exp(-np.abs(middles - middles[other]) / (NEAR_S * rate_hz))
        return away

    return _mean_around(middles, decided, surprises, weight, _RESERVE)


def surprises_touching(
    spans: Positions, decided: NDArray[np.bool_], surprises: Numbers, rate_hz: int
) -> Numbers:
    """Return the same of the decided ones that touch each span, or nearly: mostly they are one event."""
    starts, stops = spans.T

    def weight(other: Places) -> Numbers:
        between = np.maximum(np.maximum(starts - stops[other], starts[other] - stops), 0)
        apart: Numbers = np.exp(-((between / (TOUCHING_S * rate_hz)) ** 2))
        return apart

    return _mean_around(spans.sum(axis=1) // 2, decided, surprises, weight, _TOUCHING_RESERVE)


def _mean_around(
    middles: Positions,
    decided: NDArray[np.bool_],
    surprises: Numbers,
    weight: Callable[[Places], Numbers],
    reserve: float,
) -> Numbers:
    known = np.flatnonzero(decided)
    known = known[np.argsort(middles[known], kind="stable")]
    if not len(known):
        return np.zeros(len(middles))
    before = np.searchsorted(middles[known], middles, side="left") - 1
    after = np.searchsorted(middles[known], middles, side="right")
    total, weights = np.zeros(len(middles)), np.full(len(middles), reserve)
    for step in range(_BESIDE):
        for place in (before - step, after + step):
            other = known[np.clip(place, 0, len(known) - 1)]
            counts = weight(other) * ((place >= 0) & (place < len(known)))
            total += counts * surprises[other]
            weights += counts
    found: Numbers = total / weights
    return found


def surprises_alike(rows: Numbers, decided: NDArray[np.bool_], surprises: Numbers) -> Numbers:
    """Return the weighted mean of the surprises of the decided ones that are most like each row, shape (n,).

    Parameters
    ----------
    rows : shape (n, d); two are alike where their mean squared difference is well below 1
    """
    known = np.flatnonzero(decided)
    if not len(known) or not rows.shape[1]:
        return np.zeros(len(rows))
    if len(known) > _MOST_ALIKE:  # as many, evenly from the whole recording, so that thousands take no longer
        known = known[np.linspace(0, len(known) - 1, _MOST_ALIKE).astype(np.int64)]
    rows = rows.astype(np.float32)  # half the time, and likeness is no exact matter
    squares = np.einsum("ij,ij->i", rows, rows)
    apart = squares[:, None] + squares[known] - 2.0 * times(rows, rows[known].T)
    likeness = np.exp(-apart / np.float32(rows.shape[1]))
    likeness[known, np.arange(len(known))] = 0.0
    found: Numbers = (likeness * surprises[known]).sum(axis=1) / (_RESERVE + likeness.sum(axis=1))
    return found
