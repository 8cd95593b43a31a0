"""The moves of an editor: how far strokes were off the lines of a grid, before and after the edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import TimingError
from engine.document.analysis import BeatGrid
from engine.document.grid.edits import beats_in_bar
from engine.features.timing.alignment.decoding.decoder import place
from engine.features.timing.alignment.fitting import phrase
from engine.features.timing.alignment.learning.copies import Copies
from engine.features.timing.alignment.lines import PARTS, Division, beats_at, lines_of
from engine.features.timing.alignment.strokes import CARRIERS, Strokes, carrying_voices, chosen

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_FEWEST_ON_BEATS = 8
_STEADY_S = 0.03
_NO_BEATS = "Too few hits are on the detected beats: give the tempo with --bpm, or a click."
_UNIFORM = 0.25
_AS_WELL = 1.1


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Strokes that are in a recording and in the file edited from it, a row for each, and voices apart.

    Attributes
    ----------
    before_ms, after_ms : float64, shape (n,), how late each is on its line
    lines : int64, shape (n,), the line of the bar, from the downbeat
    carriers : int64, shape (n,), which of `engine.features.timing.alignment.strokes.CARRIERS` carries it
    drift_ms : float64, shape (n,), the player's push and pull there, before the edit
    apart_ms, apart_after_ms : float64, shape (k,), how far voices that came apart are from their strokes
    beat_ms : float64, shape (n,), how long a beat lasts there
    """

    before_ms: Floats
    after_ms: Floats
    lines: Rows
    carriers: Rows
    drift_ms: Floats
    apart_ms: Floats
    apart_after_ms: Floats
    beat_ms: Floats


def together(every: Sequence[Moves]) -> Moves:
    """Return the moves of several pairs as one."""
    return Moves(
        **{field.name: np.concatenate([getattr(one, field.name) for one in every]) for field in fields(Moves)}
    )


def moves_of(
    strokes: Strokes, copies: Copies, apart: tuple[Floats, Floats], grid: BeatGrid, division: Division
) -> Moves:
    """Return the moves of the strokes that were found, against a grid of the edited file.

    Parameters
    ----------
    apart : shape (k,) each, how far voices that came apart are from their strokes, before and after the edit
    """
    rate_hz, found = strokes.rate_hz, copies.found
    lines = lines_of(grid, division, rate_hz)
    rows = np.flatnonzero(found)
    taken = np.full(len(found), -1)
    after = replace(strokes, onsets_samples=copies.edited_samples)
    taken[rows] = place(chosen(after, found), lines).lines
    rows = _carried(rows[taken[rows] >= 0], taken, carrying_voices(strokes))
    before = replace(strokes, onsets_samples=copies.unmoved_samples)
    drift = phrase(before, taken, lines).at(copies.unmoved_samples[rows])
    positions, per_ms = lines.positions_samples[taken[rows]], rate_hz / 1000.0
    parts, bar = division.parts, beats_in_bar(grid)
    beats = np.rint(lines.beats[taken[rows]] * parts).astype(np.int64)
    first = int(grid.bar_positions[0]) - 1 if len(grid.bar_positions) else 0
    return Moves(
        before_ms=(copies.unmoved_samples[rows] - positions) / per_ms,
        after_ms=(copies.edited_samples[rows] - positions) / per_ms,
        lines=(beats + first * parts) % (bar * parts),
        carriers=carrying_voices(strokes)[rows],
        drift_ms=drift / per_ms,
        apart_ms=apart[0],
        apart_after_ms=apart[1],
        beat_ms=np.full(len(rows), 60_000.0 / grid.tempo_bpm),
    )


def _carried(rows: Rows, taken: Rows, carriers: Rows) -> Rows:
    """Return one stroke of each line, that whose drum carries the others: they move as one."""
    rank = np.where(carriers[rows] >= 0, carriers[rows], len(CARRIERS))
    order = rows[np.lexsort((rank, taken[rows]))]
    _, first = np.unique(taken[order], return_index=True)
    return order[first]


def likely_division(played: Sequence[tuple[Floats, BeatGrid, int]]) -> Division:
    """Return the division that the strokes of edited files follow.

    Of each division the deviations from its lines are compared with those of strokes anywhere; the usual
    swing and lateness of a line do not count. Of divisions that fit about as well, the coarsest counts.

    Parameters
    ----------
    played : of each file the onsets of its strokes, its grid, and its rate
    """
    scores: Mapping[str, float] = {name: _misfit(played, Division(name)) for name in PARTS if name != "1/4"}
    fitting = [name for name, score in scores.items() if score <= _AS_WELL * min(scores.values())]
    return Division(min(fitting, key=lambda name: PARTS[name]))


def _misfit(played: Sequence[tuple[Floats, BeatGrid, int]], division: Division) -> float:
    """Return the deviations of strokes from the lines, 1 if they are uniform."""
    off, lines = [], []
    for onsets, grid, rate_hz in played:
        turns = beats_at(grid, onsets, rate_hz) * division.parts
        nearest = np.rint(turns)
        off.append(turns - nearest)
        lines.append(nearest.astype(np.int64) % division.parts)
    away, line = np.concatenate(off), np.concatenate(lines)
    for one in np.unique(line).tolist():
        away[line == one] -= np.median(away[line == one])
    # Absolute deviations: voices that stayed apart from their strokes are anywhere, and few.
    return float(np.mean(np.abs(away))) / _UNIFORM if len(away) else 1.0


def steadied(grid: BeatGrid, onsets_samples: Floats, rate_hz: int) -> BeatGrid:
    """Return the even grid of an edited file, where its detected beats are about even; else as it is.

    The strokes on beats are more exact than detected beats.

    Raises
    ------
    TimingError : too few strokes are near beats
    """
    if len(grid.beats_samples) < 2:
        raise TimingError(_NO_BEATS)
    beats = grid.beats_samples.astype(np.float64)
    numbers = np.arange(len(beats), dtype=np.float64)
    period, start = _line_through(numbers, beats)
    if np.quantile(np.abs(beats - (start + period * numbers)), 0.9) > _STEADY_S * rate_hz:
        return grid
    for share in (0.2, 0.1, 0.1):
        at = (onsets_samples - start) / period
        near = np.abs(at - np.rint(at)) < share
        if np.count_nonzero(near) < _FEWEST_ON_BEATS:
            raise TimingError(_NO_BEATS)
        period, start = _line_through(np.rint(at[near]), onsets_samples[near])
    even = np.rint(start + period * numbers).astype(np.int64)
    return replace(grid, beats_samples=even, tempo_bpm=60.0 * rate_hz / period)


def _line_through(numbers: Floats, positions: Floats) -> tuple[float, float]:
    """Return slope and start of a line through points, strays weighed down."""
    weights = np.ones(len(numbers))
    slope, start = 1.0, 0.0
    for _ in range(10):
        slope, start = np.polyfit(numbers, positions, 1, w=np.sqrt(weights))
        away = np.abs(positions - (start + slope * numbers))
        weights = 1.0 / np.maximum(away, max(1.0, float(np.median(away))))
    return float(slope), float(start)
