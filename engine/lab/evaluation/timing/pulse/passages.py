"""Performances in which the drummer plays freely for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.lab.simulated.performances.takes import Take

Kind = Literal["rubato", "no pulse"]
KINDS: tuple[Kind, ...] = ("rubato", "no pulse")

_LENGTHS_S, _LONGEST_SHARE = (12.0, 24.0), 0.45
_FROM_SHARE, _TO_SHARE = 0.15, 0.9
_FASTEST, _KNOT_BEATS = 1.25, 3.0
_STROKE_S = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Freed:
    """A take with a passage that is played freely, from `start_s` to `stop_s`."""

    take: Take
    start_s: float
    stop_s: float


def with_passage(take: Take, kind: Kind, rng: np.random.Generator) -> Freed:
    """Return a take with a passage of 12 to 24 s under a smooth random tempo, or with its strokes at random.

    The tempo is up to a quarter faster or slower, with a new one every three beats.
    """
    times_s = take.played.times_s
    end_s = float(times_s.max())
    length_s = min(float(rng.uniform(*_LENGTHS_S)), _LONGEST_SHARE * end_s)
    start_s = float(rng.uniform(_FROM_SHARE * end_s, max(_FROM_SHARE, _TO_SHARE - length_s / end_s) * end_s))
    inside = (times_s >= start_s) & (times_s < start_s + length_s)
    moved, stop_s = times_s.copy(), start_s + length_s
    if kind == "rubato":
        at_s, played_s = _swinging(length_s, _KNOT_BEATS * take.played.score.beat_s, rng)
        moved[inside] = start_s + np.interp(times_s[inside] - start_s, at_s, played_s)
        moved[times_s >= stop_s] += played_s[-1] - length_s
        stop_s = start_s + float(played_s[-1])
    else:
        strokes, numbers = np.unique(np.round(times_s[inside] / _STROKE_S), return_inverse=True)
        moved[inside] = start_s + np.sort(rng.uniform(0.0, length_s, len(strokes)))[numbers]
    freed = replace(take, played=replace(take.played, times_s=moved))
    return Freed(freed, take.first_beat_s + start_s, take.first_beat_s + stop_s)


def _swinging(
    length_s: float, knot_s: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times of a passage and when they are played, under a tempo that is linear between knots."""
    knots_s = np.arange(0.0, length_s + knot_s, knot_s)
    most = np.log(_FASTEST)
    tempi = np.exp(rng.uniform(-most, most, len(knots_s)))
    at_s = np.linspace(0.0, length_s, 2_000)
    slowness = 1.0 / np.interp(at_s, knots_s, tempi)
    steps_s = (slowness[1:] + slowness[:-1]) / 2.0 * np.diff(at_s)
    return at_s, np.concatenate([[0.0], np.cumsum(steps_s)])
