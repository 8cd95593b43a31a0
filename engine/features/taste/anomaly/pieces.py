"""Pieces of a recording: playing from one pause to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.features.takes.features import FRAMES_PER_S, STEPS_PER_S, Floats
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
