"""Detect whether an edited file runs faster or slower than its source, including pitch.

Short segments are resampled to many speeds and compared with the places that sound alike; at the right one
the waveforms agree. Their drift after a second and a half gives the speed to a few millionths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.ndimage import map_coordinates

from engine.analysis.signal.second_recorder import summit
from engine.features.match.searching.likelihood import cut
from engine.features.match.sound import (
    HOP_SAMPLES,
    RATE_HZ,
    Floats,
    SearchFeatures,
    Sound,
    patterns,
    sound_of,
)

_MOST_APART = 0.032
_STEP = 0.0004
_STRETCHES = 14
_PATTERN_FRAMES = 22
_PLACES = 12
_HALF_SAMPLES = 2048
_REACH_SAMPLES = 1024
_SIZE = 2 * (_HALF_SAMPLES + _REACH_SAMPLES) + 2 * _HALF_SAMPLES
_WHITENED = 0.6
_SPLINE_SAMPLES = 32  # farther samples have no share in a spline
_LEAST_SCORE = 0.2
_BETTER_BY = 1.4
_FAR_SAMPLES = round(1.5 * RATE_HZ)
_NEAR_SAMPLES = 64
_SAME_WITHIN = 2e-5
_LEAST_SLOPES, _MOST_AGREE = 4, 0.7


def found_speed(raws: Sequence[SearchFeatures], edited: SearchFeatures, *, is_open: bool) -> float | None:
    """Return how many seconds of the raw recordings a second of the edited file plays; None if that is 1.

    None also where no speed explains more than 1 does.

    Parameters
    ----------
    is_open : try all speeds up to 3 % apart, not only such as run apart slowly
    """
    candidates = _candidates(raws, edited)
    if not candidates:
        return None
    drift = _agreed(_slopes(raws, edited.mono, candidates, 1.0))
    if drift is not None:
        return None if abs(drift - 1.0) < _SAME_WITHIN else _refined(raws, edited.mono, candidates, drift)
    if not is_open:
        return None
    speeds = 1.0 + np.arange(-_MOST_APART, _MOST_APART + _STEP / 2, _STEP)
    scores = np.array([[_best(edited.mono, one, speed)[0] for one in candidates] for speed in speeds])
    means = scores.mean(axis=1)
    at = int(np.argmax(means))
    as_it_is = float(means[int(np.argmin(np.abs(speeds - 1.0)))])
    if means[at] < _LEAST_SCORE or means[at] < _BETTER_BY * as_it_is:
        return None
    speed = _refined(raws, edited.mono, candidates, float(speeds[at]))
    return None if abs(speed - 1.0) < _SAME_WITHIN else speed


def speed_along(
    raw: Floats, edited: Floats, places: Sequence[tuple[float, float]], speed: float
) -> float | None:
    """Return the exact speed at which an edited file plays a recording, from its waveform.

    Parameters
    ----------
    raw, edited : mono, at the rate of the search
    places : moments of the edited file in order, and those of the recording that they play, to milliseconds
    speed : the same to a thousandth

    Returns
    -------
    speed : None where the waveforms differ too much, as after time-stretching
    """
    found = []
    for at, middle in places:
        mine = _spectrum(_played(edited, at, speed)[None])
        there = round(middle) - _HALF_SAMPLES - _REACH_SAMPLES
        theirs = _spectrum(cut(raw, there, 2 * (_HALF_SAMPLES + _REACH_SAMPLES))[None])
        agreed, lag = _peak(mine, theirs, 2 * _REACH_SAMPLES + 1)
        if agreed > _LEAST_SCORE:
            found.append((at, there + _HALF_SAMPLES + lag))
    if len(found) < 2 or len(found) < _MOST_AGREE * len(places):
        return None
    (first, start), (last, stop) = found[0], found[-1]
    return (stop - start) / (last - first)


def _peak(mine: NDArray[np.complex64], theirs: NDArray[np.complex64], lags: int) -> tuple[float, float]:
    """Return how well two windows agree at the best lag, and that lag, to a fraction of a sample."""
    values = irfft(np.conj(mine) * theirs, _SIZE, axis=1)[0, :lags]
    top = int(np.clip(np.argmax(values), 1, lags - 2))
    before, here, after = values[top - 1 : top + 2]
    own = np.sum(np.abs(mine) ** 2) * _powers(theirs)[0]
    agreed = float(here / (np.sqrt(max(float(own), 1e-20)) * 2.0 / _SIZE))
    return agreed, float(top + summit(before, here, after))


def played_back(sound: Sound, speed: float) -> Sound:
    """Return a file resampled to the speed of its source; it is held in memory."""
    samples = sound.read(0, sound.length_samples)
    turned = np.asarray(soxr.resample(samples, 1.0, speed, quality="VHQ"), np.float32)
    return sound_of(Path(sound.path), turned, sound.rate_hz)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A segment of the edited file, and the places that sound alike, which are the same at all speeds.

    Attributes
    ----------
    at : the middle of the segment
    owner, middles : raw recordings and middles of the places, shape (places,)
    spectra : of the places, shape (places, bins)
    powers : of the spectra, shape (places,)
    """

    at: int
    owner: NDArray[np.int64]
    middles: NDArray[np.int64]
    spectra: NDArray[np.complex64]
    powers: NDArray[np.float32]


