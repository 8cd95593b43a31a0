"""Gain of a segment relative to its source, its automation, equaliser and short filter.

The equaliser is the difference of the levels of each octave. The short filter makes one sound most like
another: least squares over its taps (N. Wiener, 1949).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.linalg import LinAlgError, solve_toeplitz
from scipy.signal import oaconvolve

from engine.features.match.matched import EqPoint, GainPoint

Wide = NDArray[np.float64]

REACH_SAMPLES = 32
_LOADED = 1e-7


def fitted_filter(sound: Wide, wanted: Wide, reach: int = REACH_SAMPLES) -> Wide:
    """Return the taps, shape (2 * reach + 1,), that leave the least; one filter for all channels.

    Parameters
    ----------
    sound, wanted : shape (n, channels)
    """
    size = next_fast_len(len(sound) + 2 * reach + 1, real=True)
    x, y = rfft(sound, size, axis=0), rfft(wanted, size, axis=0)
    own = irfft(np.sum(np.abs(x) ** 2, axis=1), size)[: 2 * reach + 1]
    across = irfft(np.sum(np.conj(x) * y, axis=1), size)
    wanted_at = np.concatenate([across[-reach:], across[: reach + 1]])
    if own[0] <= 0.0:
        return np.zeros(2 * reach + 1)
    own[0] *= 1.0 + _LOADED
    try:
        taps: Wide = solve_toeplitz(own, wanted_at)
    except LinAlgError:
        taps = np.zeros(2 * reach + 1)
    return taps


def filtered(sound: Wide, taps: Wide) -> Wide:
    """Return a sound, shape (n, channels), through a filter that is centred on its middle tap."""
    if len(taps) == 1:
        scaled: Wide = sound * taps[0]
        return scaled
    found: Wide = oaconvolve(sound, taps[:, None], mode="same", axes=0)
    return found


def fitted_gain(sound: Wide, wanted: Wide) -> float:
    """Return the factor that leaves the least, 0 where the sound is silent."""
    own = float(np.sum(sound * sound))
    return float(np.sum(sound * wanted)) / own if own > 0.0 else 0.0


_LOWEST_HZ = 125.0 / 2.0**0.5
"""The lower edge of the lowest octave, around 125 Hz."""
_PARTS = 6
"""Parts of an octave: an equaliser hardly turns the phase inside one."""
_HIGHEST_HZ = 12_000.0
"""Coding removes sound above."""
_LONGEST_SAMPLES = 2**19
"""Transforms of more need minutes of sound in memory at once."""
_LEAST_EQ_DB = 1.5
_QUIET = 1e-4  # of the power of the loudest octave
_COHERENT = 0.5
_LEAST_POWER = 1e-12


def eq_of_powers(before: Wide, now: Wide, gain_db: float) -> tuple[EqPoint, ...]:
    """Return how much louder each octave is than all of the sound; none where they are about the same.

    Parameters
    ----------
    before, now : power in each octave, by `octave_powers`
    gain_db : of all of the sound
    """
    gains_db = 10.0 * np.log10(np.maximum(now, _LEAST_POWER) / np.maximum(before, _LEAST_POWER)) - gain_db
    return _points(gains_db, before > _QUIET * before.max(initial=0.0))


def octave_powers(samples: Wide, rate_hz: float, highest_hz: float) -> Wide:
    """Return the power in each octave of a sound, shape (octaves,).

    Parameters
    ----------
    samples : shape (n,)
    highest_hz : the upper edge of the highest octave, about
    """
    parts = np.array_split(samples, len(samples) // _LONGEST_SAMPLES + 1)
    return sum(
        (len(part) / max(1, len(samples)) * _powers(part, rate_hz, highest_hz) for part in parts),
        start=np.zeros(1),
    )


def _powers(samples: Wide, rate_hz: float, highest_hz: float) -> Wide:
    size = next_fast_len(max(1, len(samples)), real=True)
    power = np.abs(rfft(samples, size)) ** 2 / max(1, len(samples)) / size
    rows = np.searchsorted(rfftfreq(size, 1.0 / rate_hz), _edges_hz(highest_hz, 1))
    return np.array([power[start:stop].sum() for start, stop in pairwise(rows)])


def eq_of_copy(ours: Wide, copy: Wide, rate_hz: int) -> tuple[EqPoint, ...]:
    """Return how much louder each octave of a copy is than its rendering; none where they are the same.

    Noise and other sound over the copy do not count: the gain is that of the part which is coherent.

    Parameters
    ----------
    ours, copy : the rendering at one level, and the copy, shape (n, channels)
    """
    window = np.hanning(len(ours))[:, None]
    size = next_fast_len(len(ours), real=True)
    x, y = rfft(window * ours, size, axis=0), rfft(window * copy, size, axis=0)
    edges = _edges_hz(min(_HIGHEST_HZ, rate_hz / 2), _PARTS)
    rows = np.searchsorted(rfftfreq(size, 1.0 / rate_hz), edges)
    spans = [slice(*pair) for pair in pairwise(rows)]
    across = np.array([np.abs(np.sum(np.conj(x[span]) * y[span])) for span in spans])
    own = np.array([np.sum(np.abs(x[span]) ** 2) for span in spans])
    theirs = np.array([np.sum(np.abs(y[span]) ** 2) for span in spans])
    across, own, theirs = (one.reshape(-1, _PARTS).sum(axis=1) for one in (across, own, theirs))
    gains_db = 20.0 * np.log10(np.maximum(across, _LEAST_POWER) / np.maximum(own, _LEAST_POWER))
    gains_db -= 20.0 * np.log10(max(_LEAST_POWER, abs(fitted_gain(ours, copy))))
    is_sure = (own > _QUIET * own.max(initial=0.0)) & (across**2 > _COHERENT * own * theirs)
    return _points(gains_db, is_sure)


def _edges_hz(highest_hz: float, parts: int) -> Wide:
    """Return the edges of parts of octaves up to about a frequency, whole octaves alone."""
    octaves = int(np.floor(np.log2(highest_hz / _LOWEST_HZ) + 0.05))
    return _LOWEST_HZ * 2.0 ** (np.arange(octaves * parts + 1) / parts)


def _points(gains_db: Wide, is_sure: NDArray[np.bool_]) -> tuple[EqPoint, ...]:
    if not np.any(np.abs(gains_db[is_sure]) >= _LEAST_EQ_DB):
        return ()
    middles_hz = _LOWEST_HZ * 2.0 ** (np.arange(len(gains_db)) + 0.5)
    return tuple(
        EqPoint(round(float(hz)), float(gain))
        for hz, gain in zip(middles_hz[is_sure], gains_db[is_sure], strict=True)
    )


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
    retained = {0, len(at) - 1}
    open_spans = [(0, len(at) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        if last - first < 2:
            continue
        line = np.interp(at[first : last + 1], at[[first, last]], values[[first, last]])
        off = np.abs(values[first : last + 1] - line)
        worst = int(np.argmax(off))
        if off[worst] > allowed:
            retained.add(first + worst)
            open_spans += [(first, first + worst), (first + worst, last)]
    return sorted(retained)


def gain_at(points: tuple[GainPoint, ...], gain_db: float, at: Wide) -> Wide:
    """Return the factor at positions in samples, shape (n,)."""
    if not points:
        return np.full(len(at), 10.0 ** (gain_db / 20.0))
    ridden = np.interp(at, [point.at_samples for point in points], [point.gain_db for point in points])
    return 10.0 ** (ridden / 20.0)
