"""Offset and speed of another recorder of the same performance, by rises in level and phases of waveforms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import fftconvolve

from engine.analysis.signal.loudness import Floats, Octaves, finite, octave_energies

_COARSE_S = 0.010
_WINDOW_S, _STEP_S = 8.0, 4.0
_REACH_S = 0.060
_MOST_PPM = 500.0
_LEAST_PEAK = 6.0
_CLEAR_S, _LEAST_CLEAR = 0.1, 1.1
"""Minimum ratio of the best offset's peak to all others: a groove is similar at every bar."""
_LEAST_ALIKE = 0.2
_SMOOTH_HOPS = 9
_LEAST_WINDOWS = 4
"""With fewer, as in 20 s, drift is not distinguishable from drums at different distances."""
_LEAST_FOUND = 0.3
"""Minimum share of matching windows: in the others one of the two is silent."""
_NEAR_LINE_S = 0.002
_LEAST_ON_LINE = 0.5
_LEAST_S = 5.0
_CLOSE_WINDOWS, _CLOSE_WINDOW_S, _CLOSE_REACH_S = 64, 0.7, 0.006
_CLOSE_PEAK = 7.0
_CLOSE_NEAR_S = 0.0002
_LEAST_CLOSE = 0.6
_COMPARED_HZ = (100.0, 6_000.0)

Read = Callable[[int, int], Floats]
"""(start, stop) to mono samples, shape (stop - start,); zeros outside a recording."""


