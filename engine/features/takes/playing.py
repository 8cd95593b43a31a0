"""Performances, which are playing between one break and the next, and spans in which players tune.

Tuning has few attacks, clear pitches that are held, and hardly a new note: a string that is tuned sounds
alone, for seconds, and is plucked again at the same pitch. Bands play several pitches at once, change them
often, and attack twice a second or more. The measures are relative to the loudest moments of a span, so that
the level of playing elsewhere does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter

from engine.core.timebase import runs
from engine.features.takes.features import FRAMES_PER_S, STEPS_PER_S, Floats, Frames

Spans = NDArray[np.int64]


BELOW_DB = 22.0
"""Level of a break below the playing around it."""
SOFT_BELOW_DB = 14.0
"""The same for a break with counting, speech or ringing."""
_AROUND_S = 60.0
_LEAST_BREAK_S = 0.6
_LEAST_PLAYED_S = 0.8
_SILENT_DBFS = -65.0


def performances(levels_db: Floats, below_db: float = BELOW_DB) -> Spans:
    """Return the spans of playing, in frames [start, stop), shape (n, 2), disjoint and ascending.

    Parameters
    ----------
    levels_db : of `Frames`, shape (steps,)
    below_db : level of a break below the playing around it
    """
    if not len(levels_db):
        return np.zeros((0, 2), np.int64)
    spans = _joined(runs(sounding(levels_db, below_db)), round(_LEAST_BREAK_S * STEPS_PER_S))
    spans = spans[spans[:, 1] - spans[:, 0] >= _LEAST_PLAYED_S * STEPS_PER_S]
    ratio = STEPS_PER_S / FRAMES_PER_S
    return np.stack([(spans[:, 0] + 1) // ratio, np.ceil((spans[:, 1] - 1) / ratio)], axis=1).astype(np.int64)


def sounding(levels_db: Floats, below_db: float = BELOW_DB) -> NDArray[np.bool_]:
    """Return whether steps sound, relative to the playing around them, shape (steps,).

    Parameters
    ----------
    levels_db : of `Frames`, shape (steps,), at least one
    below_db : level of a break below the playing around it
    """
    # Every tenth step: the playing around a moment changes slowly, and an hour is filtered in no time.
    width = round(_AROUND_S)
    every = round(STEPS_PER_S)
    padded = np.pad(levels_db, (0, -len(levels_db) % every), mode="edge")
    sparse: Floats = padded.reshape(-1, every).max(axis=1)
    around = percentile_filter(sparse, 70, size=2 * width + 1, mode="nearest")
    playing = np.repeat(around, every)[: len(levels_db)]
    return (levels_db > playing - below_db) & (levels_db > _SILENT_DBFS)


def _joined(spans: Spans, least: int) -> Spans:
    if not len(spans):
        return spans
    breaks = spans[1:, 0] - spans[:-1, 1] >= least
    first = np.concatenate([[True], breaks])
    last = np.concatenate([breaks, [True]])
    return np.stack([spans[first, 0], spans[last, 1]], axis=1)


_RANGE_DB = 40.0
_LOUD_QUANTILE = 0.9
_SOUNDS_DB = 25.0
_HARMONICS = 16
_BELOW = 12
"""Fundamental pitches up to an octave below the lowest semitone band are tried."""
_AROUND_SEMITONES = 3
_PAST_S = 2.0
_ATTACK_DB = 1.0
_LEAST_S = 1.0

_WINDOW_S = 8.0
_BIAS = 0.6
_OF_CLARITY, _OF_HELD, _OF_NEW, _OF_ATTACKS = 0.85, 0.65, -20.6, -1.51
"""Of a logistic regression on recordings that no figure is reported of; the bias is 0.5 lower."""
_LEAST_CLARITY, _WITHOUT_PITCH = 0.5, -3.0


@dataclass(frozen=True, slots=True)
class Playing:
    """Measures of the playing in a span.

    Attributes
    ----------
    clarity : energy of the semitone bands above their neighbours, in (40 dB)²
    held_s : how long the strongest pitch is held, weighted by time
    new_share : share of that energy in bands that were silent in the two seconds before
    attacks_per_s : rises of the level per second
    """

    clarity: float
    held_s: float
    new_share: float
    attacks_per_s: float

    @property
    def odds(self) -> float:
        """Return the logarithm of the odds that the players tune."""
        if self.clarity < _LEAST_CLARITY:
            return _WITHOUT_PITCH
        return (
            _BIAS
            + _OF_CLARITY * self.clarity
            + _OF_HELD * float(np.log(max(self.held_s, 0.1)))
            + _OF_NEW * self.new_share
            + _OF_ATTACKS * self.attacks_per_s
        )


def are_tuning(frames: Frames, spans: Iterable[tuple[float, float]]) -> bool:
    """Return whether players tune in similar spans of frames, [start, stop) each."""
    odds = [
        (one.odds, stop - start)
        for span in spans
        for start, stop in _windows(*span)
        if (one := playing_in(frames, start, stop)) is not None
    ]
    return sum(value * length for value, length in odds) > 0.0


def _windows(start: float, stop: float) -> Iterator[tuple[int, int]]:
    """Yield frames [start, stop) of equal parts of a span, none longer than `_WINDOW_S`."""
    parts = max(1, int(np.ceil((stop - start) / (_WINDOW_S * FRAMES_PER_S))))
    yield from pairwise(np.round(np.linspace(start, stop, parts + 1)).astype(int).tolist())


def playing_in(frames: Frames, start: int, stop: int) -> Playing | None:
    """Measure how frames [start, stop) are played; None where too little sounds."""
    part = frames.part(start, stop)
    sounding, notes = standing_out(part.notes_db)
    if len(sounding) < _LEAST_S * FRAMES_PER_S:
        return None
    energy = np.square(notes)
    clarity = energy.sum(axis=1)
    new = np.square(np.maximum(notes - _past(notes), 0.0)).sum(axis=1) / np.maximum(clarity, 1e-3)
    return Playing(
        float(np.median(clarity[sounding])),
        _held_s(_strongest(energy)[sounding]),
        float(np.median(new[sounding])),
        _attacks_per_s(part.bands_db),
    )


def standing_out(notes_db: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Return which frames sound, and how far each semitone is above its neighbours, in `_RANGE_DB`."""
    if not len(notes_db):
        return np.zeros(0, np.int64), notes_db
    loudest = notes_db.max(axis=1)
    loud = float(np.quantile(loudest, _LOUD_QUANTILE))
    levels = np.clip((notes_db - loud) / _RANGE_DB + 1.0, 0.0, 1.0)
    width = 2 * _AROUND_SEMITONES + 1
    padded = np.pad(levels, ((0, 0), (_AROUND_SEMITONES, _AROUND_SEMITONES)), mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1).mean(axis=2)
    return np.flatnonzero(loudest > loud - _SOUNDS_DB), np.maximum(levels - around, 0.0).astype(np.float32)


