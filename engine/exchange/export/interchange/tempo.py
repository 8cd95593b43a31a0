"""The beat grid in result time for programs with a tempo: one quarter note per beat.

Positions are whole microseconds, each rounded once from its sample, so that errors do not accumulate. Beats
inside a cut are removed; a beat across a seam is as long as its remainder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import convert_samples
from engine.document.analysis import APART_BEATS, BeatGrid
from engine.sound.edl.edit_list import EditList

TICKS_PER_QUARTER = 960

_LONGEST_QUARTER_US = 2**24 - 1
_QUARTER_WITHOUT_GRID_US = 500_000  # 120 beats a minute: what MIDI takes where nothing is said
_LONGEST_BAR = 255


@dataclass(frozen=True)
class TempoMap:
    """Quarter notes over time.

    Attributes
    ----------
    starts_us : int64, shape (n,), start of each quarter, ascending from 0
    downbeats : int64, shape (m,), the quarters that begin a bar
    bar_quarters : quarters in a bar if the grid ends within the first bar
    last_us : length of the last quarter and of all after it
    """

    starts_us: NDArray[np.int64]
    downbeats: NDArray[np.int64]
    bar_quarters: int
    last_us: int

    @cached_property
    def lengths_us(self) -> NDArray[np.int64]:
        """Length of each quarter, shape (n,)."""
        return np.append(np.diff(self.starts_us), self.last_us)

    def tick(self, position_us: int) -> int:
        """Return the tick nearest to a position."""
        quarter = max(0, int(np.searchsorted(self.starts_us, position_us, side="right")) - 1)
        within_us = position_us - int(self.starts_us[quarter])
        return quarter * TICKS_PER_QUARTER + convert_samples(
            within_us, int(self.lengths_us[quarter]), TICKS_PER_QUARTER
        )

    def bars(self) -> Iterator[tuple[int, int]]:
        """Yield a quarter and the length of its bar wherever that changes.

        Before the first downbeat come bars of the usual length, the first of them shorter where they do not
        fill the time: a pick-up.
        """
        starts = self.downbeats.tolist()
        if not starts:
            return
        pick_up = starts[0] % self.bar_quarters
        starts = [*([0] if pick_up else []), *range(pick_up, starts[0], self.bar_quarters), *starts]
        lengths = [after - before for before, after in pairwise(starts)]
        lengths.append(self.bar_quarters)
        said = 0
        for start, length in zip(starts, lengths, strict=True):
            if length != said and length <= _LONGEST_BAR:
                yield start, length
                said = length

    def tempi(self) -> Iterator[tuple[int, int]]:
        """Yield a quarter and its length in microseconds wherever that changes."""
        said = 0
        for quarter, length_us in enumerate(self.lengths_us.tolist()):
            if length_us != said:
                yield quarter, length_us
                said = length_us


def tempo_map(grid: BeatGrid | None, edit_list: EditList) -> tuple[TempoMap, int]:
    """Return the quarters of the result, and the number of beats of the grid among them.

    Quarters of equal length fill the time before the first beat and gaps, such as passages without a pulse.
    """
    found, positions = _heard_beats(grid, edit_list)
    if grid is None or not len(found):
        nothing = np.zeros(1, np.int64)
        return TempoMap(nothing, np.zeros(0, np.int64), 4, _QUARTER_WITHOUT_GRID_US), 0
    intervals = np.diff(found)
    usual = int(np.median(intervals)) if len(intervals) else _QUARTER_WITHOUT_GRID_US
    usual = min(usual, _LONGEST_QUARTER_US)
    starts: list[int] = []
    if found[0] > 0:
        starts += _filled(0, int(found[0]), max(1, round(int(found[0]) / usual)))
    downbeats: list[int] = []
    bar = int(np.clip(grid.bar_positions.max(), 1, _LONGEST_BAR))
    for beat, following, position in zip(
        found.tolist(), [*found[1:].tolist(), found[-1].item() + usual], positions.tolist(), strict=True
    ):
        gap = following - beat
        parts = round(gap / usual) if gap > APART_BEATS * usual else 1
        quarters = _filled(beat, following, max(parts, -(-gap // _LONGEST_QUARTER_US)))
        counts = position + np.arange(len(quarters))
        is_first = np.where(counts > position, counts % bar == 1 % bar, position == 1)
        downbeats += (len(starts) + np.flatnonzero(is_first)).tolist()
        starts += quarters
    return TempoMap(np.array(starts, np.int64), np.array(downbeats, np.int64), bar, usual), len(found)


def _heard_beats(grid: BeatGrid | None, edit_list: EditList) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the remaining beats in the result, in microseconds, and their positions in the bar."""
    if grid is None or not edit_list.segments:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    places, results = edit_list.heard(grid.beats_samples)
    at_us = [result_us(result, edit_list) for result in results.tolist()]
    return np.array(at_us, np.int64), grid.bar_positions[places]


def _filled(start_us: int, stop_us: int, parts: int) -> list[int]:
    """Return the starts of `parts` equal parts of a span."""
    return [start_us + (stop_us - start_us) * part // parts for part in range(parts)]


def result_us(samples: int, edit_list: EditList) -> int:
    """Return a position of the result in microseconds."""
    return convert_samples(samples, edit_list.rate_hz, 1_000_000) if edit_list.rate_hz else 0
