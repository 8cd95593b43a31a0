"""How far, and how much faster or slower, another recorder ran while it heard the same performance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from engine.features.loudness import finite
from engine.hits.octaves import Floats, Octaves, octave_energies

_COARSE_S = 0.010
_FINE_S = 0.0005
_WINDOW_S, _STEP_S = 8.0, 4.0
_REACH_S = 0.060
_MOST_PPM = 500.0
_LEAST_PEAK = 6.0
_LEAST_ALIKE = 0.25
_LEAST_WINDOWS = 3
_NEAR_LINE_S = 0.002
_LEAST_ON_LINE = 0.5
_LEAST_S = 5.0


@dataclass(frozen=True, slots=True)
class SecondRecorder:
    """How another recording of a performance lies beside the first.

    A moment at `t` samples of the first is heard at ``offset_samples + t * (1 + drift_ppm / 1e6)`` of the
    other.

    Attributes
    ----------
    offset_samples : where the other is when the first begins
    drift_ppm : how many samples in a million the other has more
    confidence : 0 to 1, the share of the recording in which the two agree within 2 ms
    spread_s : the median distance from that line
    """

    offset_samples: float
    drift_ppm: float
    confidence: float
    spread_s: float


def match_second_recorder(
    first: Iterable[Floats], other: Iterable[Floats], rate_hz: int
) -> SecondRecorder | None:
    """Find where a recording lies beside another of the same performance, and how its clock drifts.

    What rises is compared, so that the two may be of other microphones at other places: how much later sound
    arrives at the other microphone is part of the offset.

    Parameters
    ----------
    first, other : mono float32 blocks, each shape (n,), of any lengths, at one rate

    Returns
    -------
    found : None where the two do not match: other performances, silence, or less than 5 s of both
    """
    near = _rises(first, rate_hz)
    far = _rises(other, rate_hz)
    step_s = Octaves(rate_hz).hop_samples / rate_hz
    if min(len(near), len(far)) * step_s < _LEAST_S or not near.any() or not far.any():
        return None
    coarse_s = _coarse_offset_s(near, far, step_s)
    if coarse_s is None:
        return None
    at_s, lags_s = _local_lags(near, far, step_s, coarse_s)
    if len(at_s) < _LEAST_WINDOWS:
        return None
    slope, begin_s = _robust_line(at_s, lags_s)
    off_s = np.abs(lags_s - (begin_s + slope * at_s))
    on_line = float(np.mean(off_s <= _NEAR_LINE_S))
    if on_line < _LEAST_ON_LINE or abs(slope) * 1e6 > _MOST_PPM:
        return None
    return SecondRecorder(begin_s * rate_hz, slope * 1e6, on_line, float(np.median(off_s)))


def _rises(blocks: Iterable[Floats], rate_hz: int) -> Floats:
    """Return how much louder each hop is than the one before, over all octaves, in logarithms."""
    octaves = Octaves(rate_hz)
    energies = [octave_energies(piece, octaves) for piece in _whole_hops(blocks, octaves.hop_samples)]
    if not energies:
        return np.zeros(0, np.float32)
    energy = np.concatenate(energies, axis=1)
    loud = np.quantile(energy, 0.99, axis=1, keepdims=True)
    level = np.log1p(1e3 * energy / np.maximum(loud, 1e-20))
    level[loud[:, 0] <= 0.0] = 0.0
    rises: Floats = np.maximum(np.diff(level, axis=1, prepend=level[:, :1]), 0.0).mean(axis=0)
    return rises


def _whole_hops(blocks: Iterable[Floats], hop: int) -> Iterator[Floats]:
    """Yield pieces of whole hops; what is left at the end is dropped."""
    rest = np.zeros(0, np.float32)
    for block in blocks:
        heard = np.concatenate([rest, finite(np.asarray(block, np.float32))])
        whole = len(heard) // hop * hop
        if whole:
            yield heard[:whole]
        rest = heard[whole:]


def _coarse_offset_s(near: Floats, far: Floats, step_s: float) -> float | None:
    """Return about how much later the other hears the same; None where no place stands out."""
    size = max(1, round(_COARSE_S / step_s))
    one, two = (_summed(rises, size) for rises in (near, far))
    found = fftconvolve(two, one[::-1])
    found = found - np.median(found)
    best = int(np.argmax(found))
    spread = 1.4826 * float(np.median(np.abs(found))) + 1e-12
    if found[best] < _LEAST_PEAK * spread:
        return None
    return (best - (len(one) - 1)) * size * step_s


def _summed(rises: Floats, size: int) -> NDArray[np.float64]:
    count = len(rises) // size
    summed = rises[: count * size].reshape(count, size).sum(axis=1, dtype=np.float64)
    summed = np.minimum(summed, np.quantile(summed, 0.99))
    centred: NDArray[np.float64] = summed - summed.mean()
    return centred


def _local_lags(
    near: Floats, far: Floats, step_s: float, coarse_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where windows of the first stand, in seconds, and how much later the other hears each.

    From the middle out, so that each window is looked for where the one before was found.
    """
    window, step, reach = (round(seconds / step_s) for seconds in (_WINDOW_S, _STEP_S, _REACH_S))
    window = min(window, len(near) // 2)
    starts = np.arange(0, max(1, len(near) - window), step)
    inside = [
        s
        for s in starts
        if s * step_s + coarse_s >= 0 and s * step_s + coarse_s + window * step_s < len(far) * step_s
    ]
    if not inside:
        return np.zeros(0), np.zeros(0)
    middle = len(inside) // 2
    found: dict[int, float] = {}
    for order in (inside[middle:], inside[:middle][::-1]):
        expected_s = found.get(inside[middle], coarse_s)
        for start in order:
            lag_s = _lag_s(near, far, start, window, reach, expected_s, step_s)
            if lag_s is not None:
                found[start] = expected_s = lag_s
    at = sorted(found)
    # A window's lag is that of its middle.
    return (np.array(at) + window / 2) * step_s, np.array([found[start] for start in at])


def _lag_s(
    near: Floats, far: Floats, start: int, window: int, reach: int, expected_s: float, step_s: float
) -> float | None:
    shift = round(expected_s / step_s)
    first = start + shift - reach
    if first < 0 or first + window + 2 * reach > len(far):
        return None
    one, two = near[start : start + window], far[first : first + window + 2 * reach]
    one = one - one.mean()
    found = fftconvolve(two - two.mean(), one[::-1], mode="valid")
    found = np.convolve(found, np.hanning(9) / 4.0, mode="same")
    best = int(np.argmax(found))
    alike = found[best] / (np.linalg.norm(one) * np.linalg.norm(two - two.mean()) + 1e-12)
    if not 0 < best < len(found) - 1 or alike < _LEAST_ALIKE:
        return None
    before, at, after = found[best - 1 : best + 2]
    bend = before - 2.0 * at + after
    part = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return (shift - reach + best + part) * step_s


def _robust_line(at_s: NDArray[np.float64], lags_s: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and beginning of a line through most: Theil and Sen's, then least squares near it."""
    first, second = np.triu_indices(len(at_s), 1)
    if len(first) > 20_000:
        chosen = np.random.default_rng(0).choice(len(first), 20_000, replace=False)
        first, second = first[chosen], second[chosen]
    slope = float(np.median((lags_s[second] - lags_s[first]) / (at_s[second] - at_s[first])))
    begin_s = float(np.median(lags_s - slope * at_s))
    near = np.abs(lags_s - begin_s - slope * at_s) <= _NEAR_LINE_S
    if near.sum() >= _LEAST_WINDOWS:
        slope, begin_s = (float(value) for value in np.polyfit(at_s[near], lags_s[near], 1))
    return slope, begin_s
