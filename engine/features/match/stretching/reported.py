"""Stretched pieces as segments: span at full rate, gain, equaliser and similarity."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.features.match.matched import GainPoint, Segment
from engine.features.match.refining.equaliser import eq_of_powers, octave_powers
from engine.features.match.refining.levels import ride
from engine.features.match.searching.features import RATE_HZ, Floats
from engine.features.match.stretching.lines import StretchedLine

Wide = NDArray[np.float64]

_BLOCK_S = 0.2
_TOLERANCE_DB = 1.0
_LEAST_POWER = 1e-12


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
        eq_db=eq_of_powers(_octaves(theirs, 0.0), _octaves(own, piece.semitones), gain_db),
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


def _octaves(samples: Wide, semitones: float) -> Wide:
    """Return the power in each octave of a sound that was made higher, as its recording has them."""
    return octave_powers(samples, RATE_HZ / 2.0 ** (semitones / 12.0), RATE_HZ / 2)
