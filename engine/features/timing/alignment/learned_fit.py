"""The taste of an editor of drum timing, fitted to moves.

A stroke that is moved goes a share of its way, the strength, to a goal: its line, later by an offset of that
line of the bar and an offset of the drum that carries the stroke. That is linear regression of the distances
moved, with strays weighed down (the biweight of Beaton and Tukey 1974). A small L1 penalty
(Tibshirani 1996) attributes offsets that lines and drums could both explain to the fewer of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import TimingError
from engine.core.wording import counted
from engine.document.analysis import Role
from engine.features.timing.alignment.edited_moves import Moves
from engine.features.timing.alignment.strokes import CARRIERS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STILL_MS = 0.5
"""Hits moved by less are where they were."""
_FEWEST_STROKES, _FEWEST_MOVED = 24, 12
_OF_A_LINE, _OF_A_DRUM, _OF_A_LIMIT = 4, 8, 5
_SHIFTED_AS_ONE_MS = 0.3
_UNEXPLAINED_SHARE, _UNEXPLAINED_MS = 0.5, 3.0
_LARGEST_ERROR = 0.1
_LEAST_STRENGTH = 0.05
_LEAST_DRIFT_MS = 3.0
_KEEPS, _KEEPS_NOT = 0.7, 0.3
_LIMIT_MISTAKES = 0.2
_ON_GOAL_MS = 2.0
_FIXED, _LEFT = 0.5, 0.8
_LINE_COSTS, _DRUM_COSTS = 1.0, 1.5
"""A drum that is late on two lines is a late drum; a line on which two drums are late is a late line."""
_SPREADS_MS = np.concatenate([np.geomspace(20.0, 0.3, 40), np.full(20, 0.3)])
"""Lower limits of the spread of strays, which are distinguished from the others step by step."""
_LEAST_OFFSET = 0.15
_DISAGREE_MS = 3.0
"""Largest standard error of an offset that is stored."""
_POLISHED = 4


@dataclass(frozen=True, slots=True)
class Learned:
    """A value, the number of hits that show it, and its standard error where it has one."""

    value: float
    hits: int
    error: float | None = None


@dataclass(frozen=True, slots=True)
class TimingTaste:
    """The taste of an editor, without the values that the moves do not show.

    Attributes
    ----------
    lines_beats : offset of each line of the bar in beats, later than even; None for lines with too few hits
    line_hits : how many moved hits show the offset of each line
    drums_ms : how much later strokes belong that this drum carries; drums with enough hits, without those
        that define the lines
    strength : 0 to 1, how much of the way to its goal a hit goes
    least_ms : hits that are off by less stay
    most_ms : hits that are off by more stay
    own_feel : 1 if the player's push and pull stays, 0 if not
    fix_flams : 1 if voices that came apart from their strokes are joined again, 0 if not
    hits, moved : how many hits were compared, and how many of them were moved
    largest_ms : the largest distance moved
    unexplained_ms : median distance between a move and the one expected
    """

    lines_beats: tuple[float | None, ...]
    line_hits: tuple[int, ...]
    drums_ms: Mapping[Role, Learned]
    strength: Learned | None
    least_ms: Learned | None
    most_ms: Learned | None
    own_feel: Learned | None
    fix_flams: Learned | None
    hits: int
    moved: int
    largest_ms: float
    unexplained_ms: float


def fit_taste(moves: Moves, lines_in_bar: int) -> TimingTaste:
    """Fit the taste of an editor.

    Parameters
    ----------
    lines_in_bar : how many lines a bar has

    Raises
    ------
    TimingError : too few hits were moved, all by the same distance, or not towards a grid
    """
    shifts = moves.after_ms - moves.before_ms
    moved = np.abs(shifts) > STILL_MS
    require_moves(shifts)
    drift = _keeps_drift(moves, shifts, moved, lines_in_bar)
    carried_ms = moves.drift_ms if drift is not None and drift.value else np.zeros(len(shifts))
    before = moves.before_ms - carried_ms
    fitted = _fitted(before, shifts, moves, moved, lines_in_bar)
    wanted = shifts[moved]
    usual = float(np.median(np.abs(wanted - np.median(wanted))))
    left = float(np.median(np.abs(fitted.left_ms[moved])))
    if fitted.strength < _LEAST_STRENGTH or left > max(_UNEXPLAINED_SHARE * usual, _UNEXPLAINED_MS):
        raise TimingError(
            "The hits were not moved towards these beats: give the tempo of the edited file with --bpm and "
            "--start-s, or its click."
        )
    away = np.abs(fitted.goals_ms - before)
    line_hits = _shown_by(fitted, moves.lines, moved, lines_in_bar)
    drum_hits = _shown_by(fitted, moves.carriers, moved, len(CARRIERS))
    return TimingTaste(
        lines_beats=tuple(
            float(one / np.median(moves.beat_ms)) if count >= _OF_A_LINE else None
            for one, count in zip(fitted.lines_ms, line_hits.tolist(), strict=True)
        ),
        line_hits=tuple(line_hits.tolist()),
        drums_ms={
            role: Learned(float(one), count)
            for role, one, count in zip(CARRIERS, fitted.drums_ms, drum_hits.tolist(), strict=True)
            if count >= _OF_A_DRUM and CARRIERS.index(role) not in _timekeepers(moves)
        },
        strength=_strength(fitted, int(moved.sum())),
        least_ms=_least(away, moved),
        most_ms=_most(away, moved),
        own_feel=drift,
        fix_flams=_flams(moves),
        hits=len(shifts),
        moved=int(moved.sum()),
        largest_ms=float(np.abs(shifts[moved]).max()),
        unexplained_ms=float(np.median(np.abs(fitted.left_ms[moved]))),
    )


def _shown_by(fitted: _Fitted, of: NDArray[np.int64], moved: Flags, count: int) -> NDArray[np.int64]:
    """Return how many moved hits show the offset of each line or drum; 0 where they disagree.

    Parameters
    ----------
    of : shape (n,), the line or the drum of each hit
    """
    hits = np.zeros(count, np.int64)
    for one in range(count):
        left = fitted.left_ms[moved & (of == one)]
        if len(left):
            error = 1.2533 * 1.4826 * float(np.median(np.abs(left - np.median(left)))) / np.sqrt(len(left))
            hits[one] = len(left) if error <= _DISAGREE_MS else 0
    return hits


def require_moves(shifts_ms: Floats) -> None:
    """Refuse moves that are too few to learn from, or no moves of single hits.

    Parameters
    ----------
    shifts_ms : shape (n,), how far each hit was moved

    Raises
    ------
    TimingError : there is nothing to learn
    """
    moved = np.abs(shifts_ms) > STILL_MS
    if len(shifts_ms) < _FEWEST_STROKES:
        raise TimingError(
            f"Only {counted(len(shifts_ms), 'hit')} could be compared, and it takes {_FEWEST_STROKES} to "
            "learn from: give a longer passage."
        )
    count = int(moved.sum())
    if count == 0:
        raise TimingError(
            "The edited file plays every hit where the recording does: there is nothing to learn."
        )
    if count < _FEWEST_MOVED:
        raise TimingError(
            f"Only {counted(count, 'hit')} of {len(shifts_ms):,} were moved, and it takes {_FEWEST_MOVED} to "
            "learn from: give a longer passage."
        )
    if np.quantile(np.abs(shifts_ms - np.median(shifts_ms)), 0.9) < _SHIFTED_AS_ONE_MS:
        raise TimingError(
            f"All hits were moved by the same {np.median(shifts_ms):.1f} ms: "
            "give a file in which single hits were moved."
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A regression: goals are offsets from lines; residuals are those of all strokes, shape (n,)."""

    strength: float
    error: float
    lines_ms: Floats
    drums_ms: Floats
    goals_ms: Floats
    left_ms: Floats
    drift: float = 0.0


