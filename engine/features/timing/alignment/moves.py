"""How far each hit is moved, once the line of its stroke is known, and the ways of alignment by name.

In a faulty flam the voices of one stroke came apart by mistake; the one at fault is moved to the others.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import ORNAMENTS, Hits, Ornament
from engine.features.timing.alignment.decoder import BELIEFS, Beliefs, StrokeLines, place
from engine.features.timing.alignment.fitting import Curve, drum_pulls, phrase, quantized_playing
from engine.features.timing.alignment.groove import lines_in_bar, log_odds, repeated
from engine.features.timing.alignment.lines import Aligner, Lines, Placement
from engine.features.timing.alignment.settings import ALL, ON_THE_LINE_SAMPLES, AlignmentSettings
from engine.features.timing.alignment.strokes import (
    CARRIERS,
    VOICES,
    Strokes,
    at_carriers,
    carrying_hits,
    carrying_voices,
    gather,
    leading_voices,
    timed_by,
    voice_of,
)

Floats = NDArray[np.float64]


_LATE = ORNAMENTS.index(Ornament.LATE_VOICE)


@dataclass(frozen=True, slots=True)
class FlamLimits:
    """Limits at which voices of a stroke are separate.

    Attributes
    ----------
    apart_ms : the least distance that is a fault
    usual : as often the usual distance of the voices of this drummer
    marked_ms : minimum distance if the hits are already marked as faults
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
    marked_ms: float = 4.0
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


def joined_flams(strokes: Strokes, taken: NDArray[np.int64]) -> tuple[Strokes, NDArray[np.int64]]:
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


