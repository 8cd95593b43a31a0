"""Performances in four with beats left out: a section in three, or single bars of two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.lab.simulated.performances.displacement import Displaced
from engine.lab.simulated.performances.takes import Take

Change = Literal["unchanged", "section in three", "bars of two"]
CHANGES: tuple[Change, ...] = ("unchanged", "section in three", "bars of two")

FOUR = 4
_FEWEST_BARS = 9
_EDGE_S = 0.03
"""A hit so shortly before a beat belongs to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """A take with its beats and downbeats, in seconds from the start of the recording."""

    take: Take
    beats_s: NDArray[np.float64]
    downbeats_s: NDArray[np.float64]


def with_metres(take: Take, change: Change, rng: np.random.Generator) -> Counted | None:
    """Leave beats out of a performance in four; None if it is in another metre, or too short.

    A third of the bars, in the middle, lose their fourth beat, or two bars their third and fourth.
    """
    score = take.played.score
    bars = int(score.lines.max(initial=0)) // (score.divisions * FOUR) + 1
    if score.beats_in_bar != FOUR or bars < _FEWEST_BARS:
        return None
    kept = np.ones((bars, FOUR), bool)
    if change == "section in three":
        kept[bars // 3 : 2 * bars // 3, 3] = False
    elif change == "bars of two":
        kept[rng.integers(2, bars // 2), 2:] = False
        kept[rng.integers(bars // 2 + 1, bars - 1), 2:] = False
    stays = kept.ravel()
    beat_of = np.clip(np.floor((take.played.times_s + _EDGE_S) / score.beat_s).astype(np.int64), 0, None)
    beat_of = np.minimum(beat_of, len(stays) - 1)
    earlier_s = (np.cumsum(~stays) - ~stays) * score.beat_s
    starts_s = np.arange(len(stays)) * score.beat_s - earlier_s
    first = np.zeros((bars, FOUR), bool)
    first[:, 0] = True
    return Counted(
        _without(take, stays[beat_of], earlier_s[beat_of]),
        take.first_beat_s + starts_s[stays],
        take.first_beat_s + starts_s[stays & first.ravel()],
    )


def _without(take: Take, stays: NDArray[np.bool_], earlier_s: NDArray[np.float64]) -> Take:
    """Return some hits of a take, each earlier by a time of its own."""
    played = take.played
    rows = np.flatnonzero(stays)
    rows = rows[np.argsort(played.score.targets_s[rows], kind="stable")]
    displaced = Displaced(
        played.score.taken(rows),
        played.times_s[rows] - earlier_s[rows],
        played.is_extra[rows],
        played.missing_s[:0],
        played.ornaments[rows],
    )
    shots = tuple(take.shots[row] for row in rows.tolist())
    return replace(take, played=displaced, shots=shots, gains=take.gains[rows])