def _candidates(raws: Sequence[SearchFeatures], edited: SearchFeatures) -> list[_Candidate]:
    mean = np.concatenate([raw.levels for raw in raws]).mean(axis=0)
    known = [patterns(raw.levels, _PATTERN_FRAMES, mean) for raw in raws]
    owner = np.repeat(np.arange(len(raws)), [len(one) for one in known])
    frame = np.concatenate([np.arange(len(one)) for one in known])
    queries = patterns(edited.levels, _PATTERN_FRAMES, mean)
    table = np.concatenate(known)
    if not len(queries) or not len(table):
        return []
    half = _PATTERN_FRAMES * HOP_SAMPLES // 2
    found = []
    for start in np.unique(np.linspace(0, len(queries) - 1, _STRETCHES + 2).astype(int)[1:-1]):
        likeness = table @ queries[start]
        best = np.argsort(-likeness)[:_PLACES]
        if likeness[best[0]] > 0.0:
            at, middles = int(start) * HOP_SAMPLES + half, frame[best] * HOP_SAMPLES + half
            reach = _HALF_SAMPLES + _REACH_SAMPLES
            places = zip(owner[best], middles, strict=True)
            spectra = _spectrum(
                np.stack([cut(raws[raw].mono, int(middle) - reach, 2 * reach) for raw, middle in places])
            )
            found.append(_Candidate(at, owner[best], middles, spectra, _powers(spectra)))
    return found


def _best(edited: Floats, one: _Candidate, speed: float) -> tuple[float, int, float]:
    """Return the highest score of a segment at a speed, the raw recording and the middle there."""
    mine = _spectrum(_played(edited, one.at, speed)[None])
    lags = irfft(np.conj(mine) * one.spectra, _SIZE, axis=1)[:, : 2 * _REACH_SAMPLES + 1]
    own = np.sum(np.abs(mine) ** 2) * one.powers
    lags = lags / (np.sqrt(np.maximum(own, 1e-20)) * 2.0 / _SIZE)[:, None]
    place, lag = np.unravel_index(int(np.argmax(lags)), lags.shape)
    return float(lags[place, lag]), int(one.owner[place]), float(one.middles[place] + lag - _REACH_SAMPLES)


def _refined(
    raws: Sequence[SearchFeatures], edited: Floats, candidates: Sequence[_Candidate], speed: float
) -> float:
    slopes = _slopes(raws, edited, candidates, speed)
    return float(np.median(slopes)) if slopes else speed


def _agreed(slopes: Sequence[float]) -> float | None:
    """Return the speed that most estimates agree on; None if they differ, as they do across cuts."""
    if len(slopes) < _LEAST_SLOPES:
        return None
    median = float(np.median(slopes))
    near = np.count_nonzero(np.abs(np.array(slopes) - median) < 2.0 * _SAME_WITHIN)
    return median if near >= _MOST_AGREE * len(slopes) else None


def _slopes(
    raws: Sequence[SearchFeatures], edited: Floats, candidates: Sequence[_Candidate], speed: float
) -> list[float]:
    """Return speeds from how far two stretches on one line have run apart, one for each line that is seen."""
    slopes = []
    for one in candidates:
        score, raw, middle = _best(edited, one, speed)
        ends = []
        for far in (-_FAR_SAMPLES, _FAR_SAMPLES):
            mine = _spectrum(_played(edited, one.at + far, speed)[None])
            there = round(middle + far * speed) - _HALF_SAMPLES - _NEAR_SAMPLES
            theirs = _spectrum(cut(raws[raw].mono, there, 2 * (_HALF_SAMPLES + _NEAR_SAMPLES))[None])
            agreed, lag = _peak(mine, theirs, 2 * _NEAR_SAMPLES + 1)
            ends.append((agreed, there + _HALF_SAMPLES + lag))
        if min(score, ends[0][0], ends[1][0]) > _LEAST_SCORE:
            slopes.append((ends[1][1] - ends[0][1]) / (2.0 * _FAR_SAMPLES))
    return slopes


def _played(edited: Floats, at: float, speed: float) -> Floats:
    """Return a segment of the edited file at its original speed, interpolated by cubic splines."""
    times = at + np.arange(-_HALF_SAMPLES, _HALF_SAMPLES) / speed
    begin, stop = int(times[0]) - _SPLINE_SAMPLES, int(times[-1]) + _SPLINE_SAMPLES
    piece = cut(edited, begin, stop - begin).astype(np.float64)
    played: Floats = map_coordinates(piece, times[None] - begin, order=3, mode="constant").astype(np.float32)
    return played


def _spectrum(samples: Floats) -> NDArray[np.complex64]:
    spectrum = rfft(samples, _SIZE, axis=1)
    weighed: NDArray[np.complex64] = spectrum / (np.abs(spectrum) ** np.float32(_WHITENED) + np.float32(1e-9))
    return weighed


def _powers(spectra: NDArray[np.complex64]) -> NDArray[np.float32]:
    powers: NDArray[np.float32] = np.sum(np.abs(spectra) ** 2, axis=1)
    return powers
