"""Dead air in the scores of a taste: anomalous, unless the training data have pauses as long.

A taste is unreliable here. A comparison with the rest of the recording takes dead air as usual if it is
frequent, and the network may not know a hiss of this colour.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.dead_air import DeadAir
from engine.core.spans import inside
from engine.features.taste.anomaly.threshold import HIGHEST_LIMIT

SURELY_ODD = 0.98
"""Minimum score of dead air; higher scores of a taste stay."""

_LEAST_FAULT = 0.95
"""Minimum score of a fault that a rule has found."""
_LONGER_TIMES = 1.25


def least_above(limit: float) -> float:
    """Return the least score of a fault that a rule has found, above the default limit of a taste."""
    return float(np.clip(limit + SURELY_ODD - HIGHEST_LIMIT, _LEAST_FAULT, SURELY_ODD))


def longer_than(found: DeadAir, longest_kept_s: float, rate_hz: int) -> DeadAir:
    """Return the spans that are clearly longer than the longest pause of the training data."""
    long = np.diff(found.spans)[:, 0] > _LONGER_TIMES * longest_kept_s * rate_hz
    kinds = tuple(kind for kind, is_long in zip(found.kinds, long.tolist(), strict=True) if is_long)
    return DeadAir(found.spans[long], kinds, found.levels_db[long])


def raised_in(
    scores: NDArray[np.float32], positions_samples: NDArray[np.float64], dead: DeadAir
) -> NDArray[np.float32]:
    """Return scores, shape (n,), no lower than `SURELY_ODD` at the positions, shape (n,), in dead air."""
    return np.where(inside(positions_samples, dead.spans), np.maximum(scores, np.float32(SURELY_ODD)), scores)
