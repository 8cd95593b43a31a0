"""Where bars begin and how many beats they have: the best path through metre and place in the bar.

The second step of S. Böck, F. Krebs, G. Widmer, "Joint beat and downbeat tracking with recurrent neural
networks", ISMIR 2016: states are places in bars of each length, steps are beats. The metre may change at the
end of a bar, at a price; a piece may begin anywhere in its first bar.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.progress import SILENT, Progress

Floats = NDArray[np.float64]

METRES = (2, 3, 4, 5, 6, 7)
_UNUSUAL = {2: 0.10, 3: 0.04, 4: 0.0, 5: 0.10, 6: 0.08, 7: 0.12}
"""Cost of a beat in a bar of each length: bars have four by default."""
_CHANGE_COST = 8.0
_FIRST_BONUS = 0.5
_MOST_ODDS = 5.0
_BEATS_A_CHECK = 1024

_LENGTHS = np.repeat(METRES, METRES)
_COUNTS = np.concatenate([np.arange(1, metre + 1) for metre in METRES])
_FIRSTS = np.flatnonzero(_COUNTS == 1)
_LASTS = np.flatnonzero(_COUNTS == _LENGTHS)
_COSTS = np.array([_UNUSUAL[metre] for metre in _LENGTHS.tolist()])


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """The count of beats.

    Attributes
    ----------
    positions : int64, shape (n,), 1 for a downbeat, then 2, 3, ...
    score : how much better the downbeats speak for it than for no bars at all, summed over all beats
    """

    positions: NDArray[np.int64]
    score: float


def downbeat_odds(downbeat: NDArray[np.floating]) -> Floats:
    """Return the log-odds of a downbeat at each beat, shape (n,), relative to the average beat.

    Where all beats are as likely downbeats, nothing speaks for any bar, long or short.

    Parameters
    ----------
    downbeat : shape (n,), the probability of a downbeat at each beat
    """
    known = np.clip(downbeat.astype(np.float64), 1e-3, 1.0 - 1e-3)
    if not len(known):
        return known
    average = float(np.clip(known.mean(), 0.02, 0.6))
    odds: Floats = np.log(known / (1.0 - known)) - np.log(average / (1.0 - average))
    return np.clip(odds, -_MOST_ODDS, _MOST_ODDS)


def _begun(odds: float) -> Floats:
    """Return the score of each place for a first beat with these odds."""
    total = -_COSTS.copy()
    total[_FIRSTS] += odds + _FIRST_BONUS
    return total


def best_bars(odds: Floats, progress: Progress = SILENT, after_gaps: Collection[int] = ()) -> Bars:
    """Count the beats so that downbeats fall where they are likely.

    Parameters
    ----------
    odds : shape (n,), as of `downbeat_odds`
    after_gaps : beats after a gap: any bar may have begun in it

    Raises
    ------
    Cancelled : the user asked for it
    """
    if not len(odds):
        return Bars(np.zeros(0, np.int64), 0.0)
    total = _begun(odds[0])
    before = np.arange(len(_COUNTS)) - 1
    came_from = np.zeros((len(odds), len(_COUNTS)), np.uint8)
    for beat in range(1, len(odds)):
        if beat % _BEATS_A_CHECK == 0:
            progress.check_cancelled()
        if beat in after_gaps:
            came_from[beat] = total.argmax()
            total = float(total.max()) + _begun(odds[beat])
            continue
        ended = total[_LASTS]
        best = int(ended.argmax())
        arriving = total[before]
        stays = ended >= ended[best] - _CHANGE_COST
        arriving[_FIRSTS] = np.where(stays, ended, ended[best] - _CHANGE_COST) + odds[beat]
        came_from[beat] = before
        came_from[beat, _FIRSTS] = np.where(stays, _LASTS, _LASTS[best])
        total = arriving - _COSTS
    place = int(total.argmax())
    score = float(total[place])
    places = [place]
    for beat in range(len(odds) - 1, 0, -1):
        place = int(came_from[beat, place])
        places.append(place)
    return Bars(_COUNTS[places[::-1]].astype(np.int64), score)
