"""The equaliser between two sounds: how much louder each octave of one of them is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len, rfft, rfftfreq

from engine.features.match.matched import EqPoint
from engine.features.match.refining.short_filter import fitted_gain

Wide = NDArray[np.float64]

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
    edges: Wide = _LOWEST_HZ * 2.0 ** (np.arange(octaves * parts + 1) / parts)
    return edges


def _points(gains_db: Wide, is_sure: NDArray[np.bool_]) -> tuple[EqPoint, ...]:
    if not np.any(np.abs(gains_db[is_sure]) >= _LEAST_EQ_DB):
        return ()
    middles_hz = _LOWEST_HZ * 2.0 ** (np.arange(len(gains_db)) + 0.5)
    return tuple(
        EqPoint(round(float(hz)), float(gain))
        for hz, gain in zip(middles_hz[is_sure], gains_db[is_sure], strict=True)
    )
