"""Cuts that leave a target share of the recording, as one optimisation over the whole of it.

Cuts begin and end at given places, have the highest total score, cost a little each, and add up to the
required length; no remaining piece and no cut is too short, and decisions are fixed. Up to about half an hour
that is solved exactly by dynamic programming, the length being part of the state: the
segment-length-constrained form of optimal partitioning (Jackson et al., "An algorithm for optimal
partitioning of data on an interval", 2005) with a knapsack's capacity as a second dimension. Beyond, the
length has a price instead (Lagrangian relaxation: Everett, "Generalized Lagrange multiplier method", 1963):
cutting a sample gains its score less the price, and a search finds the price with the nearest length. The
part of the recording where two neighbouring prices pass the length is solved exactly again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import Samples, runs
from engine.features.taste.cuts.edges import divided
from engine.features.taste.cuts.profile import Numbers, ScoreProfile
from engine.features.taste.cuts.regions import (
    NEVER,
    ROUNDING,
    CutRules,
    DecidedSpans,
    Regions,
    best_runs,
    length_of,
    proposed_spans,
)

UNITS = 4800
"""Units of length in the recording: quarters of a second at 20 minutes."""

MOST_AIMS = 4
"""Attempts to correct the target length for rounding: borders are between units, and rounding shortens the
best cuts.
"""

MISSED = 1.0
"""Cost of a sample too many or too few: the highest score. With less, scores would decide the length; a hard
constraint would be met with many tiny cuts, since a few good ones seldom add up to the length.
"""

SLACK = 0.01
"""Share of the recording by which lengths near the wished-for one are found as well, and at least two usual
distances of borders: to choose among them, and to know the price."""

_FAR_SLACKS = 3


Runs = list[tuple[int, int]]
"""Cuts as pairs of border indices [first, last), ascending."""


@dataclass(frozen=True, slots=True)
class LengthRuns:
    """Cuts of a target length.

    Attributes
    ----------
    price : gain of cutting one sample more, as a score: audio with a lower score was not worth its length
    """

    runs: Runs
    price: float


def runs_of_length(regions: Regions, cut_samples: int, rules: CutRules) -> LengthRuns:
    """Return the cuts with the highest score, less the cost of each and of missing `cut_samples` in total.

    Where any cuts have a length within the slack of the wished-for one, the best of those are returned.
    A remaining piece that is too short appears only where decisions and the ends of the recording force it:
    between two of them. Lengths are counted in units of a `UNITS`-th of the whole; at least one piece stays
    if allowed.
    """
    unit = max(1.0, float(regions.borders[-1] - regions.borders[0]) / UNITS)
    at = np.rint((regions.borders - regions.borders[0]) / unit).astype(np.int64)
    total = int(at[-1])
    wish = min(max(round(cut_samples / unit), 0), total)
    slack = max(2, round(SLACK * total), 2 * round(float(np.median(np.diff(at)))))
    best = None
    for margin in (slack, total):
        most_kept, most_cut = min(total, total - wish + margin), min(total, wish + margin)
        table = _Table(regions, at.tolist(), rules, most_kept, most_cut)
        lengths = np.flatnonzero(table.worth > NEVER) + table.lowest[-1]
        if margin < total or lengths[0] < total:
            lengths = lengths[lengths < total]
        best = _best_for(table, lengths, regions, cut_samples, unit)
        if best is not None and best.off_samples <= slack * unit:
            break
    assert best is not None  # among all lengths there is that of keeping whatever may be kept
    return LengthRuns(best.runs, table.price(best.spent, slack) / unit)


@dataclass(frozen=True, slots=True)
class _Aimed:
    """Cuts counted as `spent` units in the table, their error in length, and their value with it."""

    off_samples: int
    spent: int
    runs: Runs
    worth: float


def _best_for(
    table: _Table, lengths: NDArray[np.int64], regions: Regions, cut_samples: int, unit: float
) -> _Aimed | None:
    """Return the best cuts for a length in samples, of those whose length is possible."""
    best: _Aimed | None = None
    wish = aim = cut_samples / unit
    worths = table.worth[lengths - table.lowest[-1]]
    tried: set[int] = set()
    for _ in range(MOST_AIMS if len(lengths) else 0):
        chosen = int(np.argmax(worths - MISSED * unit * np.abs(lengths - aim)))
        spent = int(lengths[chosen])
        if spent in tried:
            break
        tried.add(spent)
        runs = table.runs(spent)
        cut = length_of(regions, runs)
        off = abs(cut - cut_samples)
        worth = float(worths[chosen]) - MISSED * off
        if best is None or worth > best.worth:
            best = _Aimed(off, spent, runs, worth)
        aim = wish - (cut / unit - spent)
    return best


class _Table:
    """The values of all borders; rows hold lengths cut so far from `lowest` to `highest` of their border.

    For every border and every length cut so far two values are stored: the best if the piece that ends there
    stays, and if it is cut. A piece that stays leaves the cut length unchanged, so the running best over its
    start is one array over cut lengths; a cut leaves the remaining length unchanged, so its running best is
    one array over remaining lengths. Each border then costs five numpy calls, for any number of pieces that
    could end there.

    Parameters
    ----------
    at : the border positions in units, ascending from 0
    most_kept, most_cut : in units; states beyond cannot lead to a length that is asked for
    """

    def __init__(
        self, regions: Regions, at: list[int], rules: CutRules, most_kept: int, most_cut: int
    ) -> None:
        self._borders: list[int] = regions.borders.tolist()
        self._at = at
        self._rules = rules
        self._most_kept = most_kept
        self._gained: list[float] = np.concatenate([np.zeros(1), np.cumsum(regions.gains)]).tolist()
        self._may_keep: list[bool] = regions.may_keep.tolist()
        self._may_cut: list[bool] = regions.may_cut.tolist()
        # For each border where accepted cuts or the end begin, where the gap before it begins.
        self._gap_start = {stop: start for start, stop in runs(regions.may_keep).tolist()}
        self.lowest = [max(0, one - most_kept) for one in at]
        self._highest = [min(one, most_cut) for one in at]
        self._kept: list[Numbers | None] = [np.zeros(1)]
        self._cut: list[Numbers | None] = [np.full(1, rules.cost_per_cut)]
        self._fill(most_cut)
        rows = [row for row in (self._kept[-1], self._after_cut(len(at) - 1)) if row is not None]
        self.worth: Numbers = np.max(rows, axis=0)
        """The best value at the end by length cut, shape (highest - lowest + 1,)."""

    def _fill(self, most_cut: int) -> None:
        kept, cut = np.full(most_cut + 1, NEVER), np.full(self._most_kept + 1, NEVER)
        kept_next = cut_next = 0  # the first earlier border not yet far enough away
        for j in range(1, len(self._borders)):
            low, high = self.lowest[j], self._highest[j] + 1
            if self._may_keep[j - 1]:
                while kept_next < j and self._long_enough(kept_next, j):
                    self._begin_kept(kept_next, low, kept)
                    kept_next += 1
                if j in self._gap_start and self._gap_start[j] >= kept_next:
                    self._begin_kept(self._gap_start[j], low, kept)
                self._kept.append(kept[low:high].copy())
            else:
                kept.fill(NEVER)
                kept_next = j
                self._kept.append(None)
            if self._may_cut[j - 1]:
                while cut_next < j and self._may_begin_cut(cut_next, j):
                    if (row := self._kept[cut_next]) is not None:
                        first = self.lowest[cut_next] - self._at[cut_next] + self._most_kept
                        best = cut[first : first + len(row)]
                        np.maximum(best, row - self._gained[cut_next], out=best)
                    cut_next += 1
                shift = self._most_kept - self._at[j]
                self._cut.append(cut[low + shift : high + shift].copy())
            else:
                cut.fill(NEVER)
                cut_next = j
                self._cut.append(None)

    def _long_enough(self, i: int, j: int) -> bool:
        return self._borders[j] - self._borders[i] >= self._rules.minimum_kept

    def _may_begin_cut(self, i: int, j: int) -> bool:
        """Return whether a cut from i to j is long enough; with an accepted one in it, any is."""
        least = self._rules.minimum_cut if self._may_keep[j - 1] else 0
        return self._borders[j] - self._borders[i] >= least

    def _after_cut(self, i: int) -> Numbers | None:
        """Return the values at a border where a cut ends, by length cut so far."""
        row = self._cut[i]
        return None if row is None else row + (self._gained[i] - self._rules.cost_per_cut)

    def _begin_kept(self, i: int, low: int, best: Numbers) -> None:
        """Start remaining pieces at border i."""
        values = self._after_cut(i)
        first = max(self.lowest[i], low)
        last = self._highest[i] + 1
        if values is not None and first < last:
            np.maximum(best[first:last], values[first - self.lowest[i] :], out=best[first:last])

    def price(self, chosen: int, slack: int) -> float:
        """Return the gain of cutting one unit more: the mean of the best slopes to a longer and a shorter
        length.

        Lengths closer than `slack` differ by rounding as much as by their scores.
        """
        here = chosen - self.lowest[-1]
        possible = np.flatnonzero(self.worth > NEVER)
        distance = np.abs(possible - here)
        near = possible[(distance >= slack) & (distance <= _FAR_SLACKS * slack)]
        slopes = (self.worth[near] - self.worth[here]) / (near - here)
        more, less = slopes[near > here], slopes[near < here]
        sides = [float(best(side)) for best, side in ((np.max, more), (np.min, less)) if len(side)]
        return sum(sides) / max(1, len(sides))

    def runs(self, chosen: int) -> list[tuple[int, int]]:
        """Return the cuts that lead to a length, by backtracking through the values."""
        j, spent = len(self._at) - 1, chosen
        kept, after = self._kept[j], self._after_cut(j)
        at = spent - self.lowest[j]
        is_cut = kept is None or (after is not None and after[at] > kept[at])
        found = []
        while j > 0:
            i = self._beginning(j, spent, is_cut=is_cut)
            if is_cut:
                found.append((i, j))
                spent -= self._at[j] - self._at[i]
            j, is_cut = i, not is_cut
        return found[::-1]

    def _beginning(self, j: int, spent: int, *, is_cut: bool) -> int:
        """Return the border where the piece that ends at border j begins."""
        row = (self._cut if is_cut else self._kept)[j]
        assert row is not None
        value = row[spent - self.lowest[j]]
        for i in range(j - 1, -1, -1):
            before = (self._kept if is_cut else self._cut)[i]
            at = spent - self.lowest[i] - (self._at[j] - self._at[i] if is_cut else 0)
            if before is None or not 0 <= at < len(before):
                continue
            if is_cut:
                is_it = self._may_begin_cut(i, j) and before[at] - self._gained[i] == value
            else:
                is_it = self._long_enough(i, j) or self._gap_start.get(j) == i
                is_it = is_it and before[at] + (self._gained[i] - self._rules.cost_per_cut) == value
            if is_it:
                return i
        raise AssertionError("every value comes from somewhere")


MOST_BORDERS = 3600
"""Limit of the exact search: half an hour of beats at 120 BPM."""

PART_BORDERS = 1200
"""Borders of the exact search around the place where the length is passed, in longer recordings."""

MOST_PRICES = 12

CLOSE_ENOUGH = 0.005
"""Share of the recording: plans of neighbouring prices this near to each other need no price between them."""


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdCuts:
    """Spans to cut, shape (n, 2), and the threshold that explains them best."""

    spans: Samples
    threshold: float


def cuts_for_target(
    profile: ScoreProfile, keep: float, decided: DecidedSpans, rules: CutRules, places: Samples
) -> ThresholdCuts:
    """Return the best cuts that leave as near to `keep` of the recording as the material allows.

    Parameters
    ----------
    places : where cuts may begin and end, ascending, see `engine.features.taste.cuts.edges.candidates`

    Returns
    -------
    cuts : their threshold is the score of the least that was worth its length, or less where a whole cut is
    """
    regions = divided(profile, places, decided, rules)
    cut_samples = profile.length_samples - round(keep * profile.length_samples)
    search = runs_of_length if len(regions.borders) <= MOST_BORDERS else runs_by_price
    found = search(regions, cut_samples, rules)
    spans = proposed_spans(regions, found.runs, decided, rules)
    peaks, _ = profile.peaks(spans[:, 0], spans[:, 1])
    price = min(max(found.price, float(profile.scores.min())), float(profile.scores.max()))
    return ThresholdCuts(spans, min([price, *peaks.tolist()]))


def runs_by_price(regions: Regions, cut_samples: int, rules: CutRules) -> LengthRuns:
    """Approximate `runs_of_length` for any number of regions.

    Where two plans make the same cut, one can change over into the other. Early parts follow the plan that
    cuts more and late parts the other; the part where the target length is passed, and its neighbours, are
    searched again.
    """
    less, more, price = _neighbouring(regions, cut_samples, rules)
    common = sorted(set(less) & set(more))
    starts = np.array([0, *(last for _, last in common)])
    stops = np.array([*(first for first, _ in common), len(regions.gains)])
    fewer, further = (_cut_between(regions, runs, starts, stops) for runs in (less, more))
    upto = length_of(regions, less) + np.cumsum(further - fewer)
    passed = np.flatnonzero(upto >= cut_samples)
    first = last = int(passed[0]) if len(passed) else len(starts) - 1
    while stops[last] - starts[first] < PART_BORDERS and (first > 0 or last + 1 < len(starts)):
        first, last = max(0, first - 1), min(last + 1, len(starts) - 1)
    begin, end = int(starts[first]), int(stops[last])
    before = [run for run in more if run[1] <= begin]
    after = [run for run in less if run[0] >= end]
    cut_open = cut_samples - length_of(regions, before) - length_of(regions, after)
    part, borders = _part(regions, begin, end)
    found = runs_of_length(part, cut_open, rules)
    within = [(int(borders[a]), int(borders[b])) for a, b in found.runs]
    return LengthRuns([*before, *within, *after], price)


def _neighbouring(regions: Regions, cut_samples: int, rules: CutRules) -> tuple[Runs, Runs, float]:
    """Return the plans that cut next less and next more than wished for, and the price of the latter.

    The search runs over the sorted scores rather than the scores: there the length is almost a straight
    line, so that the secant finds it in a few steps; every third step halves the bracket instead.
    """
    ranked = np.sort(regions.gains / np.diff(regions.borders))
    close = CLOSE_ENOUGH * float(regions.borders[-1])
    low, high = 0, len(ranked) - 1
    more, less = (_runs_at(regions, float(ranked[at]) + by, rules) for at, by in ((low, -1.0), (high, 0.0)))
    for trial in range(MOST_PRICES):
        most, least = length_of(regions, more), length_of(regions, less)
        if high - low < 2 or most - least <= close or not least < cut_samples < most:
            break
        along = (most - cut_samples) / (most - least) if trial % 3 < 2 else 0.5
        middle = min(max(round(low + along * (high - low)), low + 1), high - 1)
        runs = _runs_at(regions, float(ranked[middle]), rules)
        if length_of(regions, runs) >= cut_samples:
            low, more = middle, runs
        else:
            high, less = middle, runs
    return less, more, float(ranked[low])


def _runs_at(regions: Regions, price: float, rules: CutRules) -> Runs:
    """Return the best cuts where each sample gains its score less the price."""
    worth = regions.gains - (price + ROUNDING) * np.diff(regions.borders)
    sides = np.stack([worth > 0, regions.may_keep, regions.may_cut])
    flips = np.flatnonzero((sides[:, 1:] != sides[:, :-1]).any(axis=0)) + 1
    edges = np.concatenate([[0], flips, [len(worth)]])
    edges = np.union1d(edges, _as_short_as_allowed(regions.borders, edges, worth, rules))
    starts = edges[:-1]
    divided_again = Regions(
        regions.borders[edges],
        np.add.reduceat(worth, starts),
        regions.may_keep[starts],
        regions.may_cut[starts],
    )
    return [(int(edges[first]), int(edges[last])) for first, last in best_runs(divided_again, rules)]


def _as_short_as_allowed(borders: Samples, edges: Samples, worth: Numbers, rules: CutRules) -> Samples:
    """Return the borders that make pieces worth keeping but too short just long enough."""
    starts, stops = edges[:-1], edges[1:]
    short = (worth[starts] <= 0) & (borders[stops] - borders[starts] < rules.minimum_kept)
    after = np.searchsorted(borders, borders[starts[short]] + rules.minimum_kept)
    before = np.searchsorted(borders, borders[stops[short]] - rules.minimum_kept, side="right") - 1
    return np.concatenate([after[after < len(borders)], before[before >= 0]])


def _cut_between(regions: Regions, runs: Runs, starts: Samples, stops: Samples) -> Samples:
    """Return the cut length between pairs of borders outside all runs, shape (k,)."""
    table = np.array(runs, np.int64).reshape(-1, 2)
    upto = np.concatenate([[0], np.cumsum(np.diff(regions.borders[table])[:, 0])])
    lengths: Samples = upto[np.searchsorted(table[:, 0], stops)] - upto[np.searchsorted(table[:, 0], starts)]
    return lengths


def _part(regions: Regions, begin: int, end: int) -> tuple[Regions, Samples]:
    """Return the regions between two borders, and which borders theirs are: not more than can be searched."""
    step = -(-(end - begin) // MOST_BORDERS)
    at = np.arange(begin, end)
    flags = np.stack([regions.may_keep, regions.may_cut])[:, begin:end]
    flips = np.concatenate([[True], (flags[:, 1:] != flags[:, :-1]).any(axis=0)])
    chosen = at[((at - begin) % step == 0) | flips]
    borders = np.append(chosen, end)
    gains = np.add.reduceat(regions.gains[:end], chosen)
    part = Regions(regions.borders[borders], gains, regions.may_keep[chosen], regions.may_cut[chosen])
    return part, borders
