"""Measurements of moved notes from two recordings and the true onsets alone, without the moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from scipy.signal import fftconvolve

from engine.lab.evaluation.timing.note_material import RATE_HZ

Sound = NDArray[np.float32]
Floats = NDArray[np.float64]
Places = NDArray[np.int64]

_BEFORE_S, _AFTER_S, _FARTHEST_S = 0.002, 0.03, 0.13
_SAME = 1e-6
_ATTACK_S = 0.04
_SETTLED_S, _SHORTEST_S, _LONGEST_S = 0.06, 0.2, 0.6
_CENTS = 200.0
_FFT = 1 << 19
_FRAME, _HOP = 1024, 256
_NEAR_S = 0.06


@dataclass(frozen=True, slots=True, eq=False)
class Landed:
    """Places of attacks after a change: how much later, in samples, and how unlike the best is, 0 to 1."""

    by_samples: Floats
    unlike: Floats


def landed(before: Sound, after: Sound, onsets: Places) -> Landed:
    """Find each attack, 2 ms before to 30 ms after its onset, in a changed recording within 130 ms."""
    found = [_landed(before.astype(np.float64), after.astype(np.float64), onset) for onset in onsets.tolist()]
    by, unlike = np.array(found, np.float64).reshape(-1, 2).T
    return Landed(by, unlike)


def _landed(before: Floats, after: Floats, onset: int) -> tuple[float, float]:
    early, late, reach = (round(seconds * RATE_HZ) for seconds in (_BEFORE_S, _AFTER_S, _FARTHEST_S))
    attack = before[onset - early : onset + late]
    start = max(onset - early - reach, 0)
    area = after[start : onset + late + reach]
    power = float(attack @ attack)
    squares = np.cumsum(np.square(np.pad(area, (1, 0))))
    unlike = squares[len(attack) :] - squares[: -len(attack)] - 2 * fftconvolve(area, attack[::-1], "valid")
    unlike = np.maximum(unlike / max(power, 1e-12) + 1.0, 0.0)
    places = np.flatnonzero(unlike <= unlike.min() + _SAME) + start - (onset - early)
    nearest = int(places[np.abs(places).argmin()])
    return float(nearest), min(float(unlike.min()), 1.0)


def attack_db(before: Sound, after: Sound, onsets: Places, by_samples: Floats) -> Floats:
    """Return how much louder the 40 ms from each onset on are at their new place."""
    size = round(_ATTACK_S * RATE_HZ)
    moved = onsets + by_samples.astype(np.int64)
    return np.array(
        [
            10.0
            * np.log10((_power(after[now : now + size]) + 1e-12) / (_power(before[was : was + size]) + 1e-12))
            for was, now in zip(onsets.tolist(), moved.tolist(), strict=True)
        ]
    )


def _power(sound: Sound) -> float:
    return float(np.mean(np.square(sound, dtype=np.float64))) if len(sound) else 0.0


def cents(before: Sound, after: Sound, onsets: Places, by_samples: Floats, ends: Places) -> Floats:
    """Return how much higher the steady part of each note is at its new place, of those that last 0.26 s.

    The strongest partial, by a parabola through the peak of the spectrum.

    Parameters
    ----------
    ends : of each note, not after the onset of the next
    """
    settled, shortest, longest = (round(one * RATE_HZ) for one in (_SETTLED_S, _SHORTEST_S, _LONGEST_S))
    found = []
    for row, (onset, end) in enumerate(zip(onsets.tolist(), ends.tolist(), strict=True)):
        by = int(by_samples[row])
        # The end may have been moved with the next note.
        next_by = int(by_samples[row + 1]) if row + 1 < len(onsets) else by
        stop = min(onset + settled + longest, end, end + next_by - by)
        if stop - onset - settled >= shortest:
            sounds = before[onset + settled : stop], after[onset + by + settled : stop + by]
            found.append(1200.0 * np.log2(_pitch(sounds[1], _pitch(sounds[0])) / _pitch(sounds[0])))
    return np.array(found, np.float64)


def _pitch(sound: Sound, near_hz: float = 0.0) -> float:
    """Return the frequency of the strongest partial, of those within 200 cents of one where it is known."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), _FFT))
    hz = np.arange(len(spectrum)) * RATE_HZ / _FFT
    lowest, highest = (near_hz * 2 ** (by / 1200) for by in (-_CENTS, _CENTS)) if near_hz else (25.0, 4000.0)
    spectrum = np.where((hz >= lowest) & (hz <= highest), spectrum, 0.0)
    peak = int(spectrum.argmax())
    low, mid, high = np.log(spectrum[peak - 1 : peak + 2] + 1e-12)
    return float((peak + 0.5 * (low - high) / min(low - 2 * mid + high, -1e-12)) * RATE_HZ / _FFT)


def flux_peaks(sound: Sound) -> Floats:
    """Return peaks of the spectral flux, in samples: as plain as detection of onsets can be."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(sound, _FRAME // 2), _FRAME)[::_HOP]
    level = np.log1p(1000.0 * np.abs(np.fft.rfft(frames * np.hanning(_FRAME).astype(np.float32), axis=1)))
    flux = np.maximum(np.diff(level, axis=0, prepend=level[:1]), 0.0).sum(axis=1)
    limit = 1.5 * uniform_filter1d(flux, 35) + 0.1 * float(np.quantile(flux, 0.99))
    return np.flatnonzero((flux == maximum_filter1d(flux, 5)) & (flux > limit)).astype(np.float64) * _HOP


def new_doubles(before: Floats, after: Floats) -> int:
    """Return the number of peaks within 60 ms of the one before that have no such pair near them before."""
    near = _NEAR_S * RATE_HZ
    was, now = (peaks[1:][np.diff(peaks) < near] for peaks in (before, after))
    return sum(not np.any(np.abs(was - one) < 3 * near) for one in now)


def at_quantile(values: Floats, part: float) -> float:
    """Return a quantile; NaN of nothing."""
    return float(np.quantile(values, part)) if len(values) else float("nan")
