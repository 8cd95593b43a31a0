"""The offset of a segment to the sample, and to a part of one where that explains more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from engine.features.match.refining.line_sound import Line
from engine.features.match.sound import Sound

_LONGEST_SAMPLES = 1 << 15
_PLACES = 4
_REACH_SAMPLES = 24
_WHITENED = 0.6
_LEAST_PART = 0.02
_BETTER_BY = 0.7  # of the residual: a fraction of a sample has to earn it


def aligned(raws: tuple[Sound, ...], edited: Sound, raw: int, offset: float, span: tuple[int, int]) -> Line:
    """Return the line of a span [start, stop) of the edited file, where its offset is known roughly.

    Parameters
    ----------
    offset : in samples of the edited file, right within `_REACH_SAMPLES`
    """
    guess = round(offset)
    places = _places(span)
    size = next_fast_len(_length(span) + 2 * _REACH_SAMPLES, real=True)
    lags = np.zeros(2 * _REACH_SAMPLES + 1)
    for start, stop in places:
        mine = _whitened(edited.mono(start, stop), size)
        begin = start + guess - _REACH_SAMPLES
        theirs = _whitened(raws[raw].mono(begin, begin + stop - start + 2 * _REACH_SAMPLES), size)
        found = irfft(np.conj(mine) * theirs, size)[: len(lags)]
        scale = float(np.sqrt(np.sum(np.abs(mine) ** 2) * np.sum(np.abs(theirs) ** 2)))
        lags += found / max(scale, 1e-12)
    whole = guess + int(np.argmax(lags)) - _REACH_SAMPLES
    plain = Line(raw, whole)
    part = _part(raws, edited, plain, places)
    if abs(part) < _LEAST_PART:
        return plain
    moved = Line(raw, whole, -part)
    left, left_moved = (_left(raws, edited, line, places) for line in (plain, moved))
    return moved if left_moved < _BETTER_BY * left else plain


def _length(span: tuple[int, int]) -> int:
    return min(_LONGEST_SAMPLES, span[1] - span[0])


def _places(span: tuple[int, int]) -> list[tuple[int, int]]:
    start, stop = span
    length = _length(span)
    count = max(1, min(_PLACES, (stop - start) // length))
    firsts = np.linspace(start, stop - length, count) if count > 1 else [(start + stop - length) / 2]
    return [(int(first), int(first) + length) for first in firsts]


def _whitened(samples: NDArray[np.float32], size: int) -> NDArray[np.complex128]:
    # Whitened, the steps at both ends would weigh as much as deep music between, and agree at other lags.
    spectrum = rfft(samples * np.hanning(len(samples)), size)
    weighed: NDArray[np.complex128] = spectrum / (np.abs(spectrum) ** _WHITENED + 1e-9)
    return weighed


def _part(raws: tuple[Sound, ...], edited: Sound, line: Line, places: list[tuple[int, int]]) -> float:
    """Return the remaining delay of the raw recording in fractions of a sample: the slope of the phases."""
    length = places[0][1] - places[0][0]
    window = np.hanning(length)
    cross = np.zeros(length // 2 + 1, np.complex128)
    for start, stop in places:
        theirs = line.read(raws, start, stop).mean(axis=1)
        mine = edited.mono(start, stop).astype(np.float64)
        x, y = rfft(theirs * window), rfft(mine * window)
        cross += np.conj(x) * y / (np.abs(x * y) ** _WHITENED + 1e-12)
    omega = 2.0 * np.pi * rfftfreq(length)
    heard = omega < 0.7 * np.pi
    weights = np.abs(cross) * heard
    total = float(np.sum(weights * omega**2))
    return float(np.sum(weights * omega * np.angle(cross)) / total) if total > 0.0 else 0.0


def _left(raws: tuple[Sound, ...], edited: Sound, line: Line, places: list[tuple[int, int]]) -> float:
    """Return the residual share of the edited file after subtracting the line at the best gain."""
    power = shared = own = 0.0
    for start, stop in places:
        theirs = line.read(raws, start, stop).mean(axis=1)
        mine = edited.mono(start, stop).astype(np.float64)
        power += float(mine @ mine)
        shared += float(mine @ theirs)
        own += float(theirs @ theirs)
    return 1.0 - shared**2 / max(own * power, 1e-30) + 1e-12