def _past(notes: Floats) -> Floats:
    """Return the maximum of each semitone over the two seconds before each frame."""
    out = np.zeros_like(notes)
    for back in range(1, round(_PAST_S * FRAMES_PER_S) + 1):
        out[back:] = np.maximum(out[back:], notes[:-back])
    out[:1] = notes[:1]
    return out


def _strongest(energy: Floats) -> NDArray[np.int64]:
    """Return the pitch class whose harmonics hold most of the energy of each frame, shape (n,)."""
    combs = _combs(energy.shape[1])
    shares = energy @ combs.T / np.maximum(energy.sum(axis=1, keepdims=True), 1e-6)
    covered = combs.mean(axis=1)
    found: NDArray[np.int64] = ((shares - covered) / (1.0 - covered)).argmax(axis=1) % 12
    return found


def _combs(semitones: int) -> Floats:
    """Return which semitones the harmonics of each fundamental are in, shape (fundamentals, semitones)."""
    off = np.round(12.0 * np.log2(np.arange(1, _HARMONICS + 1))).astype(np.int64)
    combs = np.zeros((semitones, semitones), np.float32)
    for row, lowest in enumerate(range(-_BELOW, semitones - _BELOW)):
        inside = lowest + off
        combs[row, inside[(inside >= 0) & (inside < semitones)]] = 1.0
    return combs


def _held_s(pitches: NDArray[np.int64]) -> float:
    """Return how long pitches last, each moment counted with the length of its pitch."""
    turns = np.flatnonzero(np.concatenate([[True], np.diff(pitches) != 0, [True]]))
    lengths = np.diff(turns)
    return float((lengths**2).sum() / lengths.sum()) / FRAMES_PER_S


def _attacks_per_s(bands_db: Floats) -> float:
    """Count the moments at which the bands rise together."""
    if len(bands_db) < 3:
        return 0.0
    floored = np.maximum(bands_db, bands_db.max() - _RANGE_DB)
    rise = np.maximum(np.diff(floored, axis=0), 0.0).mean(axis=1)
    padded = np.concatenate([[0.0], rise, [0.0]])
    is_peak = (rise > padded[:-2]) & (rise >= padded[2:]) & (rise > _ATTACK_DB)
    return float(is_peak.sum()) / (len(rise) / STEPS_PER_S)
