"""Evidence of a fault in a cut: a rule found it, or the taste names a kind of fault.

Music that is merely unlike the training data is not a fault.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.part_wording import fault_parts
from engine.document.analysis import ScoreCurve
from engine.spans import Samples

PART_S = 10.0
_MOSTLY_FOUND = 0.4
"""Rules have found at least this share of a part."""


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


def are_faults(spans: Samples, curve: ScoreCurve, found: Samples, rate_hz: int) -> NDArray[np.bool_]:
    """Return whether there is evidence of faults in most of each span; True where it cannot be known.

    Spans, shape (n, 2), are divided into equal parts of about `PART_S`, since a long one has several kinds of
    fault. In each of them, the mean of a part of the score above its highest value in the training data is
    evidence.

    Parameters
    ----------
    found : spans that rules found, shape (k, 2), ascending and disjoint
    """
    if not len(curve.part_limits) or not len(spans):
        return np.ones(len(spans), bool)
    counts = np.maximum(1, np.rint(np.diff(spans)[:, 0] / (PART_S * rate_hz)).astype(np.int64))
    edges = [
        np.linspace(start, stop, count + 1)
        for (start, stop), count in zip(spans.tolist(), counts.tolist(), strict=True)
    ]
    parts = np.rint(np.concatenate([np.stack([one[:-1], one[1:]], axis=1) for one in edges])).astype(np.int64)
    is_evident = _names_a_fault(parts, curve) | (share_in(parts, found) >= _MOSTLY_FOUND)
    evident = np.add.reduceat(is_evident.astype(np.int64), np.cumsum(counts) - counts)
    mostly: NDArray[np.bool_] = 2 * evident >= counts
    return mostly


def _names_a_fault(spans: Samples, curve: ScoreCurve) -> NDArray[np.bool_]:
    faults = fault_parts(curve.part_names)
    limits = curve.part_limits[faults].astype(np.float64)
    sums = np.concatenate([np.zeros((1, len(faults))), np.cumsum(curve.parts[:, faults] / limits, axis=0)])
    first, last = (np.searchsorted(curve.times_samples, spans[:, edge]) for edge in (0, 1))
    means = (sums[last] - sums[first]) / np.maximum(last - first, 1)[:, None]
    names: NDArray[np.bool_] = means.max(axis=1, initial=0.0) >= 1.0
    return names
