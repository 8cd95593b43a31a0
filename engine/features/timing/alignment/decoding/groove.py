"""Usual drum patterns: the prior for the lines of strokes, before other bars refine it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.document.drums.hits import Role
from engine.features.timing.alignment.placement import Lines
from engine.features.timing.alignment.strokes import VOICES, Strokes

Floats = NDArray[np.float64]

_FINENESS = 5
_LIKELIER: Mapping[Role, Sequence[float]] = MappingProxyType(
    {
        Role.KICK: (4.0, 2.4, 0.7, 0.7, 0.4),
        Role.SNARE: (0.9, 1.6, 1.1, 0.75, 0.4),
        Role.HAT: (1.8, 1.7, 1.5, 0.7, 0.45),
        Role.TOM: (2.0, 1.6, 1.0, 0.7, 0.35),
        Role.CYMBAL: (3.0, 1.7, 1.2, 0.7, 0.4),
    }
)
"""How much likelier than on lines at large each drum is played on downbeats, beats, halves, thirds and
quarters, and finer divisions (the training drummers of Groove MIDI)."""
RAREST, SUREST = 0.01, 0.95
_PLACES_PER_BEAT = 48


def lines_in_bar(lines: Lines) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the bar of each line, from 0, and its place in it as a number that lines of other bars share."""
    beats = np.round(lines.beats * _PLACES_PER_BEAT).astype(np.int64)
    downbeats = np.flatnonzero(lines.levels == 0)
    if len(downbeats) == 0:
        return beats // (4 * _PLACES_PER_BEAT), beats % (4 * _PLACES_PER_BEAT)
    bars = np.searchsorted(downbeats, np.arange(len(beats)), side="right")
    first = beats[downbeats[np.maximum(bars - 1, 0)]]
    # Lines before the first downbeat belong to a bar that ends with it.
    places = np.where(bars == 0, beats - beats[downbeats[0]], beats - first)
    if len(downbeats) > 1:
        length = int(np.median(np.diff(beats[downbeats])))
        places = np.where(bars == 0, places % length, places)
    return bars, places


def plain(strokes: Strokes, lines: Lines) -> Floats:
    """Return how likely each drum is on each line before anything is placed, shape (m, len(VOICES))."""
    span = _span(strokes, lines)
    rates = strokes.voices.sum(0) / max(span, 1)
    likelier = np.array([_LIKELIER[voice] for voice in VOICES]).T[_fineness(lines)]
    likely: Floats = np.clip(rates * likelier / likelier.mean(0), RAREST, SUREST)
    return likely


def _fineness(lines: Lines) -> NDArray[np.int64]:
    """Return how fine each line is: 0 for a downbeat, then beats, halves, thirds and quarters, finer ones."""
    places = np.round(lines.beats * _PLACES_PER_BEAT).astype(np.int64)
    on = [places % (_PLACES_PER_BEAT // parts) == 0 for parts in (1, 2, 3, 4)]
    fineness = np.where(on[2] | on[3], 3, _FINENESS - 1)
    fineness = np.where(on[1], 2, fineness)
    return np.where(lines.levels == 0, 0, np.where(on[0] | (lines.levels == 1), 1, fineness))


def _span(strokes: Strokes, lines: Lines) -> int:
    """Return how many lines the playing lasts."""
    if len(strokes.onsets_samples) == 0:
        return 0
    first, last = strokes.onsets_samples[[0, -1]]
    inside = (lines.positions_samples >= first) & (lines.positions_samples <= last)
    return int(np.count_nonzero(inside)) + 1


def log_odds(likely: Floats) -> Floats:
    """Return the logarithm of the odds."""
    odds: Floats = np.log(likely / (1.0 - likely))
    return odds
