"""Gain of a segment relative to its source, and its automation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.features.match.matched import GainPoint

Wide = NDArray[np.float64]

BLOCK_S = 0.05
_TOLERANCE_DB = 0.1
_LEAST_DB = -120.0


def to_db(gain: float) -> float:
    """Return a factor in dB; inverted polarity is ignored."""
    return 20.0 * float(np.log10(max(abs(gain), 10.0 ** (_LEAST_DB / 20.0))))


def ride(
    gains_db: Wide, weights: Wide, at_samples: NDArray[np.int64], tolerance_db: float = _TOLERANCE_DB
) -> tuple[GainPoint, ...]:
    """Return the breakpoints of a gain over time; none where a constant is as good.

    Lines between as few points as keep within `tolerance_db` of the blocks that sound, after a median of
    seven (D. H. Douglas, T. K. Peucker, 1973).

    Parameters
    ----------
    gains_db, weights, at_samples : shape (blocks,): gain, power and middle of each block
    """
    sounding = weights > 1e-4 * weights.max(initial=0.0)
    if np.count_nonzero(sounding) < 8:
        return ()
    gains, at = gains_db[sounding], at_samples[sounding]
    padded = np.pad(gains, 3, mode="edge")
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, 7), axis=1)
    spread = float(np.median(np.abs(gains - smooth)))
    allowed = max(tolerance_db, 4.0 * spread)
    middle = np.average(gains, weights=weights[sounding])
    if np.max(np.abs(smooth - middle)) <= allowed:
        return ()
    chosen = _corners(at.astype(np.float64), smooth, allowed)
    return tuple(GainPoint(int(at[one]), float(smooth[one])) for one in chosen)


def _corners(at: Wide, values: Wide, allowed: float) -> list[int]:
    kept = {0, len(at) - 1}
    open_spans = [(0, len(at) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        if last - first < 2:
            continue
        line = np.interp(at[first : last + 1], at[[first, last]], values[[first, last]])
        off = np.abs(values[first : last + 1] - line)
        worst = int(np.argmax(off))
        if off[worst] > allowed:
            kept.add(first + worst)
            open_spans += [(first, first + worst), (first + worst, last)]
    return sorted(kept)


def gain_at(points: tuple[GainPoint, ...], gain_db: float, at: Wide) -> Wide:
    """Return the factor at positions in samples, shape (n,)."""
    if not points:
        return np.full(len(at), 10.0 ** (gain_db / 20.0))
    ridden = np.interp(at, [point.at_samples for point in points], [point.gain_db for point in points])
    factors: Wide = 10.0 ** (ridden / 20.0)
    return factors
