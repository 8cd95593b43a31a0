"""Phrases that sound alike in one window: a recogniser often writes a sentence that was begun twice once.

The starts of two breaths are compared by dynamic time warping of cepstra (Sakoe and Chiba 1978; Davis and
Mermelstein 1980). It does not depend on the language, or on the spelling of the recogniser.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.voices import joined_spans
from engine.analysis.signal.bands import hz_to_mel, mel_to_hz, triangles_between
from engine.features.words.edges import HOP_S, sounding_runs
from engine.features.words.held import RATE_HZ

Span = tuple[float, float]
Floats = NDArray[np.float64]

REST_S = 0.15
"""The shortest rest between two breaths."""
_LEAST_BREATH_S, _BROKEN_S = 0.1, 0.06
"""A shorter sound is not a breath; the end of an attempt may break off inside a sound."""
_COMPARED_S, _WITHIN_S, _BREATHS = (0.35, 1.5), 12.0, 5
"""Lengths that are compared; how far the second start may be, in time and in breaths."""
_SLOWER, _LATER_S = 1.3, 0.1
_MOST_AWAY = 0.68
"""Mean distance of the cepstra of the same words, in standard deviations of the window; others are at 1.2."""
_FRAME, _HOP, _FFT = round(0.025 * RATE_HZ), round(0.02 * RATE_HZ), 512
_BANDS, _CEPSTRA, _BAND_HZ = 24, 12, (120.0, 3_700.0)
_EMPHASIS, _LEAST_POWER, _LOUD_NEPERS = 0.97, 1e-9, 6.5


def repeated_breaths(samples: NDArray[np.float32]) -> list[tuple[Span, Span]]:
    """Return pairs of passages that begin alike, the most similar ones first, each in seconds.

    The first passage ends with the sound before the second one. The second one holds whole breaths, about as
    long as the first one or longer.

    Parameters
    ----------
    samples : of a window, mono at `RATE_HZ`, shape (n,)
    """
    sounds = ((start * HOP_S, stop * HOP_S) for start, stop in sounding_runs(samples).tolist())
    breaths = [one for one in joined_spans(sounds, REST_S) if one[1] - one[0] >= _LEAST_BREATH_S]
    if len(breaths) < 2:
        return []
    cepstra = _cepstra(samples)
    found = [pair for one in range(len(breaths)) if (pair := _next_alike(cepstra, breaths, one)) is not None]
    return [
        ((breaths[one][0], breaths[two - 1][1]), _whole(breaths, one, two)) for _, one, two in sorted(found)
    ]


def _next_alike(cepstra: Floats, breaths: list[Span], one: int) -> tuple[float, int, int] | None:
    """Return the first breath after one that begins as it does: their distance, and both places."""
    start_s = breaths[one][0]
    for two in range(one + 1, min(one + 1 + _BREATHS, len(breaths))):
        again_s = breaths[two][0]
        length_s = min(breaths[two - 1][1] - _BROKEN_S - start_s, _COMPARED_S[1])
        if again_s - start_s > _WITHIN_S:
            break
        if length_s >= _COMPARED_S[0]:
            first = _part(cepstra, start_s, length_s)
            again = _part(cepstra, again_s, _SLOWER * length_s + _LATER_S)
            if len(again) and (away := _distance(first, again)) <= _MOST_AWAY:
                return away, one, two
    return None


def _whole(breaths: list[Span], one: int, two: int) -> Span:
    """Return the passage of whole breaths from a start that is about as long as that before it."""
    start_s = breaths[two][0]
    least_s = _SLOWER * (breaths[two - 1][1] - breaths[one][0])
    stops_s = [stop_s for _, stop_s in breaths[two:]]
    return start_s, next((stop_s for stop_s in stops_s if stop_s - start_s >= least_s), stops_s[-1])


def _part(cepstra: Floats, start_s: float, length_s: float) -> Floats:
    first, last = (round(place_s * RATE_HZ / _HOP) for place_s in (start_s, start_s + length_s))
    return cepstra[first:last]


def _distance(first: Floats, again: Floats) -> float:
    """Return the mean distance of frames to the best path through the beginning of others.

    A step of the path is 0 to 2 frames of the others.
    """
    away = np.sqrt(np.square(first[:, None] - again[None]).mean(axis=2))
    row = np.where(np.arange(len(again)) * _HOP < _LATER_S * RATE_HZ, away[0], np.inf)
    for step in away[1:]:
        by_one, by_two = np.append(np.inf, row[:-1]), np.append([np.inf, np.inf], row[:-2])[: len(row)]
        row = step + np.minimum(np.minimum(row, by_one), by_two)
    return float(row.min()) / len(first)


def _cepstra(samples: NDArray[np.float32]) -> Floats:
    """Return cepstra of frames, with the mean 0 and the deviation 1 over the loud ones, shape (frames, n)."""
    high = np.append(samples[:1], samples[1:] - np.float32(_EMPHASIS) * samples[:-1]).astype(np.float64)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(high, (0, _FRAME)), _FRAME)[::_HOP]
    powers = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), _FFT)) ** 2
    lowest, highest = hz_to_mel(np.array(_BAND_HZ))
    edges_hz = mel_to_hz(np.linspace(lowest, highest, _BANDS + 2))
    bands = triangles_between(np.fft.rfftfreq(_FFT, 1.0 / RATE_HZ), edges_hz)
    levels = np.log(powers @ bands.T + _LEAST_POWER)
    angles = np.pi / _BANDS * (np.arange(_BANDS) + 0.5)
    found = levels @ np.cos(np.arange(1, _CEPSTRA + 1)[:, None] * angles).T
    mean = levels.mean(axis=1)
    loud = found[mean > np.percentile(mean, 95.0) - _LOUD_NEPERS]
    return np.asarray((found - loud.mean(axis=0)) / (loud.std(axis=0) + _LEAST_POWER))
