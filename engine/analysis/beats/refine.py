"""Beats moved onto onsets: from frames of 12 ms to the moment of the attack."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.counted import runs

Positions = NDArray[np.float64]

_REACH_S = 0.055
_ODD_S = 0.025
_UNEVEN_S = 0.030
_NEIGHBOURS = 8


def refine_beats(
    beats_samples: NDArray[np.int64],
    onsets_samples: NDArray[np.int64],
    onset_strengths: NDArray[np.floating],
    rate_hz: int,
) -> NDArray[np.int64]:
    """Move each beat to the onset that belongs to it; place a beat without one between its neighbours.

    An onset belongs to a beat when it is near and strong, and when it sits about where the onsets of the
    beats around sit: one late hit does not bend the grid.

    Parameters
    ----------
    beats_samples : int64, shape (n,), ascending
    onsets_samples, onset_strengths : shape (m,), ascending positions and how strong each is

    Returns
    -------
    refined_samples : int64, shape (n,), strictly ascending, not negative
    """
    if len(beats_samples) < 2 or not len(onsets_samples):
        return beats_samples
    pieces = [beats_samples[first:last] for first, last in runs(beats_samples)]
    refined = [_refined(piece, onsets_samples, onset_strengths, rate_hz) for piece in pieces]
    return _ascending(np.concatenate(refined))


def _refined(
    beats_samples: NDArray[np.int64],
    onsets_samples: NDArray[np.int64],
    onset_strengths: NDArray[np.floating],
    rate_hz: int,
) -> Positions:
    """Refine the beats of one run; alone, a beat stays."""
    if len(beats_samples) < 2:
        return beats_samples.astype(np.float64)
    offsets = onset_offsets(beats_samples, onsets_samples, onset_strengths, rate_hz)
    typical = _running_median(offsets)
    odd = np.abs(offsets - typical) > _ODD_S * rate_hz
    placed: Positions = beats_samples.astype(np.float64) + np.where(odd, np.nan, offsets)
    placed[_uneven(placed, rate_hz)] = np.nan
    return _fill_gaps(placed, beats_samples + typical)


def onset_offsets(
    beats_samples: NDArray[np.int64],
    onsets_samples: NDArray[np.int64],
    onset_strengths: NDArray[np.floating],
    rate_hz: int,
) -> Positions:
    """Return the distance from each beat to its onset in samples, shape (n,); NaN where none is near."""
    period = float(np.median(np.diff(beats_samples)))
    reach = min(_REACH_S * rate_hz, 0.2 * period)
    nearest = np.searchsorted(onsets_samples, beats_samples)
    best = np.zeros(len(beats_samples))
    offsets = np.full(len(beats_samples), np.nan)
    for step in range(-3, 3):
        index = np.clip(nearest + step, 0, len(onsets_samples) - 1)
        distance = (onsets_samples[index] - beats_samples).astype(np.float64)
        value = onset_strengths[index] * np.exp(-0.5 * (2.0 * distance / reach) ** 2)
        better = (np.abs(distance) <= reach) & (value > best)
        offsets[better], best[better] = distance[better], value[better]
    return offsets


def _running_median(offsets: Positions) -> Positions:
    """Return the median offset of the beats around each beat; 0 where none of them has an onset."""
    padded = np.pad(offsets, _NEIGHBOURS, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1)
    ranked = np.sort(around, axis=1)  # NaN sorts last
    known = (~np.isnan(ranked)).sum(axis=1)
    rows = np.arange(len(offsets))
    low, high = ranked[rows, np.maximum(0, (known - 1) // 2)], ranked[rows, known // 2]
    return np.where(known > 0, (low + np.where(np.isnan(high), low, high)) / 2.0, 0.0)


def _uneven(placed: Positions, rate_hz: int) -> NDArray[np.bool_]:
    """Return whether each beat is far from the middle of its neighbours while those agree with each other."""
    uneven = np.zeros(len(placed), bool)
    if len(placed) < 5:
        return uneven
    inner = placed[2:-2]
    near = (placed[1:-3] + placed[3:-1]) / 2.0
    far = (placed[:-4] + placed[4:]) / 2.0
    limit = _UNEVEN_S * rate_hz
    uneven[2:-2] = (
        (np.abs(inner - near) > limit) & (np.abs(inner - far) > limit) & (np.abs(near - far) < limit)
    )
    return uneven


def _fill_gaps(placed: Positions, fallback: Positions) -> Positions:
    """Interpolate missing beats over their number; before the first and after the last known, shift along."""
    known = np.flatnonzero(~np.isnan(placed))
    if not len(known):
        return fallback
    index = np.arange(len(placed))
    # The shift is interpolated, not the place: where the tempo drifts inside a gap the beats drift with it.
    shift = np.interp(index, known, (placed - fallback)[known])
    filled: Positions = np.where(np.isnan(placed), fallback + shift, placed)
    short = _gap_lengths(placed, known) <= 2
    return np.where(np.isnan(placed) & short, np.interp(index, known, placed[known]), filled)


def _gap_lengths(placed: Positions, known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many beats are missing in a row around each beat; a large number at the ends."""
    after = np.searchsorted(known, np.arange(len(placed)))
    inside = (after > 0) & (after < len(known))
    left = known[np.clip(after - 1, 0, len(known) - 1)]
    right = known[np.clip(after, 0, len(known) - 1)]
    return np.where(inside, right - left - 1, len(placed)).astype(np.int64)


def _ascending(positions: Positions) -> NDArray[np.int64]:
    whole = np.maximum(0, np.rint(positions).astype(np.int64))
    keep = np.concatenate([[True], np.diff(np.maximum.accumulate(whole)) > 0])
    ascending: NDArray[np.int64] = whole[keep]
    return ascending