@dataclass(frozen=True, slots=True)
class SecondRecorder:
    """Relation of another recording of a performance to the first.

    A moment at `t` samples of the first is at ``offset_samples + t * (1 + drift_ppm / 1e6)`` of the other.

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


@dataclass(frozen=True, slots=True)
class PhasePeak:
    """Where the waveform of one window is in another.

    Attributes
    ----------
    lag_samples : start of the first in the other
    height : of the peak, in spreads of all lags
    """

    lag_samples: float
    height: float


def match_rises(near: Floats, far: Floats, rate_hz: int) -> SecondRecorder | None:
    """Find the offset and clock drift of another recording of the same performance.

    Rises are compared, so that the two may be of other microphones at other places: the travel time of sound
    to the other microphone is part of the offset.

    Parameters
    ----------
    near, far : of each what `rises_of` returns
    rate_hz : of both recordings

    Returns
    -------
    found : None where the two do not match: other performances, silence, or less than 5 s of both
    """
    step_s = Octaves(rate_hz).hop_samples / rate_hz
    if min(len(near), len(far)) * step_s < _LEAST_S or not near.any() or not far.any():
        return None
    coarse_s = _coarse_offset_s(near, far, step_s)
    if coarse_s is None:
        return None
    at_s, lags_s = _local_lags(near, far, step_s, coarse_s)
    windows = (min(len(near), len(far)) - round(_WINDOW_S / step_s)) // round(_STEP_S / step_s)
    if len(at_s) < max(_LEAST_WINDOWS, _LEAST_FOUND * windows):
        return None
    slope, begin_s = _robust_line(at_s, lags_s, _NEAR_LINE_S)
    off_s = np.abs(lags_s - (begin_s + slope * at_s))
    on_line = float(np.mean(off_s <= _NEAR_LINE_S))
    if on_line < _LEAST_ON_LINE or abs(slope) * 1e6 > _MOST_PPM:
        return None
    return SecondRecorder(begin_s * rate_hz, slope * 1e6, on_line, float(np.median(off_s)))


def refined(
    found: SecondRecorder, first: Read, other: Read, length_samples: int, rate_hz: int
) -> SecondRecorder:
    """Refine the match to a fraction of a sample if waveforms are alike, as of two microphones at one place.

    Windows of both are correlated by phase alone (C. Knapp and G. Carter, "The generalized correlation method
    for estimation of time delay", IEEE Transactions on Acoustics, Speech and Signal Processing 24, 1976), and
    a line is fitted through their lags. If these do not agree on one, the match of the rises is returned.

    Parameters
    ----------
    length_samples : of the first
    """
    speed = 1.0 + found.drift_ppm / 1e6
    window, reach = round(_CLOSE_WINDOW_S * rate_hz), round(_CLOSE_REACH_S * rate_hz)
    begin = max(0.0, -found.offset_samples / speed)
    starts = np.linspace(begin, max(begin, length_samples - window), _CLOSE_WINDOWS).astype(np.int64)
    at_s: list[float] = []
    lags_s: list[float] = []
    for start in np.unique(starts).tolist():
        middle = start + window / 2.0
        there = round(found.offset_samples + middle * speed - window / 2.0)
        near, far = first(start, start + window), other(there - reach, there + window + reach)
        peak = phase_peak(near, far, rate_hz)
        if peak is not None:
            at_s.append(middle / rate_hz)
            lags_s.append((there - reach + peak.lag_samples - start) / rate_hz)
    if len(at_s) < _LEAST_WINDOWS:
        return found
    middles, lags = np.array(at_s), np.array(lags_s)
    slope, begin_s = _robust_line(middles, lags, _CLOSE_NEAR_S)
    off_s = np.abs(lags - begin_s - slope * middles)
    if np.mean(off_s <= _CLOSE_NEAR_S) < _LEAST_CLOSE:
        return found
    spread_s = float(np.median(off_s))
    return replace(found, offset_samples=begin_s * rate_hz, drift_ppm=slope * 1e6, spread_s=spread_s)


def phase_peak(near: Floats, far: Floats, rate_hz: int, least_peak: float = _CLOSE_PEAK) -> PhasePeak | None:
    """Find the start of `near` in `far`; None without a clear peak.

    Parameters
    ----------
    least_peak : how many times higher than the spread of all lags it is at least
    """
    if not near.any() or not far.any():
        return None
    size = next_fast_len(len(far), real=True)  # no lag that counts reaches past its end
    cross = rfft(far.astype(np.float64), size) * np.conj(rfft(near.astype(np.float64), size))
    hz = rfftfreq(size, 1.0 / rate_hz)
    compared = (hz >= _COMPARED_HZ[0]) & (hz <= min(_COMPARED_HZ[1], 0.45 * rate_hz))
    cross = np.where(compared, cross / np.maximum(np.abs(cross), 1e-20), 0.0)
    found = irfft(cross, size)[: len(far) - len(near) + 1]
    best = int(np.argmax(found))
    spread = 1.4826 * float(np.median(np.abs(found))) + 1e-20
    if not 0 < best < len(found) - 1 or found[best] < least_peak * spread:
        return None
    return PhasePeak(best + summit(*found[best - 1 : best + 2].tolist()), float(found[best]) / spread)


def rises_of(blocks: Iterable[Floats], rate_hz: int) -> Floats:
    """Return how much louder each hop is than the one before, over all octaves, in logarithms."""
    octaves = Octaves(rate_hz)
    energies, rest = [], np.zeros(0, np.float32)
    for block in blocks:
        sound = np.concatenate([rest, finite(np.asarray(block, np.float32))])
        whole = len(sound) // octaves.hop_samples * octaves.hop_samples
        if whole:
            energies.append(octave_energies(sound[:whole], octaves))
        rest = sound[whole:]
    if not energies:
        return np.zeros(0, np.float32)
    energy = np.concatenate(energies, axis=1)
    loud = np.quantile(energy, 0.99, axis=1, keepdims=True)
    level = np.log1p(1e3 * energy / np.maximum(loud, 1e-20))
    level[loud[:, 0] <= 0.0] = 0.0
    rises: Floats = np.maximum(np.diff(level, axis=1, prepend=level[:, :1]), 0.0).mean(axis=0)
    return rises


def _coarse_offset_s(near: Floats, far: Floats, step_s: float) -> float | None:
    """Return the approximate delay of the other; None without a clear peak."""
    size = max(1, round(_COARSE_S / step_s))
    one, two = (_summed(rises, size) for rises in (near, far))
    found = fftconvolve(two, one[::-1])
    found = found - np.median(found)
    best = int(np.argmax(found))
    spread = 1.4826 * float(np.median(np.abs(found))) + 1e-12
    beside = round(_CLEAR_S / (size * step_s))
    others = np.concatenate([found[: max(0, best - beside)], found[best + beside + 1 :]])
    if found[best] < max(_LEAST_PEAK * spread, _LEAST_CLEAR * float(others.max(initial=0.0))):
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
    """Return the positions of windows in the first, in seconds, and the delay of each in the other.

    From the middle out, so that each window is looked for where the one before was found.
    """
    # Hops of the two do not begin together, and from hop to hop alone noise rises.
    near, far = _smoothed(near), _smoothed(far)
    window, step, reach = (round(seconds / step_s) for seconds in (_WINDOW_S, _STEP_S, _REACH_S))
    window = min(window, len(near) // 2)
    starts = range(0, max(1, len(near) - window), step)
    shift = round(coarse_s / step_s)
    inside = [start for start in starts if start + shift >= 0 and start + shift + window < len(far)]
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


def _smoothed(rises: Floats) -> Floats:
    found: Floats = np.convolve(rises, np.hanning(_SMOOTH_HOPS), mode="same").astype(np.float32)
    return found


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
    best = int(np.argmax(found))
    alike = found[best] / (np.linalg.norm(one) * np.linalg.norm(two - two.mean()) + 1e-12)
    if not 0 < best < len(found) - 1 or alike < _LEAST_ALIKE:
        return None
    return (shift - reach + best + summit(*found[best - 1 : best + 2].tolist())) * step_s


def summit(before: float, at: float, after: float) -> float:
    """Return where the parabola through three values is highest, in samples from the one in the middle.

    0 if they do not bend down.
    """
    bend = before - 2.0 * at + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def _robust_line(
    at_s: NDArray[np.float64], lags_s: NDArray[np.float64], near_s: float
) -> tuple[float, float]:
    """Return slope and beginning of a line through most: Theil and Sen's, then least squares near it."""
    first, second = np.triu_indices(len(at_s), 1)
    if len(first) > 20_000:
        chosen = np.random.default_rng(0).choice(len(first), 20_000, replace=False)
        first, second = first[chosen], second[chosen]
    slope = float(np.median((lags_s[second] - lags_s[first]) / (at_s[second] - at_s[first])))
    begin_s = float(np.median(lags_s - slope * at_s))
    near = np.abs(lags_s - begin_s - slope * at_s) <= near_s
    if near.sum() >= _LEAST_WINDOWS:
        slope, begin_s = (float(value) for value in np.polyfit(at_s[near], lags_s[near], 1))
    return slope, begin_s
