"""Cuts that leave a target share of the recording, as one optimisation over the whole of it.

Cuts begin and end at given places, have the highest total score, cost a little each, and add up to the
required length; no remaining piece and no cut is too short, and decisions are fixed. Up to about half an hour
that is solved exactly, the length being part of the state. Beyond, the length has a price instead (Lagrangian
relaxation: Everett, "Generalized Lagrange multiplier method", 1963): cutting a sample gains its score less
the price, and a search finds the price with the nearest length. The part of the recording where two
neighbouring prices pass the length is solved exactly again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.cuts.borders import divided
from engine.cuts.exact_length import LengthRuns, runs_of_length
from engine.cuts.profile import Numbers, ScoreProfile
from engine.cuts.regions import (
    ROUNDING,
    CutRules,
    DecidedSpans,
    Regions,
    best_runs,
    length_of,
    proposed_spans,
)
from engine.spans import Samples

Runs = list[tuple[int, int]]

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
    places : where cuts may begin and end, ascending, see `engine.cuts.borders.candidates`

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

    Where two plans make the same cut, one can change over into the other. Early parts follow the plan
    that cuts
    more and late parts the other; the part where the target length is passed, and its neighbours, are
    searched
    again.
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
