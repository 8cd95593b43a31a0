"""A comp: the take of each bar, the seams between them, and the alternatives.

The cheapest way through the bars of takes is found by an exact dynamic programme over bars and takes. A seam
has a price at the beginning of each bar, and the stars of the user lower the costs of bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.viterbi import cheapest_way
from engine.core.progress import SILENT, Progress
from engine.features.takes.comp_costs import Costs, Differences, costs_of, differences
from engine.features.takes.following import Bars, bars_of_takes, follow
from engine.features.timing.notes.onsets import ReadMono

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Run:
    """Bars [first, last) from one take."""

    take: int
    first: int
    last: int


def cheapest(costs: Values, seams: Values) -> NDArray[np.int64]:
    """Return the take of each bar, shape (bars,): the least sum of the costs of bars and of seams.

    Ties go to the take before, then to the lowest number.

    Parameters
    ----------
    costs : float64, shape (takes, bars); infinite where a take cannot be chosen
    seams : float64, shape (takes, takes, bars), the price of a seam from the first take to the second at the
        beginning of a bar; 0 for a take that continues
    """
    return cheapest_way([*costs.T], np.moveaxis(seams, 2, 0)[1:], prefers_staying=True)


def runs_of(path: NDArray[np.int64]) -> tuple[Run, ...]:
    """Return the spans of bars in which a path stays on one take."""
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    return tuple(Run(int(path[first]), first, last) for first, last in pairwise(edges))


def others_for(run: Run, path: NDArray[np.int64], costs: Values, seams: Values) -> tuple[int, ...]:
    """Return the other takes for the bars of a run, the cheapest first; all other bars stay as they are.

    Takes that do not play one of the bars are left out.
    """
    found = []
    for take in range(len(costs)):
        own = costs[take, run.first : run.last]
        if take == run.take or not np.isfinite(own).all():
            continue
        price = float(own.sum())
        if run.first:
            price += float(seams[path[run.first - 1], take, run.first])
        if run.last < len(path):
            price += float(seams[take, path[run.last], run.last])
        found.append((price, take))
    return tuple(take for _, take in sorted(found))


_SHARE = 0.5
"""A rating counts for bars that it covers by that share."""
_STAR, _AVOIDED = 1.0, 10.0
"""Costs of bars: a star outweighs a fault at a probability of 63 %, and one bar to be avoided any fault."""


def stars_of(ratings: Sequence[tuple[int, int, int]], bars: Bars) -> NDArray[np.int64]:
    """Return the stars of bars, shape (takes, bars): those of the latest rating; 0 without one.

    Parameters
    ----------
    ratings : spans [start, stop), in samples, and their stars
    """
    starts, stops = bars.edges_samples[:, :-1], bars.edges_samples[:, 1:]
    stars = np.zeros(starts.shape, np.int64)
    for start, stop, rating in ratings:
        shared = np.minimum(stops, stop) - np.maximum(starts, start)
        stars[shared > _SHARE * np.maximum(stops - starts, 1)] = rating
    return stars


def with_stars(costs: Values, stars: NDArray[np.int64]) -> Values:
    """Return the costs of bars with the wishes of the user, shape (takes, bars)."""
    return costs + np.where(stars < 0, _AVOIDED, -_STAR * stars)


_LEAST, _MOST = 0.6, 2.0
"""A seam costs at least and at most that many times the usual price."""
_TEMPO, _OF_TEMPO = 0.03, 0.5
"""A bar that is shorter or longer by this share than the one before the seam costs half a price more."""


def prices(found: Differences, bars: Bars, price: float) -> Values:
    """Return the price of each seam, shape (takes, takes, bars); 0 where a take continues.

    Level, spectrum and room of two takes around a seam count, relative to all seams of the passage, and their
    tempo.

    Parameters
    ----------
    price : of a usual seam, in costs of bars: 0.15 is a bar with a fault at a probability of 14 %
    """
    takes, count = len(bars.edges_samples), len(bars)
    apart = found.seams_db[:, :, :count]
    different = ~np.eye(takes, dtype=bool)
    usual = max(float(np.median(apart[different])), 1e-6)
    lengths = np.maximum(np.diff(bars.edges_samples, axis=1), 1).astype(np.float64)
    before = np.concatenate([lengths[:, :1], lengths[:, :-1]], axis=1)
    tempo = np.abs(np.log(before[:, None] / lengths[None, :]))
    made = price * (np.clip(apart / usual, _LEAST, _MOST) + _OF_TEMPO * np.minimum(tempo / _TEMPO, 1.0))
    made[~different] = 0.0
    return made


_STAYS = 0.05
"""Share of the price of a seam for each bar of another take than the one that stays: it wins among equals."""
_OTHER = 0.5
"""Share of the price of a seam for each bar of another take than the one that plays: bars stay by default."""


@dataclass(frozen=True, slots=True)
class CompRequest:
    """Takes of a passage.

    Attributes
    ----------
    mix : reads the sum of all tracks, by which takes are aligned
    tracks : read the tracks by which bars are compared
    spans_samples : of the takes, [start, stop), two or more; all begin with the same music
    reference : the number of the take that the lines are of
    lines_samples : where pieces begin in it, and where the last one ends, shape (pieces + 1,)
    price : of a seam, relative to the usual one
    ratings : spans [start, stop) that the user rated, with their stars; below 0 for those to be avoided
    on_lanes : of takes over each other; None for takes after each other
    """

    mix: ReadMono
    tracks: Sequence[ReadMono]
    spans_samples: Sequence[tuple[int, int]]
    reference: int
    lines_samples: NDArray[np.int64]
    rate_hz: int
    price: float = 1.0
    ratings: Sequence[tuple[int, int, int]] = ()
    on_lanes: OnLanes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class OnLanes:
    """Takes that were played in time with each other, over each other on one timeline.

    Attributes
    ----------
    is_there : bool, shape (takes, pieces), whether a take can be chosen for a piece
    playing : int64, shape (pieces,), the take that plays; -1 for parts of several
    """

    is_there: NDArray[np.bool_]
    playing: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Comp:
    """The cheapest comp of takes.

    Attributes
    ----------
    takes : int64, shape (bars,), the take of each bar
    base : the take of most bars, which stays in its place
    stars : int64, shape (takes, bars), by the user: 0 without a rating, below 0 for bars to be avoided
    """

    bars: Bars
    costs: Costs
    stars: NDArray[np.int64]
    seams: NDArray[np.float64]
    takes: NDArray[np.int64]
    base: int

    @property
    def runs(self) -> tuple[Run, ...]:
        """The spans of bars from one take, in order."""
        return runs_of(self.takes)

    @property
    def switches(self) -> tuple[Run, ...]:
        """The runs that are not of the take that stays."""
        return tuple(run for run in self.runs if run.take != self.base)

    def others(self, run: Run) -> tuple[int, ...]:
        """Return the other takes for a run, the cheapest first."""
        is_open = np.where(self.bars.is_played, with_stars(self.costs.costs, self.stars), np.inf)
        return others_for(run, self.takes, is_open, self.seams)


def comp_of(request: CompRequest, bases: Sequence[int] = (), progress: Progress = SILENT) -> Comp:
    """Choose the take of each bar.

    Parameters
    ----------
    bases : the takes that may stay in their place; empty for all

    Raises
    ------
    Cancelled : the user asked for it
    """
    lanes = request.on_lanes
    takes = follow(
        request.mix,
        request.spans_samples,
        request.reference,
        request.rate_hz,
        progress.part(0.0, 0.3),
        are_in_time=lanes is not None,
    )
    bars = bars_of_takes(
        request.mix, takes, request.reference, request.lines_samples, request.spans_samples, request.rate_hz
    )
    if lanes is not None:
        bars = replace(bars, is_played=bars.is_played & lanes.is_there)
    found = differences(request.tracks, takes, bars, request.rate_hz, progress.part(0.3, 1.0))
    costs = costs_of(found, bars.is_played)
    price = costs.price * request.price
    seams = prices(found, bars, price)
    stars = stars_of(request.ratings, bars)
    wanted = with_stars(costs.costs, stars) + _of_change(lanes, price)
    path = cheapest(wanted, seams)
    counts = np.bincount(path, minlength=len(takes)).astype(np.float64)
    allowed = np.array([not bases or take in bases for take in range(len(takes))])
    base = int(np.where(allowed, counts, -1.0).argmax())
    if lanes is None:
        is_other = np.arange(len(takes))[:, None] != base
        path = cheapest(wanted + _STAYS * price * is_other, seams)
    return Comp(bars, costs, stars, seams, path, base)


def _of_change(lanes: OnLanes | None, price: float) -> NDArray[np.float64] | float:
    """Return the price of bars of other takes than those that play, shape (takes, pieces)."""
    if lanes is None:
        return 0.0
    is_other = np.arange(len(lanes.is_there))[:, None] != lanes.playing
    return np.where(is_other & (lanes.playing >= 0), _OTHER * price, 0.0)
