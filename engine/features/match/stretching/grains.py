"""Grains of a time-stretch and cuts of an editor: both are short copies, one after the other.

Stretchers that overlap grains of the waveform paste them a few milliseconds around one straight line. Cuts
that an editor makes on a grid are around a line as well, and further from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.features.match.searching.features import RATE_HZ
from engine.features.match.stretching.lines import StretchedLine

_NEAR_S = 0.06
_LEAST_HELD = 0.15
_DEVIATION_OF_MEDIAN = 1.4826  # a normal deviation by the median distance from the mean
_SPREAD_S, _SPREAD_BY_SPEED_S = 0.010, 0.04


@dataclass(frozen=True, slots=True)
class Copy:
    """A span [start, stop) of an edited file that plays a recording as it is; in samples of the search."""

    raw: int
    start: float
    stop: float
    offset: float

    def off_s(self, piece: StretchedLine) -> float:
        """Return how far its middle is from a line, in seconds."""
        middle = (self.start + self.stop) / 2
        return (middle + self.offset - piece.raw_at(middle)) / RATE_HZ

    def is_inside(self, piece: StretchedLine) -> bool:
        """Return whether most of it is in the span of a piece."""
        shared = min(self.stop, piece.stop) - max(self.start, piece.start)
        return 2.0 * shared > self.stop - self.start

    def is_near(self, piece: StretchedLine) -> bool:
        """Return whether most of it is in the span of a piece, and near its line."""
        return self.raw == piece.raw and self.is_inside(piece) and abs(self.off_s(piece)) < _NEAR_S


def are_grains(copies: Sequence[Copy], piece: StretchedLine) -> bool:
    """Return whether the copies near the line of a piece are its grains: few, or as near as grains are."""
    lengths = np.array([one.stop - one.start for one in copies if one.is_near(piece)])
    if lengths.sum() < _LEAST_HELD * (piece.stop - piece.start):
        return True
    off_s = np.array([one.off_s(piece) for one in copies if one.is_near(piece)])
    spread_s = _DEVIATION_OF_MEDIAN * float(np.median(np.abs(off_s - np.mean(off_s))))
    return len(lengths) > 1 and spread_s < _SPREAD_S + _SPREAD_BY_SPEED_S * abs(piece.speed - 1.0)


def held_elsewhere(copies: Sequence[Copy], piece: StretchedLine) -> float:
    """Return the share of a piece that copies hold away from its line, as the cuts of an editor do."""
    held = sum(one.stop - one.start for one in copies if one.is_inside(piece) and not one.is_near(piece))
    return held / (piece.stop - piece.start)