def _fitted(
    before: Floats, shifts: Floats, moves: Moves, moved: Flags, lines: int, drift_ms: Floats | None = None
) -> _Fitted:
    """Fit the distances moved, by iterated weighted least squares.

    Parameters
    ----------
    drift_ms : push and pull, shape (n,); a share of it belongs to the goal
    """
    columns = [
        -before[:, None],
        (moves.lines[:, None] == np.arange(lines)) * (moves.beat_ms / np.median(moves.beat_ms))[:, None],
        moves.carriers[:, None] == np.arange(len(CARRIERS)),
        np.zeros((len(before), 1)) if drift_ms is None else drift_ms[:, None],
    ]
    design = np.hstack([column.astype(np.float64) for column in columns])
    own, wanted = design[moved], shifts[moved]
    prices = np.repeat([0.0, _LINE_COSTS, _DRUM_COSTS, 0.0], [1, lines, len(CARRIERS), 1])
    prices[[1 + lines + row for row in _timekeepers(moves)]] = np.inf
    found, error = _regressed(own, wanted, prices)
    found = _medians(own, wanted, found, np.isfinite(prices) & (prices > 0.0))
    strength = float(found[0])
    offsets = found[1:].astype(np.float64) / max(strength, _LEAST_STRENGTH)
    return _Fitted(
        strength,
        error,
        offsets[:lines],
        offsets[lines:-1],
        design[:, 1:] @ offsets,
        shifts - design @ found,
        float(offsets[-1]),
    )


