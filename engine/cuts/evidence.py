"""Evidence of a fault in a cut: a rule found it, or the taste names a kind of fault.

Music that is merely unlike the training data is not a fault.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import ScoreCurve
from engine.spans import Samples

NOT_FAULTS = frozenset({"unlike-kept", "unlike-rest", "unusual-mix"})
"""Parts of a score that are high in any unfamiliar music."""

_MOSTLY_FOUND = 0.4
"""Rules have found at least this share of a cut."""


def share_in(spans: Samples, found: Samples) -> NDArray[np.float64]:
    """Return the share of each span, shape (n, 2), inside others, shape (k, 2), ascending and disjoint."""
    edges = np.append(found.ravel(), np.iinfo(np.int64).max)
    upto = np.append(0, np.cumsum(np.diff(found)[:, 0]))

    def before(positions: NDArray[np.int64]) -> NDArray[np.int64]:
        number = np.searchsorted(found[:, 1], positions, side="right")
        inside: NDArray[np.int64] = upto[number] + np.maximum(0, positions - edges[2 * number])
        return inside

    shares: NDArray[np.float64] = (before(spans[:, 1]) - before(spans[:, 0])) / np.diff(spans)[:, 0]
    return shares


def are_faults(spans: Samples, curve: ScoreCurve, found: Samples) -> NDArray[np.bool_]:
    """Return whether there is evidence of a fault in each span, shape (n, 2); True where it cannot be known.

    Parts of a score are evidence if their mean over the span is above the highest value in the training data.

    Parameters
    ----------
    found : spans that rules found, shape (k, 2), ascending and disjoint
    """
    if not len(curve.part_limits) or not len(spans):
        return np.ones(len(spans), bool)
    faults = [k for k, name in enumerate(curve.part_names) if name not in NOT_FAULTS]
    limits = curve.part_limits[faults].astype(np.float64)
    sums = np.concatenate([np.zeros((1, len(faults))), np.cumsum(curve.parts[:, faults] / limits, axis=0)])
    first, last = (np.searchsorted(curve.times_samples, spans[:, edge]) for edge in (0, 1))
    means = (sums[last] - sums[first]) / np.maximum(last - first, 1)[:, None]
    is_named: NDArray[np.bool_] = means.max(axis=1, initial=0.0) >= 1.0
    return is_named | (share_in(spans, found) >= _MOSTLY_FOUND)
