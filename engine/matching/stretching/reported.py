"""Stretched pieces as segments: span at full rate, gain, equaliser and similarity."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.matching.matched import EqPoint, GainPoint, Segment
from engine.matching.refining.levels import ride
from engine.matching.searching.features import RATE_HZ, Floats
from engine.matching.stretching.lines import StretchedLine

Wide = NDArray[np.float64]

_BLOCK_S = 0.2
_TOLERANCE_DB = 1.0
_LEAST_POWER = 1e-12
_BANDS_HZ = (88.0, 177.0, 354.0, 707.0, 1414.0, 2828.0, 5000.0)
_LEAST_EQ_DB = 1.5
_QUIET = 1e-4  # of the power of the loudest band


def segment_of(piece: StretchedLine, raws: Sequence[Floats], edited: Floats, rate_hz: int) -> Segment:
    """Return a piece as a segment, in samples of the edited file.

    Parameters
    ----------
    raws, edited : mono, at the rate of the search
    """
    ratio = rate_hz / RATE_HZ
    raw_start, raw_stop = piece.raw_at(piece.start), piece.raw_at(piece.stop)
    own = edited[max(0, round(piece.start)) : max(0, round(piece.stop))].astype(np.float64)
    theirs = raws[piece.raw][max(0, round(raw_start)) : max(0, round(raw_stop))].astype(np.float64)
    gain_db = _decibels(_power(own) / _power(theirs))
    return Segment(
        raw=piece.raw,
        raw_start_samples=max(0, round(raw_start * ratio)),
        raw_stop_samples=round(raw_stop * ratio),
        edited_start_samples=round(piece.start * ratio),
        gain_db=gain_db,
        gain_ride=_ride(piece, own, theirs, ratio),
        speed=piece.speed,
        pitch_semitones=piece.semitones,
        similarity=piece.alike,
        eq_db=_equaliser(own, theirs, piece.semitones, gain_db),
    )


def _power(samples: Wide) -> float:
    return max(_LEAST_POWER, float(np.mean(samples**2)) if len(samples) else 0.0)


def _decibels(ratio: float) -> float:
    return 10.0 * float(np.log10(ratio))


def _ride(piece: StretchedLine, own: Wide, theirs: Wide, ratio: float) -> tuple[GainPoint, ...]:
    """Return how the gain changes along a piece, from blocks of both sides."""
    block = round(_BLOCK_S * RATE_HZ)
    count = len(own) // block
    edges = np.linspace(0, len(theirs), count + 1).astype(int)
    before = np.array([_power(theirs[start:stop]) for start, stop in pairwise(edges)])
    now = np.array([_power(own[number * block : (number + 1) * block]) for number in range(count)])
    middles = np.round((piece.start + (np.arange(count) + 0.5) * block) * ratio).astype(np.int64)
    return ride(10.0 * np.log10(now / before), before, middles, _TOLERANCE_DB) if count else ()


def _equaliser(own: Wide, theirs: Wide, semitones: float, gain_db: float) -> tuple[EqPoint, ...]:
    """Return how much louder than all of it each octave is; none where they are about the same."""
    before = _octaves(theirs, 1.0)
    now = _octaves(own, 2.0 ** (semitones / 12.0))
    is_told = before > _QUIET * before.max(initial=0.0)
    middles_hz = np.sqrt(np.array(_BANDS_HZ[:-1]) * np.array(_BANDS_HZ[1:]))
    gains = 10.0 * np.log10(np.maximum(now, _LEAST_POWER) / np.maximum(before, _LEAST_POWER)) - gain_db
    if not np.any(np.abs(gains[is_told]) >= _LEAST_EQ_DB):
        return ()
    return tuple(
        EqPoint(round(float(hz)), float(gain))
        for hz, gain in zip(middles_hz[is_told], gains[is_told], strict=True)
    )


def _octaves(samples: Wide, pitch: float) -> Wide:
    """Return the power in each octave of a sound that was made higher by a factor, as its source has them."""
    power = np.abs(np.fft.rfft(samples)) ** 2 / max(1, len(samples)) ** 2
    at_hz = np.fft.rfftfreq(len(samples), 1.0 / RATE_HZ) / pitch
    edges = np.searchsorted(at_hz, _BANDS_HZ)
    return np.array([power[start:stop].sum() for start, stop in pairwise(edges)])
