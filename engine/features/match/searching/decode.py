"""Which line an edited file follows at each moment, or none: the likeliest way; every jump has its price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.viterbi import stay_or_jump, traced
from engine.core.processes.side_by_side import side_by_side
from engine.core.progress import Progress
from engine.features.match.searching.diagonals import Diagonal
from engine.features.match.searching.features import RATE_HZ, Floats
from engine.features.match.searching.likelihood import STEP_SAMPLES, log_likelihoods, looked_at

UNKNOWN = -1
SEARCHED_RATIO = 18.0
"""Nats a step: below it a moment is like none of many lines; their best has half of it by chance."""

FOLLOWED_RATIO = 9.0
"""The same of lines that were followed before; one line reaches half of it by chance."""

_JUMP = 70.0
_BLOCK_STEPS = 32
_REACH_SAMPLES = 1.2 * RATE_HZ
_MOST_LINES = 8
_LOOK_STEPS = 6
_LOOK_SAMPLES = 0.37 * RATE_HZ
_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class Stay:
    """A span of steps, [start, stop), on one line; `line` is its number or `UNKNOWN`."""

    line: int
    start: int
    stop: int


def decode(
    raws: Sequence[Floats],
    edited: Floats,
    lines: Sequence[Diagonal],
    progress: Progress,
    unknown_ratio: float = SEARCHED_RATIO,
) -> list[Stay]:
    """Return where the likeliest way stays on which line (A. J. Viterbi, 1967)."""
    steps = len(edited) // STEP_SAMPLES + 1
    starts = np.array([line.start for line in lines]) - _REACH_SAMPLES
    stops = np.array([line.stop for line in lines]) + _REACH_SAMPLES
    seen = _seen(raws, edited, lines)
    scores = seen.best(0.0, float(len(edited)), len(lines))

    def likely(first: int) -> _Likely:
        """Return how likely the lines are in a block that are best there or anywhere."""
        progress.check_cancelled()
        progress.report(first / steps, "Following")
        count = min(_BLOCK_STEPS, steps - first)
        begin, end = first * STEP_SAMPLES, (first + count) * STEP_SAMPLES
        near = np.flatnonzero((starts <= end) & (stops >= begin))
        here = seen.best(begin - _LOOK_SAMPLES / 2, end + _LOOK_SAMPLES / 2, len(lines))
        best_here, best_anywhere = (
            near[np.argsort(-by[near], kind="stable")][:_MOST_LINES].tolist() for by in (here, scores)
        )
        return ratios_of([*dict.fromkeys([*best_here, *best_anywhere])], first, count)

    def ratios_of(some: list[int], first: int, count: int) -> _Likely:
        if not some:
            return _Likely(first, [], np.zeros((count, 0)))
        these = [lines[one] for one in some]
        return _Likely(first, some, log_likelihoods(raws, edited, these, first, count, unknown_ratio))

    rows: list[tuple[list[int], NDArray[np.int64]]] = []
    states, totals = [UNKNOWN], np.zeros(1)
    kept: list[int] = []
    for best in side_by_side(likely, range(0, steps, _BLOCK_STEPS)):
        missing = [one for one in kept if one not in best.lines]
        also = ratios_of(missing, best.first, len(best.ratios))
        active = [*dict.fromkeys([*kept, *best.lines])]
        ratios = np.full((len(best.ratios), len(active) + 1), unknown_ratio)
        column = {line: number for number, line in enumerate(active)}
        for one in (best, also):
            ratios[:, [column[line] for line in one.lines]] = one.ratios
        now = [*active, UNKNOWN]
        same = np.array([states.index(line) if line in states else -1 for line in now])
        came_from, totals = stay_or_jump(totals - totals.max(), same, ratios, _JUMP)
        rows += [(now, row) for row in came_from]
        states = now
        kept = _alive(active, ratios, unknown_ratio)
    return _way(rows, totals)


@dataclass(frozen=True, slots=True, eq=False)
class _Likely:
    """How likely some lines are in a block of steps that begins at `first`: nats, shape (steps, lines)."""

    first: int
    lines: list[int]
    ratios: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """How likely lines are where they were seen, one look a row, in the order of time.

    Attributes
    ----------
    at : the middle of the look, in samples
    line, ratio : its number, and its log-likelihood ratio in nats a step
    """

    at: NDArray[np.float64]
    line: NDArray[np.int64]
    ratio: NDArray[np.float64]

    def best(self, start: float, stop: float, lines: int) -> NDArray[np.float64]:
        """Return the highest ratio of each line within a span, 0 where it was not seen there."""
        rows = slice(*np.searchsorted(self.at, [start, stop]))
        found = np.zeros(lines)
        np.maximum.at(found, self.line[rows], self.ratio[rows])
        return found


def _seen(raws: Sequence[Floats], edited: Floats, lines: Sequence[Diagonal]) -> _Seen:
    """Look at each line at some places of its own."""
    starts, stops = (np.array([getattr(line, end) for line in lines]) for end in ("start", "stop"))
    middles = np.arange(_LOOK_SAMPLES / 2, len(edited), _LOOK_SAMPLES)
    which = [np.flatnonzero((starts <= middle) & (stops > middle)) for middle in middles]
    at = np.repeat(middles, [len(some) for some in which])
    line = np.concatenate([*which, np.zeros(0, np.int64)])
    firsts = np.round(at / STEP_SAMPLES).astype(np.int64) - _LOOK_STEPS // 2

    def ratios(some: slice) -> NDArray[np.float64]:
        these = [lines[one] for one in line[some].tolist()]
        found: NDArray[np.float64] = looked_at(raws, edited, these, firsts[some], _LOOK_STEPS).mean(axis=1)
        return found

    parts = [slice(begin, begin + _TOGETHER) for begin in range(0, len(line), _TOGETHER)]
    return _Seen(at, line, np.concatenate([np.zeros(0), *side_by_side(ratios, parts)]))


def _alive(active: list[int], ratios: NDArray[np.float64], unknown_ratio: float) -> list[int]:
    """Return the lines that go on into the next block: those that explain the end of this one."""
    if not active:
        return []
    tail = ratios[-8:].mean(axis=0)
    floor = max(unknown_ratio, 0.4 * float(tail[:-1].max()))
    good = [(-tail[number], one) for number, one in enumerate(active) if tail[number] > floor]
    return [one for _, one in sorted(good)[:4]]


def _way(rows: list[tuple[list[int], NDArray[np.int64]]], totals: NDArray[np.float64]) -> list[Stay]:
    states = traced([row for _, row in rows], int(totals.argmax()))[1:]
    way = np.array([lines[state] for (lines, _), state in zip(rows, states, strict=True)])
    breaks = np.flatnonzero(np.diff(way)) + 1
    return [
        Stay(int(way[start]), int(start), int(stop))
        for start, stop in zip([0, *breaks], [*breaks, len(way)], strict=True)
        if stop > start
    ]
