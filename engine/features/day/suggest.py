"""The take of a song that is suggested as the best, with its reasons; it is never chosen by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.core.wording import listed
from engine.document.analysis import StoredDay
from engine.features.day.figures import (
    StoredResults,
    Values,
    mean_scores,
    shares_in_common,
    tempo_variation,
)

_STEADIER = 0.8
"""A tempo is steadier than another if it varies by less than this share of the other."""
_LOWER_SCORE, _MORE_IN_COMMON = 0.05, 0.1


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


def suggestions(day: StoredDay, results: StoredResults) -> Iterator[Suggestion]:
    """Yield the best take of each song with several takes.

    A complete take is better than others. Of several, that one is the best that is clearly ahead in most
    respects: steadiest tempo, closest to the taste, most music in common with the others. Of equal ones it is
    the last, with which the players were content.
    """
    spans = day.spans_samples.tolist()
    varies = np.array([tempo_variation(results.grid, span) for span in spans], np.float64)
    respects = (
        ("steadiest tempo", np.log(np.maximum(varies, 1e-6)), -np.log(_STEADIER)),
        ("closest to the taste", mean_scores(day, results.curve), _LOWER_SCORE),
        (
            "most in common with the others",
            -shares_in_common(day, results.takes, results.state.rate_hz),
            _MORE_IN_COMMON,
        ),
    )
    for song in range(len(day.names)):
        takes = day.takes_of(song).tolist()
        if len(takes) < 2:
            continue
        whole = [row for row in takes if day.are_complete[row]] or takes
        winners = [(name, _lowest(values, whole, by)) for name, values, by in respects]
        best = max(whole, key=lambda row: (sum(row == winner for _, winner in winners), row))
        reasons = ["complete"] if day.are_complete[best] and len(whole) < len(takes) else []
        reasons += [name for name, winner in winners if winner == best]
        reasons += ["the last one"] if best == takes[-1] else []
        yield Suggestion(best, tuple(reasons) or ("the last complete one",))


def _lowest(values: Values, rows: Sequence[int], by: float) -> int | None:
    """Return the row whose known value is lower than all others by a margin; None without such a one."""
    pairs = zip(values[list(rows)].tolist(), rows, strict=True)
    known = sorted(pair for pair in pairs if not np.isnan(pair[0]))
    return known[0][1] if len(known) > 1 and known[1][0] - known[0][0] > by else None
