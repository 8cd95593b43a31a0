"""The take of a song that is suggested as the best, with its reasons; it is never chosen by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.core.wording import listed
from engine.document.analysis import BeatGrid, StoredDay

_FEWEST_BEATS = 16
_CLEARLY = 0.8
"""A tempo is steadier than another if it varies by less than this share of the other."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The best take of a song.

    Attributes
    ----------
    row : of the take in the stored day
    reasons : why, such as "complete"
    """

    row: int
    reasons: tuple[str, ...]

    @property
    def words(self) -> str:
        """Return the reasons in a few words."""
        return f"suggested: {listed(self.reasons)}"


def suggestions(day: StoredDay, grid: BeatGrid | None) -> Iterator[Suggestion]:
    """Yield the best take of each song with several takes.

    A complete take is better than others, then one with a steadier tempo, then a later one, with which the
    players were content.
    """
    for song in range(len(day.names)):
        takes = day.takes_of(song).tolist()
        if len(takes) < 2:
            continue
        whole = [row for row in takes if day.are_complete[row]] or takes
        varies = {row: tempo_variation(day, grid, row) for row in whole}
        known = sorted(value for value in varies.values() if value is not None)
        steady = [row for row in whole if varies[row] is not None and known and varies[row] == known[0]]
        is_steadier = len(known) > 1 and known[0] < _CLEARLY * known[1]
        best = steady[-1] if is_steadier and steady else whole[-1]
        reasons = ["complete"] if day.are_complete[best] and len(whole) < len(takes) else []
        reasons += ["steadiest tempo"] if is_steadier else []
        reasons += ["the last one"] if best == takes[-1] else []
        yield Suggestion(best, tuple(reasons) or ("the last complete one",))


def tempo_variation(day: StoredDay, grid: BeatGrid | None, row: int) -> float | None:
    """Return how much the beats of a take differ from each other: the spread of their intervals as a share.

    None without a pulse.
    """
    if grid is None:
        return None
    first, last = np.searchsorted(grid.beats_samples, day.spans_samples[row])
    gaps = np.diff(grid.beats_samples[first:last]).astype(np.float64)
    if len(gaps) < _FEWEST_BEATS:
        return None
    low, middle, high = np.percentile(gaps, (10.0, 50.0, 90.0))
    return float((high - low) / middle)