def _regressed(design: Floats, wanted: Floats, prices: Floats) -> tuple[Floats, float]:
    """Return the coefficients that most rows agree on, and the standard error of the first.

    Strays and coefficients of 0 are found step by step (iterated weighted squares).

    Parameters
    ----------
    prices : of the size of each coefficient; it is 0 where that is infinite
    """
    weights, priced = np.ones(len(wanted)), np.ones(design.shape[1])
    for least_ms in _SPREADS_MS:
        penalty = np.where(prices == 0.0, 1e-9, np.where(np.isinf(prices), 1e9, priced))
        normal = design.T @ (design * weights[:, None]) + np.diag(penalty)
        found: Floats = np.linalg.solve(normal, design.T @ (weights * wanted)).astype(np.float64)
        left = np.abs(wanted - design @ found)
        weights = _biweight(left / max(1.4826 * float(np.median(left)), least_ms))
        priced = np.minimum(prices, 1e9) / np.maximum(np.abs(found), _LEAST_OFFSET * least_ms)
    freedom = max(1.0, float(weights.sum()) - np.count_nonzero(np.abs(found) > _LEAST_OFFSET))
    variance = float(np.sum(weights * left**2)) / freedom
    return found, float(np.sqrt(variance * np.linalg.inv(normal)[0, 0]))


def _medians(design: Floats, wanted: Floats, found: Floats, columns: Flags) -> Floats:
    """Return the coefficients with each offset at the median of its own rows (median polish, Tukey 1977).

    A line whose few hits the regression took for strays has its offset, too.
    """
    found = found.copy()
    for _ in range(_POLISHED):
        for column in np.flatnonzero(columns):
            rows = design[:, column] != 0.0
            if np.any(rows):
                left = wanted[rows] - design[rows] @ found
                found[column] += float(np.median(left / design[rows, column]))
    return found


def _timekeepers(moves: Moves) -> list[int]:
    """Return the drums that define the lines: hi-hat and cymbals. The others are early or late.

    Where they carry too few strokes, the kick does.
    """
    hands = [CARRIERS.index(Role.HAT), CARRIERS.index(Role.CYMBAL)]
    has_enough = np.count_nonzero(np.isin(moves.carriers, hands)) >= _OF_A_DRUM
    return hands if has_enough else [CARRIERS.index(Role.KICK)]


def _biweight(strays: Floats) -> Floats:
    return np.clip(1.0 - (strays / 4.685) ** 2, 1e-6, 1.0) ** 2


def _keeps_drift(moves: Moves, shifts: Floats, moved: Flags, lines: int) -> Learned | None:
    """Return whether the editor left the player's push and pull; None if that is not clear."""
    if np.std(moves.drift_ms[moved]) < _LEAST_DRIFT_MS:
        return None
    share = _fitted(moves.before_ms, shifts, moves, moved, lines, moves.drift_ms).drift
    count = int(moved.sum())
    if share >= _KEEPS:
        return Learned(1.0, count)
    return Learned(0.0, count) if share <= _KEEPS_NOT else None


def _strength(fitted: _Fitted, moved: int) -> Learned | None:
    if fitted.error > _LARGEST_ERROR or fitted.strength > 1.0 + 2.0 * max(fitted.error, 0.02):
        return None
    return Learned(min(1.0, fitted.strength), moved, fitted.error)


def _least(away: Floats, moved: Flags) -> Learned | None:
    """Return the distance below which strokes were left, from the threshold with the fewest exceptions."""
    stayed = np.flatnonzero(~moved)
    if len(stayed) < _OF_A_LIMIT:
        near = int(np.count_nonzero(moved & (away < _ON_GOAL_MS)))
        return Learned(0.0, near) if near >= _OF_A_LIMIT else None
    order = np.argsort(away)
    inside = np.concatenate([[0], np.cumsum(np.where(moved[order], -1, 1))])
    last = int(inside.argmax())
    within = order[:last]
    count = int(np.count_nonzero(~moved[within]))
    if count < _OF_A_LIMIT or np.count_nonzero(moved[within]) > _LIMIT_MISTAKES * len(within):
        return None
    limit = float(away[order[last - 1]])
    if last < len(order):
        limit = (limit + float(away[order[last]])) / 2.0
    wrong = np.count_nonzero(~moved & (away > limit) & (away < 2.0 * limit))
    if wrong > _LIMIT_MISTAKES * count:
        return None
    return Learned(limit if limit > STILL_MS else 0.0, count)


def _most(away: Floats, moved: Flags) -> Learned | None:
    """Return the distance above which strokes were left; None if no such strokes are there."""
    reached = float(np.quantile(away[moved], 0.99))
    beyond = ~moved & (away > reached)
    count = int(beyond.sum())
    if count < _OF_A_LIMIT or np.count_nonzero(moved & (away > away[beyond].min())) > _LIMIT_MISTAKES * count:
        return None
    return Learned((reached + float(away[beyond].min())) / 2.0, count)


def _flams(moves: Moves) -> Learned | None:
    """Return whether voices that came apart from their strokes were joined with them."""
    count = len(moves.apart_ms)
    if count < _OF_A_LINE:
        return None
    share = float(np.median(np.abs(moves.apart_after_ms / moves.apart_ms)))
    if share <= _FIXED:
        return Learned(1.0, count)
    return Learned(0.0, count) if share >= _LEFT else None
