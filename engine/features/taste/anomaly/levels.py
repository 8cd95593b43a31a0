"""Levels of a recording: its pieces, and passages louder or softer than the music before and after.

A piece is the playing from one pause to the next. Arrangements change some bands more than others; a gain
that was turned, or a microphone that was moved, changes all of them, and back again at the other end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from engine.features.takes.features import FRAMES_PER_S, STEPS_PER_S, Floats, Frames
from engine.features.takes.playing import performances

LEAST_PAUSE_S = 1.0
"""A piece has as long a pause at one end. A sparse beginning has several shorter ones."""
_SIDES = 2
_LOWEST, _LOWER, _ABOVE_DB = 1.0, 10.0, 15.0
"""Pauses are at most this far above the lowest levels; both as percentiles."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece [start_s, stop_s).

    Attributes
    ----------
    is_inner : whether other playing comes before and after it; else it may continue outside the recording
    """

    start_s: float
    stop_s: float
    is_inner: bool

    @property
    def length_s(self) -> float:
        """How long it lasts."""
        return self.stop_s - self.start_s


class Pauses:
    """Whether playing stops: a level near the lowest of the recording, not merely fewer or softer players.

    Parameters
    ----------
    levels_db : of `engine.features.takes.features.Frames`, shape (steps,)
    """

    def __init__(self, levels_db: Floats) -> None:
        self._levels_db = levels_db
        self._most_db = float(np.percentile(levels_db, _LOWEST)) + _ABOVE_DB if len(levels_db) else 0.0

    def hold(self, start_s: float, stop_s: float) -> bool:
        """Return whether a span has such a level."""
        part = self._levels_db[round(start_s * STEPS_PER_S) : round(stop_s * STEPS_PER_S) + 1]
        return bool(len(part)) and bool(np.percentile(part, _LOWER) <= self._most_db)


def pieces_in(levels_db: Floats) -> list[Piece]:
    """Return the pieces of a recording, ascending; none between two short breaks."""
    pauses, played_s = Pauses(levels_db), (performances(levels_db) / FRAMES_PER_S).tolist()
    starts_s, stops_s = ([one[side] for one in played_s] for side in (0, 1))
    breaks_s = [start - stop for start, stop in zip(starts_s[1:], stops_s, strict=False)]
    end_s = len(levels_db) / STEPS_PER_S
    found = []
    for number, (start_s, stop_s) in enumerate(played_s):
        beside_s = breaks_s[max(0, number - 1) : number + 1]
        before_s, after_s = [0.0, *stops_s][number], [*starts_s, end_s][number + 1]
        is_apart = max(beside_s, default=LEAST_PAUSE_S) >= LEAST_PAUSE_S
        if is_apart and pauses.hold(before_s, start_s) and pauses.hold(stop_s, after_s):
            found.append(Piece(start_s, stop_s, len(beside_s) == _SIDES))
    return found


LEAST_DB = 7.0
_MOST_DB = 40.0
"""More is a microphone switched off."""
_APART_DB = 5.0
"""By how much the changes at both ends may differ."""
_SPREAD_DB = 6.0
"""Of the changes of most bands."""
_MOST_BANDS = (20.0, 80.0)
_AROUND_S = 3.0
_AROUND_STEPS = round(_AROUND_S * STEPS_PER_S)
_BLURRED_STEPS = 2
_LENGTHS_S = (3.0, 45.0)

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LevelStep:
    """A passage [start_s, stop_s), and its level against the music around it."""

    start_s: float
    stop_s: float
    change_db: float


def louder_or_softer(bands_db: Floats) -> tuple[LevelStep, ...]:
    """Return passages with another level than the music before and after, ascending and apart.

    Parameters
    ----------
    bands_db : levels of broad bands, shape (steps, bands), see `engine.features.takes.features.Frames`
    """
    totals = np.cumsum(np.pad(10.0 ** (bands_db.astype(np.float64) / 10.0), ((1, 0), (0, 0))), axis=0)
    rated = sorted(_steps(totals), key=lambda one: one[0])
    found: list[LevelStep] = []
    for _, step in rated:
        # The music next to a step is at another level only because of that step.
        if all(max(step.start_s - one.stop_s, one.start_s - step.stop_s) >= _AROUND_S for one in found):
            found.append(step)
    return tuple(sorted(found, key=lambda one: one.start_s))


def levelled(frames: Frames, steps: Sequence[LevelStep]) -> Frames:
    """Return frames with the levels as they were without the steps: no break begins or ends at one."""
    levels_db = frames.levels_db.copy()
    for one in steps:
        levels_db[round(one.start_s * STEPS_PER_S) : round(one.stop_s * STEPS_PER_S)] -= one.change_db
    return replace(frames, levels_db=levels_db)


def _steps(totals: Numbers) -> Iterator[tuple[float, LevelStep]]:
    """Yield the passages between two opposite changes of the level, each with its unevenness in decibels."""
    places, changes_db = _edges(totals)
    shortest, longest = (round(length_s * STEPS_PER_S) for length_s in _LENGTHS_S)
    for number, (start, change_db) in enumerate(zip(places.tolist(), changes_db.tolist(), strict=True)):
        last = int(np.searchsorted(places, start + longest, side="right"))
        for other in range(number + 1, last):
            stop = int(places[other])
            if stop - start < shortest or change_db * changes_db[other] > 0.0:
                continue
            inside = _level_db(totals, start + _BLURRED_STEPS, stop - _BLURRED_STEPS)
            before = _level_db(totals, start - 2 * _AROUND_STEPS, start - _BLURRED_STEPS)
            after = _level_db(totals, stop + _BLURRED_STEPS, stop + 2 * _AROUND_STEPS)
            both = np.stack([inside - before, inside - after])
            least, most = np.percentile(both, _MOST_BANDS, axis=1)
            middle, apart_db = np.median(both, axis=1), float(np.abs(np.diff(np.median(both, axis=1)))[0])
            spread_db = float((most - least).max())
            is_step = middle[0] * middle[1] > 0.0 and LEAST_DB <= np.abs(middle).min() <= _MOST_DB
            if is_step and apart_db <= _APART_DB and spread_db <= _SPREAD_DB:
                change = float(middle[np.abs(middle).argmin()])
                yield apart_db + spread_db, LevelStep(start / STEPS_PER_S, stop / STEPS_PER_S, change)


def _edges(totals: Numbers) -> tuple[NDArray[np.int64], Numbers]:
    """Return the steps at which the level of most bands changes, and by how many decibels."""
    reach = _AROUND_STEPS + _BLURRED_STEPS
    places = np.arange(reach, len(totals) - 1 - reach)
    if not len(places):
        return np.zeros(0, np.int64), np.zeros(0)
    after = totals[places + reach] - totals[places + _BLURRED_STEPS]
    before = totals[places - _BLURRED_STEPS] - totals[places - reach]
    changes = np.median(_in_db(after) - _in_db(before), axis=1)
    size = np.abs(changes)
    is_edge = (size == maximum_filter1d(size, _AROUND_STEPS + 1)) & (size >= LEAST_DB)
    return places[is_edge], changes[is_edge]


def _level_db(totals: Numbers, start: int, stop: int) -> Numbers:
    first, last = max(0, start), min(len(totals) - 1, stop)
    return _in_db((totals[last] - totals[first]) / max(1, last - first))


def _in_db(power: Numbers) -> Numbers:
    return 10.0 * np.log10(np.maximum(power, 1e-12))
