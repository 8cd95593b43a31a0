"""Faulty flams: voices of one stroke that fell apart by mistake, and which of them is at fault."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.document.drums.hits import ORNAMENTS, Hits, Ornament
from engine.features.timing.alignment.decoding.groove import log_odds
from engine.features.timing.alignment.decoding.repetition import repeated
from engine.features.timing.alignment.placement import Lines
from engine.features.timing.alignment.push_pull import Curve
from engine.features.timing.alignment.strokes import VOICES, Strokes, voice_of

Floats = NDArray[np.float64]

_LATE = ORNAMENTS.index(Ornament.LATE_VOICE)


@dataclass(frozen=True, slots=True)
class FlamLimits:
    """Limits at which voices of a stroke are separate.

    Attributes
    ----------
    apart_ms : the least distance that is a fault
    usual : as often the usual distance of the voices of this drummer
    told_ms : minimum distance if the hits are already marked as faults
    early_cost : how much rarer a voice that is early is than one that is late, in nats
    fault_cost : how rare it is that a voice is at fault, in nats
    least_jitter_ms : minimum assumed deviation of correct strokes from their expected place
    confidence : of a hit from which on it is a voice at all
    rarest, rarest_bounce : a voice rarer than this at its place in other bars is not part of the stroke
        but a hit too many; one that may have bounced needs to be played there more often
    level : how much it counts for that how loud it is there in other bars
    """

    apart_ms: float = 12.0
    usual: float = 2.0
    told_ms: float = 4.0
    early_cost: float = 0.8
    fault_cost: float = 3.0
    least_jitter_ms: float = 3.0
    confidence: float = 0.7
    rarest: float = 0.03
    rarest_bounce: float = 0.25
    level: float = 0.5


LIMITS = FlamLimits()


@dataclass(frozen=True, slots=True, eq=False)
class Faults:
    """Faults within strokes.

    Attributes
    ----------
    late_samples : float64, shape (n,), how late each hit is within its stroke where that is a fault, else NaN
    strays : bool, shape (n,), separate hits in a stroke that are not a voice of it
    """

    late_samples: Floats
    strays: NDArray[np.bool_]


def joined(strokes: Strokes, taken: NDArray[np.int64]) -> tuple[Strokes, NDArray[np.int64]]:
    """Join strokes on the same line; return also the first of the strokes each is made of."""
    same = (taken >= 0) & (np.roll(taken, 1) == taken)
    same[:1] = False
    group = np.cumsum(~same) - 1
    first = np.flatnonzero(~same)
    if len(first) == len(taken):
        return strokes, first
    levels_db = np.maximum.reduceat(strokes.levels_db, first, axis=0)
    return (
        replace(
            strokes,
            onsets_samples=strokes.onsets_samples[first],
            levels_db=levels_db,
            voices=levels_db > -np.inf,
            of_hits=group[strokes.of_hits],
            unsure_samples=strokes.unsure_samples[first],
        ),
        first,
    )


def find(
    hits: Hits,
    strokes: Strokes,
    taken: NDArray[np.int64],
    lines: Lines,
    expected: Curve,
    limits: FlamLimits = LIMITS,
) -> Faults:
    """Return the voices separate from their strokes.

    Of two separate voices, the one further from the expected place of the stroke is at fault, according to
    its line and the push and pull, unless the hits are already marked.

    Parameters
    ----------
    taken : shape (s,), the line of each stroke, -1 for none
    expected : the push and pull against the lines
    """
    late = np.full(len(hits.onsets_samples), np.nan)
    strays = np.zeros(len(hits.onsets_samples), np.bool_)
    groups = _voices_of_strokes(strokes, hits.confidences >= limits.confidence)
    goals = _goals(taken, lines, expected)
    off_ms = np.abs(strokes.onsets_samples - goals)[taken >= 0] / strokes.rate_hz * 1000.0
    jitter_ms = max(limits.least_jitter_ms, 1.48 * float(np.median(off_ms))) if len(off_ms) else np.inf
    apart_ms = max(limits.apart_ms, limits.usual * _usual_ms(hits, groups, strokes.rate_hz))
    too_many = _too_many(hits, strokes, taken, lines, limits)
    for group in groups:
        times_ms = hits.onsets_samples[group] / strokes.rate_hz * 1000.0
        told = hits.ornaments[group] == _LATE
        goal_ms = goals[strokes.of_hits[group[0]]] / strokes.rate_hz * 1000.0
        faulty = _faulty(times_ms, goal_ms, jitter_ms, told, too_many[group], apart_ms, limits)
        if faulty.any():
            away_ms = times_ms[faulty] - times_ms[~faulty].min()
            late[group[faulty]] = away_ms / 1000.0 * strokes.rate_hz
            strays[group[faulty & (too_many[group] < 0.0) & ~told]] = True
    return Faults(np.where(strays, np.nan, late), strays)


def _too_many(
    hits: Hits, strokes: Strokes, taken: NDArray[np.int64], lines: Lines, limits: FlamLimits
) -> Floats:
    """Return by how many nats each hit, where it is apart, is a voice at fault rather than a hit too many."""
    count = len(hits.onsets_samples)
    if not len(lines.beats):
        return np.full(count, np.inf)
    at = taken[strokes.of_hits]
    told = repeated(strokes, lines, taken[:, None], np.ones((len(taken), 1)))
    row, voices = np.arange(count), np.array([voice_of(role) for role in hits.voices], np.int64)
    levels_db = np.full((count, len(VOICES)), -np.inf)
    levels_db[row, voices] = hits.strengths_db
    by_level = told.told_by_level(at, levels_db)[row, voices]
    odds = log_odds(told.likely)[at, voices] + limits.level * by_level
    least = np.where(strokes.bounces, limits.rarest_bounce, limits.rarest)
    return np.where(at >= 0, odds - log_odds(least), np.inf)


def _voices_of_strokes(strokes: Strokes, sure: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Return the hits of each stroke of several, without grace notes and hits of low confidence."""
    main = np.flatnonzero(~strokes.graces & sure)
    main = main[np.argsort(strokes.of_hits[main], kind="stable")]
    starts = np.flatnonzero(np.diff(strokes.of_hits[main], prepend=-1))
    return [group for group in np.split(main, starts[1:]) if len(group) > 1]