def find_flams(
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
    spreads = [np.ptp(hits.onsets_samples[group]) for group in groups]
    usual_ms = float(np.median(spreads)) / strokes.rate_hz * 1000.0 if spreads else 0.0
    apart_ms = max(limits.apart_ms, limits.usual * usual_ms)
    too_many = _too_many(hits, strokes, taken, lines, limits)
    for group in groups:
        times_ms = hits.onsets_samples[group] / strokes.rate_hz * 1000.0
        marked = hits.ornaments[group] == _LATE
        goal_ms = goals[strokes.of_hits[group[0]]] / strokes.rate_hz * 1000.0
        faulty = _faulty(times_ms, goal_ms, jitter_ms, marked, too_many[group], apart_ms, limits)
        if faulty.any():
            away_ms = times_ms[faulty] - times_ms[~faulty].min()
            late[group[faulty]] = away_ms / 1000.0 * strokes.rate_hz
            strays[group[faulty & (too_many[group] < 0.0) & ~marked]] = True
    return Faults(np.where(strays, np.nan, late), strays)


def _too_many(
    hits: Hits, strokes: Strokes, taken: NDArray[np.int64], lines: Lines, limits: FlamLimits
) -> Floats:
    """Return by how many nats each hit, where it is apart, is a voice at fault rather than a hit too many."""
    count = len(hits.onsets_samples)
    if not len(lines.beats):
        return np.full(count, np.inf)
    at = taken[strokes.of_hits]
    repetition = repeated(strokes, lines, taken[:, None], np.ones((len(taken), 1)))
    row, voices = np.arange(count), np.array([voice_of(role) for role in hits.voices], np.int64)
    levels_db = np.full((count, len(VOICES)), -np.inf)
    levels_db[row, voices] = hits.strengths_db
    by_level = repetition.likelier_by_level(at, levels_db)[row, voices]
    odds = log_odds(repetition.likely)[at, voices] + limits.level * by_level
    least = np.where(strokes.bounces, limits.rarest_bounce, limits.rarest)
    return np.where(at >= 0, odds - log_odds(least), np.inf)


def _voices_of_strokes(strokes: Strokes, sure: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Return the hits of each stroke of several, without grace notes and hits of low confidence."""
    main = np.flatnonzero(~strokes.graces & sure)
    main = main[np.argsort(strokes.of_hits[main], kind="stable")]
    starts = np.flatnonzero(np.diff(strokes.of_hits[main], prepend=-1))
    return [group for group in np.split(main, starts[1:]) if len(group) > 1]


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
    marked: NDArray[np.bool_],
    too_many: Floats,
    apart_ms: float,
    limits: FlamLimits,
) -> NDArray[np.bool_]:
    """Return whether each voice of a stroke is separate from it.

    Where it parts, those that are near each other are the stroke, and the others are at fault or hits too
    many: as few and as near the goal as may be.
    """
    if marked.any() and not marked.all():
        far = np.abs(times_ms[marked] - times_ms[~marked].min()).max()
        return marked if far >= limits.marked_ms else np.zeros(len(times_ms), np.bool_)
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


_FORGOTTEN_S = 1.0
"""As far beyond the last stroke that is moved, one without a line is moved with it no more."""


def placed(
    hits: Hits,
    strokes: Strokes,
    taken: NDArray[np.int64],
    confidences: Floats,
    lines: Lines,
    settings: AlignmentSettings,
    played: Lines | None = None,
) -> Placement:
    """Return the new positions of hits for given lines of their strokes.

    Grace notes keep their distance to the main hit, strokes without a line that to their neighbours.

    Parameters
    ----------
    taken : shape (s,), the line of each stroke, ascending, -1 for none; those of one line become one stroke
    confidences : shape (s,)
    played : the same lines where the strokes are expected, if that is not where they go
    """
    strokes, first = joined_flams(strokes, taken)
    taken, confidences = taken[first], confidences[first]
    if settings.by_carriers:
        strokes = at_carriers(hits, strokes)
    curve = phrase(strokes, taken, lines)
    late = np.full(len(hits.onsets_samples), np.nan)
    quantized = quantized_playing(hits, lines)
    if settings.fix_flams and quantized is None:
        faults = find_flams(hits, strokes, taken, lines, curve)
        late = faults.late_samples
        eligible = ~strokes.graces & ~faults.strays & np.isnan(late)
        if settings.by_carriers:
            eligible = carrying_hits(hits, strokes.of_hits, eligible)
        strokes = timed_by(hits, strokes, eligible)
    shifts = _shifts(strokes, leading_voices(hits, strokes), taken, lines, curve, settings, played or lines)
    if quantized is not None:
        shifts = np.where(quantized.moves(strokes.of_hits, strokes.graces), shifts, 0.0)
    moved = shifts[strokes.of_hits] - np.nan_to_num(late)
    return Placement(
        lines=taken[strokes.of_hits],
        targets_samples=np.where(moved == 0.0, hits.onsets_samples, hits.onsets_samples + moved),
        flams_samples=late,
        confidences=confidences[strokes.of_hits],
    )


def _shifts(
    strokes: Strokes,
    leads: NDArray[np.int64],
    taken: NDArray[np.int64],
    lines: Lines,
    curve: Curve,
    settings: AlignmentSettings,
    played: Lines,
) -> Floats:
    """Return the shift of each stroke in samples; exactly 0 if it stays.

    It stays if its deviation is within the uncertainty of its onset.
    """
    onsets = strokes.onsets_samples
    goals = np.where(taken >= 0, lines.positions_samples[taken], onsets) if len(lines.beats) else onsets
    # Each drum has a place of its own, later than the line.
    late_ms = np.array([*(settings.drums_ms.get(role, 0.0) for role in CARRIERS), 0.0])
    late: Floats = late_ms[carrying_voices(strokes)] * lines.rate_hz / 1000.0
    goals = np.where(taken >= 0, goals + late, goals)
    if settings.own_feel:
        goals = np.where(taken >= 0, goals + curve.at(onsets), goals)
    if settings.drum_feel:
        goals = np.where(taken >= 0, goals + drum_pulls(leads, onsets - goals, taken >= 0), goals)
    away = goals - onsets
    per_ms = lines.rate_hz / 1000.0
    near = np.maximum(max(ON_THE_LINE_SAMPLES, settings.exclude_within_ms * per_ms), strokes.unsure_samples)
    out_of_range = (np.abs(away) < settings.least_ms * per_ms) | (np.abs(away) > settings.most_ms * per_ms)
    stays = (np.abs(away) <= near) | out_of_range | _unmoved(strokes, taken, lines, settings)
    stays |= _lines_off(onsets, taken, played) > settings.most_lines
    shifts = np.where(stays, 0.0, away * settings.strength)
    free = taken < 0
    shifts[free] = _with_neighbours(onsets[free], onsets[~free], shifts[~free], lines.rate_hz)
    return shifts


def _lines_off(onsets: Floats, taken: NDArray[np.int64], played: Lines) -> Floats:
    """Return how far strokes are off their lines, shape (s,), in distances between lines; 0 without one."""
    if not len(played.beats):
        return np.zeros(len(onsets))
    places = np.interp(onsets, played.positions_samples, np.arange(len(played.beats), dtype=np.float64))
    return np.where(taken >= 0, np.abs(places - taken), 0.0)


def _with_neighbours(positions: Floats, onsets: Floats, shifts: Floats, rate_hz: int) -> Floats:
    if len(onsets) == 0:
        return np.zeros(len(positions))
    beyond = _FORGOTTEN_S * rate_hz
    order = np.argsort(onsets, kind="stable")  # drums that carry neighbours may overtake each other
    onsets, shifts = onsets[order], shifts[order]
    times = np.concatenate([[onsets[0] - beyond], onsets, [onsets[-1] + beyond]])
    found: Floats = np.interp(positions, times, np.concatenate([[0.0], shifts, [0.0]]))
    return found


def _unmoved(
    strokes: Strokes, taken: NDArray[np.int64], lines: Lines, settings: AlignmentSettings
) -> NDArray[np.bool_]:
    """Return whether the user leaves each stroke unchanged."""
    unmoved = np.zeros(len(taken), np.bool_)
    if settings.kept_voices:
        retained = np.array([voice in settings.kept_voices for voice in VOICES])
        unmoved |= strokes.voices.any(1) & ~(strokes.voices & ~retained).any(1)
    if settings.kept_bars and len(lines.beats):
        bars, _ = lines_in_bar(lines)
        unmoved |= (taken >= 0) & np.isin(bars[taken], list(settings.kept_bars))
    return unmoved


def whole_performance(
    settings: AlignmentSettings = ALL, beliefs: Beliefs = BELIEFS, played: Lines | None = None
) -> Aligner:
    """Return the aligner that decodes over the whole performance, without anything learned.

    Parameters
    ----------
    played : the same lines where the strokes are expected, if that is not where they go
    """

    def align(hits: Hits, lines: Lines) -> Placement:
        strokes = gather(hits, lines.rate_hz)
        found = _belonging(strokes, played or lines, beliefs)
        return placed(hits, strokes, found.lines, found.confidences, lines, settings, played)

    return align


_latest: tuple[Strokes, Lines, Beliefs, StrokeLines] | None = None


def _belonging(strokes: Strokes, lines: Lines, beliefs: Beliefs) -> StrokeLines:
    """Return the line of each stroke.

    Sliders change the distance and selection of moves again and again, which do not affect the lines: for the
    same strokes and lines as last time the result is cached.
    """
    global _latest
    known = _latest
    if known is None or known[2] != beliefs or not (_same(known[0], strokes) and _same(known[1], lines)):
        _latest = known = strokes, lines, beliefs, place(strokes, lines, beliefs)
    return known[3]


def _same(one: Strokes | Lines, other: Strokes | Lines) -> bool:
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
