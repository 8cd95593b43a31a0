"""Passages in which the rhythm of the music around them is played faster or slower.

Autocorrelations of the attacks, over the logarithm of the lag, shift with the tempo and keep their shape (P.
Grosche, M. Müller & F. Kurth, "Cyclic tempogram", ICASSP 2010; A. Holzapfel & Y. Stylianou, "Scale transform
in rhythmic similarity of music", IEEE TASLP 19, 2011). A tracker of beats follows its own tempo through a
passage of seconds; the shift is plain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import lfilter

from engine.core.timebase import runs
from engine.features.takes.features import Floats

Numbers = NDArray[np.float64]

ATTACKS_PER_S = 100
_FLOOR_POWER = 1e-7
_LOW_POLE = 0.94
_BLURRED_STEPS = 1.0

_HOP_S, _WINDOW_S = 0.5, 8.0
_LAGS_S = (0.12, 2.6)
_STEP = 0.02
"""Of the logarithm of the lag."""
_MOST_SHIFT = math.log(1.55)
_AROUND_S, _BESIDE_S = 60.0, 6.0
"""The music around a window, without its neighbourhood."""
_WINDOWS_AT_ONCE = 512

LEAST_CHANGE = 0.09
"""The logarithm of a tempo against that of the music around: a tenth faster or slower."""
_ALIKE, _PLAINER = 0.5, 0.35
"""The correlation with the shifted rhythm around, and by how much it exceeds that without a shift."""
_STEADY, _STEADY_WINDOWS = 0.06, 5
_LEAST_S, _GAP_S = 4.0, 2.0
_REGULAR, _BEFORE_S = 0.6, (4.0, 20.0)
"""The median correlation without a shift, at least on one side: there is a rhythm that the passage leaves."""
_TRIPLETS, _NEAR_TRIPLETS = math.log(1.5), 0.035
"""Triplets look like three halves of the tempo."""
_DOTTED, _NEAR_DOTTED, _ALIKE_DOTTED = math.log(4.0 / 3.0), 0.05, 0.68
"""Dotted rhythms look like four thirds of it, but less alike."""


@dataclass(frozen=True, slots=True)
class OtherTempo:
    """A passage [start_s, stop_s), and the logarithm of its tempo against that of the music around it."""

    start_s: float
    stop_s: float
    change: float


class AttackStrength:
    """Rise of the level of a mono stream, and of its low and high parts, `ATTACKS_PER_S` times a second.

    Parameters
    ----------
    rate_hz : of the stream, a multiple of `ATTACKS_PER_S`
    """

    def __init__(self, rate_hz: int) -> None:
        self._hop = rate_hz // ATTACKS_PER_S
        self._rest: Floats = np.zeros(0, np.float32)
        self._last, self._low = 0.0, np.zeros(1)
        self._levels: list[Numbers] = []

    def push(self, block: Floats) -> None:
        """Take the next samples, shape (n,)."""
        samples = np.nan_to_num(np.concatenate([self._rest, block]), posinf=0.0, neginf=0.0)
        whole = len(samples) // self._hop * self._hop
        self._rest, samples = samples[whole:], samples[:whole]
        if not whole:
            return
        high = np.diff(samples, prepend=np.float32(self._last))
        low, self._low = lfilter([1.0 - _LOW_POLE], [1.0, -_LOW_POLE], samples, zi=self._low)
        self._last = float(samples[-1])
        parts = np.stack([samples, high, low]).reshape(3, -1, self._hop)
        self._levels.append(np.log(np.square(parts).mean(axis=2) + _FLOOR_POWER))

    def finish(self) -> Numbers:
        """Return the strength, shape (n,)."""
        levels = np.concatenate([np.zeros((3, 0)), *self._levels], axis=1)
        if not levels.size:
            return np.zeros(0)
        smooth = (levels + np.concatenate([levels[:, :1], levels[:, :-1]], axis=1)) / 2.0
        rises = np.maximum(np.diff(smooth, prepend=smooth[:, :1], axis=1), 0.0).sum(axis=0)
        strength: Numbers = gaussian_filter1d(rises, _BLURRED_STEPS)
        return strength


def other_tempos(strength: Numbers) -> tuple[OtherTempo, ...]:
    """Return the passages in another tempo than the music around, ascending and disjoint.

    Parameters
    ----------
    strength : see `AttackStrength`
    """
    shifts, alike, unshifted = _shifts(_profiles(strength))
    is_dotted = np.abs(np.abs(shifts) - _DOTTED) <= _NEAR_DOTTED
    is_other = (
        (alike >= np.where(is_dotted, _ALIKE_DOTTED, _ALIKE))
        & (alike - unshifted >= _PLAINER)
        & (np.abs(shifts) >= LEAST_CHANGE)
    )
    is_other &= np.abs(shifts - median_filter(shifts, _STEADY_WINDOWS)) <= _STEADY
    found: list[OtherTempo] = []
    for start, stop in runs(is_other).tolist():
        one = OtherTempo(start * _HOP_S, stop * _HOP_S, -float(np.median(shifts[start:stop])))
        before = found[-1] if found else None
        if before and one.start_s - before.stop_s <= _GAP_S and before.change * one.change > 0.0:
            longer = max(before, one, key=lambda each: each.stop_s - each.start_s)
            found[-1] = OtherTempo(before.start_s, one.stop_s, longer.change)
        else:
            found.append(one)
    return tuple(
        one
        for one in found
        if one.stop_s - one.start_s >= _LEAST_S
        and abs(abs(one.change) - _TRIPLETS) > _NEAR_TRIPLETS
        and _regularity_beside(unshifted, one) >= _REGULAR
    )


def _regularity_beside(unshifted: Numbers, passage: OtherTempo) -> float:
    """Return the median correlation without a shift before or after a passage, the higher of both."""
    near, far = (round(reach_s / _HOP_S) for reach_s in _BEFORE_S)
    start, stop = round(passage.start_s / _HOP_S), round(passage.stop_s / _HOP_S)
    sides = unshifted[max(0, start - far) : max(0, start - near)], unshifted[stop + near : stop + far]
    return max((float(np.median(side)) for side in sides if len(side)), default=0.0)


def _profiles(strength: Numbers) -> Numbers:
    """Return the rhythm of windows, shape (windows, lags): of mean 0 and length 1, or 0 without attacks."""
    width, hop = round(_WINDOW_S * ATTACKS_PER_S), round(_HOP_S * ATTACKS_PER_S)
    lags = np.exp(np.arange(math.log(_LAGS_S[0]), math.log(_LAGS_S[1]), _STEP)) * ATTACKS_PER_S
    padded = np.pad(strength, (width // 2, width // 2))
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)[:-1:hop]
    below, weight = np.floor(lags).astype(np.int64), lags % 1.0
    found = [np.zeros((0, len(lags)))]
    for first in range(0, len(windows), _WINDOWS_AT_ONCE):
        part = windows[first : first + _WINDOWS_AT_ONCE]
        centred = (part - part.mean(axis=1, keepdims=True)) * np.hanning(width)
        spectra = np.square(np.abs(np.fft.rfft(centred, 2 * width)))
        products = np.fft.irfft(spectra)
        found.append((1.0 - weight) * products[:, below] + weight * products[:, below + 1])
    return _normal(np.concatenate(found))


def _normal(rows: Numbers) -> Numbers:
    centred = rows - rows.mean(axis=1, keepdims=True)
    normal: Numbers = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    return normal


def _shifts(profiles: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return the shift of each window against the music around, and its correlation with and without it."""
    totals = np.cumsum(np.pad(profiles, ((1, 0), (0, 0))), axis=0)
    at, last = np.arange(len(profiles)), len(profiles)

    def within(reach_s: float) -> Numbers:
        reach = round(reach_s / _HOP_S)
        return totals[np.minimum(at + reach + 1, last)] - totals[np.maximum(at - reach, 0)]

    around, count = within(_AROUND_S) - within(_BESIDE_S), round(_MOST_SHIFT / _STEP)
    lags, found = profiles.shape[1], []
    for shift in range(-count, count + 1):
        here = profiles[:, max(0, shift) : lags + min(0, shift)]
        there = around[:, max(0, -shift) : lags - max(0, shift)]
        found.append((_normal(here) * _normal(there)).sum(axis=1))
    correlations = np.stack(found, axis=1)
    best = correlations.argmax(axis=1)
    unshifted = correlations[:, count - 2 : count + 3].max(axis=1)
    return (best - count) * _STEP, correlations.max(axis=1), unshifted