def _usual_ms(hits: Hits, groups: list[NDArray[np.int64]], rate_hz: int) -> float:
    """Return the usual distance between the voices of a stroke."""
    spreads = [np.ptp(hits.onsets_samples[group]) for group in groups]
    return float(np.median(spreads)) / rate_hz * 1000.0 if spreads else 0.0


def _goals(taken: NDArray[np.int64], lines: Lines, expected: Curve) -> Floats:
    """Return where each stroke would be by its line and the push and pull, NaN where it has none."""
    goals = np.full(len(taken), np.nan)
    placed = taken >= 0
    goals[placed] = lines.positions_samples[taken[placed]]
    goals[placed] += expected.at(goals[placed])
    return goals


def _faulty(
    times_ms: Floats,
    goal_ms: float,
    jitter_ms: float,
    told: NDArray[np.bool_],
    too_many: Floats,
    apart_ms: float,
    limits: FlamLimits,
) -> NDArray[np.bool_]:
    """Return whether each voice of a stroke is separate from it.

    Where it parts, those that are near each other are the stroke, and the others are at fault or hits too
    many: as few and as near the goal as may be.
    """
    if told.any() and not told.all():
        far = np.abs(times_ms[told] - times_ms[~told].min()).max()
        return told if far >= limits.told_ms else np.zeros(len(times_ms), np.bool_)
    order = np.argsort(times_ms)
    parts = np.empty(len(order), np.int64)
    parts[order] = np.cumsum(np.diff(times_ms[order], prepend=-np.inf) >= apart_ms)
    costs = [
        _cost(times_ms, parts == part, goal_ms, jitter_ms, too_many, limits)
        for part in range(1, parts.max() + 1)
    ]
    apart: NDArray[np.bool_] = parts != 1 + int(np.argmin(costs))
    return apart


def _cost(
    times_ms: Floats,
    sound: NDArray[np.bool_],
    goal_ms: float,
    jitter_ms: float,
    too_many: Floats,
    limits: FlamLimits,
) -> float:
    """Return how unlikely it is that these are the stroke: so far off the goal, and the others apart."""
    off = 0.0 if np.isnan(goal_ms) else (float(times_ms[sound].mean()) - goal_ms) / jitter_ms
    early = ~sound & (times_ms < times_ms[sound].min())
    apart = limits.fault_cost + limits.early_cost * early + np.minimum(too_many, 0.0)
    # Beyond some deviations the whole stroke strayed, and one further off is hardly less likely.
    return float(apart[~sound].sum()) + min(0.5 * off**2, 4.0 + abs(off) / 4.0)
