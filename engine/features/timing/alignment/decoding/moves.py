"""How far each hit is moved, once it is known on which line its stroke belongs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.document.drums.hits import Hits
from engine.features.timing.alignment.decoding import flams
from engine.features.timing.alignment.decoding.groove import lines_in_bar
from engine.features.timing.alignment.placement import Lines, Placement
from engine.features.timing.alignment.push_pull import Curve, drum_pulls, phrase
from engine.features.timing.alignment.quantized import quantized_playing
from engine.features.timing.alignment.settings import ON_THE_LINE_SAMPLES, AlignmentSettings
from engine.features.timing.alignment.strokes import (
    CARRIERS,
    VOICES,
    Strokes,
    at_carriers,
    carrying_hits,
    carrying_voices,
    leading_voices,
    timed_by,
)

Floats = NDArray[np.float64]

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
    strokes, first = flams.joined(strokes, taken)
    taken, confidences = taken[first], confidences[first]
    if settings.by_carriers:
        strokes = at_carriers(hits, strokes)
    curve = phrase(strokes, taken, lines)
    late = np.full(len(hits.onsets_samples), np.nan)
    quantized = quantized_playing(hits, lines)
    if settings.fix_flams and quantized is None:
        faults = flams.find(hits, strokes, taken, lines, curve)
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
    goals = np.where(taken >= 0, goals + _drums_late(strokes, settings, lines.rate_hz), goals)
    if settings.own_feel:
        goals = np.where(taken >= 0, goals + curve.at(onsets), goals)
    if settings.drum_feel:
        goals = np.where(taken >= 0, goals + drum_pulls(leads, onsets - goals, taken >= 0), goals)
    away = goals - onsets
    per_ms = lines.rate_hz / 1000.0
    near = np.maximum(max(ON_THE_LINE_SAMPLES, settings.exclude_within_ms * per_ms), strokes.unsure_samples)
    out_of_range = (np.abs(away) < settings.least_ms * per_ms) | (np.abs(away) > settings.most_ms * per_ms)
    stays = (np.abs(away) <= near) | out_of_range | _kept(strokes, taken, lines, settings)
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
    off: Floats = np.where(taken >= 0, np.abs(places - taken), 0.0)
    return off


def _drums_late(strokes: Strokes, settings: AlignmentSettings, rate_hz: int) -> Floats:
    """Return how much later than its line each stroke belongs because of its drum, shape (s,)."""
    late_ms = np.array([*(settings.drums_ms.get(role, 0.0) for role in CARRIERS), 0.0])
    late: Floats = late_ms[carrying_voices(strokes)] * rate_hz / 1000.0
    return late


def _with_neighbours(positions: Floats, onsets: Floats, shifts: Floats, rate_hz: int) -> Floats:
    if len(onsets) == 0:
        return np.zeros(len(positions))
    beyond = _FORGOTTEN_S * rate_hz
    order = np.argsort(onsets, kind="stable")  # drums that carry neighbours may overtake each other
    onsets, shifts = onsets[order], shifts[order]
    times = np.concatenate([[onsets[0] - beyond], onsets, [onsets[-1] + beyond]])
    found: Floats = np.interp(positions, times, np.concatenate([[0.0], shifts, [0.0]]))
    return found


def _kept(
    strokes: Strokes, taken: NDArray[np.int64], lines: Lines, settings: AlignmentSettings
) -> NDArray[np.bool_]:
    """Return whether the user leaves each stroke unchanged."""
    kept = np.zeros(len(taken), np.bool_)
    if settings.kept_voices:
        asked = np.array([voice in settings.kept_voices for voice in VOICES])
        kept |= strokes.voices.any(1) & ~(strokes.voices & ~asked).any(1)
    if settings.kept_bars and len(lines.beats):
        bars, _ = lines_in_bar(lines)
        kept |= (taken >= 0) & np.isin(bars[taken], list(settings.kept_bars))
    return kept
