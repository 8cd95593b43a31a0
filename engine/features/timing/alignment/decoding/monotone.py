"""Dynamic programme: assigns strokes to lines, in order, at the least cost, with confidences.

Viterbi's algorithm over states of a stroke: on one of the lines near it, or on none with the last used line
remembered, so that lines are used in ascending order. The posterior comes from the forward and backward
recursions over the same costs (Rabiner, A tutorial on hidden Markov models, 1989).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.viterbi import cheapest_way

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """Costs of placing strokes, in nats; inf forbids.

    Attributes
    ----------
    lines : int64, shape (s, c), the lines near each stroke, ascending in a row, -1 for none; no
        row begins or ends before the row above it
    first : shape (s, c), of taking a line where the stroke before is on none
    following : shape (s, c, c), of taking the second line where the stroke before took the first
    sharing : shape (s, c, c), of taking the line that the stroke before took too, instead of `following`
    none : shape (s,), of belonging to no line
    """

    lines: NDArray[np.int64]
    first: Floats
    following: Floats
    sharing: Floats
    none: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """The cheapest way.

    Attributes
    ----------
    choices : int64, shape (s,), the column of the line that each stroke takes, -1 for none
    posterior : shape (s, c + 1), the probability of each column, none last
    """

    choices: NDArray[np.int64]
    posterior: Floats


def decode(costs: Costs) -> Decoded:
    """Find the cheapest way to take lines in ascending order, each by one stroke or shared by neighbours."""
    strokes, columns = costs.lines.shape
    if strokes == 0:
        return Decoded(np.zeros(0, np.int64), np.zeros((0, columns + 1)))
    start, steps = _transitions(costs)
    path = cheapest_way([start, *np.zeros((len(steps), len(start)))], steps)
    shares = _posterior(start, steps)
    choices = np.where(path < columns, path, -1)
    posterior = np.concatenate([shares[:, :columns], shares[:, columns:].sum(1, keepdims=True)], axis=1)
    return Decoded(choices, posterior)


def _transitions(costs: Costs) -> tuple[Floats, Floats]:
    """Return the costs of the first stroke's states, and of the transitions between consecutive strokes.

    States are the columns taken, then none with the last line taken before all columns, then none with it in
    each column.
    """
    columns = costs.lines.shape[1]
    start = np.full(2 * columns + 1, np.inf)
    start[:columns] = np.where(costs.lines[0] >= 0, costs.first[0], np.inf)
    start[columns] = costs.none[0]
    before, after = costs.lines[:-1, :, None], costs.lines[1:, None, :]
    there = (before >= 0) & (after >= 0)
    rises, same = there & (after > before), there & (after == before)
    passed = (costs.lines[:-1] >= 0) & ~same.any(2)
    first, none = costs.first[1:, None, :], costs.none[1:, None]
    steps = np.full((len(costs.lines) - 1, 2 * columns + 1, 2 * columns + 1), np.inf)
    steps[:, :columns, :columns] = np.where(
        rises, costs.following[1:], np.where(same, costs.sharing[1:], np.inf)
    )
    steps[:, columns + 1 :, :columns] = np.where(rises, first, np.inf)
    steps[:, columns, :columns] = np.where(costs.lines[1:] >= 0, costs.first[1:], np.inf)
    kept = np.where(same, none[:, :, None], np.inf)
    for state in (slice(0, columns), slice(columns + 1, None)):
        steps[:, state, columns + 1 :] = kept
        steps[:, state, columns] = np.where(passed, none, np.inf)
    steps[:, columns, columns] = costs.none[1:]
    return start, steps


def _posterior(start: Floats, steps: Floats) -> Floats:
    """Return the probability of each state of each stroke, shape (s, states)."""
    weights = np.exp(-(steps - steps.min(axis=(1, 2), keepdims=True)))
    forward = np.zeros((len(steps) + 1, len(start)))
    forward[0] = np.exp(-(start - start.min()))
    forward[0] /= forward[0].sum()
    for stroke, weight in enumerate(weights, start=1):
        forward[stroke] = forward[stroke - 1] @ weight
        forward[stroke] /= forward[stroke].sum()
    backward = np.ones_like(forward)
    for stroke in range(len(steps) - 1, -1, -1):
        backward[stroke] = weights[stroke] @ backward[stroke + 1]
        backward[stroke] /= backward[stroke].max()
    shares = forward * backward
    result: Floats = shares / shares.sum(1, keepdims=True)
    return result
