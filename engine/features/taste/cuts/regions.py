"""From a threshold to the spans that are cut, as one small optimisation.

Threshold crossings of the score divide the recording into regions. Each region stays or is cut; cutting one
gains the area of its score above the threshold (and loses the area below it), each cut costs a little, no
remaining piece and no cut may be too short, and the user's decisions are fixed. The best assignment is found
exactly by dynamic programming over the borders, as in optimal segmentation (Jackson et al., "An algorithm for
optimal partitioning of data on an interval", 2005); each step is constant time because the allowed earlier
borders grow only at one end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import Samples, inside, runs
from engine.features.taste.cuts.profile import Numbers, ScoreProfile

LEFTOVER_S = 2.0
"""An overlap beyond a decided span below this is where the user put the edge: not proposed again."""

ROUNDING = 1e-6
"""Scores this close to the threshold equal it, and are not cut."""

MOVED_S = 1.0
"""Snapping moves an edge by a beat at most, and this is one at 60 beats a minute."""

NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class CutRules:
    """Constraints of every set of cuts, in samples and score times samples.

    `moved` is the largest distance by which snapping may have moved an accepted edge from its place by score.
    """

    minimum_kept: int
    minimum_cut: int
    leftover: int
    moved: int
    cost_per_cut: float


@dataclass(frozen=True, slots=True, eq=False)
class DecidedSpans:
    """The user's decisions: sorted, united, disjoint spans of shape (k, 2); accepted wins an overlap."""

    accepted: Samples
    rejected: Samples


@dataclass(frozen=True, slots=True, eq=False)
class ChosenCuts:
    """Spans to cut, shape (n, 2), the same where the score alone would put their edges, and the threshold."""

    spans: Samples
    scored: Samples
    threshold: float

    def where(self, chosen: NDArray[np.bool_]) -> ChosenCuts:
        """Return some of the cuts."""
        return replace(self, spans=self.spans[chosen], scored=self.scored[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """The recording divided at every place where a cut may begin or end.

    Attributes
    ----------
    borders : int64, shape (n + 1,)
    gains : shape (n,), gain of cutting each region
    may_keep, may_cut : shape (n,); the user's decisions forbid one of them
    """

    borders: Samples
    gains: Numbers
    may_keep: NDArray[np.bool_]
    may_cut: NDArray[np.bool_]


def cuts_at(profile: ScoreProfile, threshold: float, decided: DecidedSpans, rules: CutRules) -> Samples:
    """Return the spans to propose at a threshold, shape (k, 2), ascending, disjoint from decided ones."""
    regions = divide(profile, threshold, decided, rules)
    spans = proposed_spans(regions, best_runs(regions, rules), decided, rules)
    highest, _ = profile.peaks(spans[:, 0], spans[:, 1])
    return spans[highest > threshold]  # others were made by the neighbourhood of a decision only


def proposed_spans(
    regions: Regions, cuts: Sequence[tuple[int, int]], decided: DecidedSpans, rules: CutRules
) -> Samples:
    """Return the undecided parts of cut runs, shape (k, 2), without slivers next to decided spans."""
    cut = np.zeros(len(regions.gains) + 1, np.int64)
    for first, last in cuts:
        cut[first] += 1
        cut[last] -= 1
    proposed = (np.cumsum(cut)[:-1] > 0) & ~inside(regions.borders[:-1], decided.accepted)
    spans, length = regions.borders[runs(proposed)], int(regions.borders[-1])
    # A span beyond a decided one, by less than the minimum of a proposal, is where the user put the edge.
    borders = np.sort(np.concatenate([decided.accepted.ravel(), decided.rejected.ravel()]))
    before = np.concatenate([[-2 * length], borders])[np.searchsorted(borders, spans[:, 0], side="right")]
    after = np.concatenate([borders, [2 * length]])[np.searchsorted(borders, spans[:, 1], side="left")]
    near = max(rules.leftover, rules.minimum_cut)
    return spans[(spans[:, 1] >= before + near) & (spans[:, 0] <= after - near)]


def divide(profile: ScoreProfile, threshold: float, decided: DecidedSpans, rules: CutRules) -> Regions:
    """Divide the recording at threshold crossings and at the edges of decided spans.

    Accepted edges count where the score would have put them: after some of its own cuts are accepted, the
    best assignment is then still the same, regardless of snapping.
    """
    crossings = _crossings(profile, threshold)
    scored = scored_accepted(profile, threshold, decided, rules)
    known = np.concatenate([decided.accepted.ravel(), decided.rejected.ravel(), scored.ravel()])
    borders = np.concatenate([crossings, known, around_rejected(decided, rules)])
    borders = np.unique(np.clip(borders, 0, profile.length_samples))
    gains = profile.areas(borders[:-1], borders[1:]) - (threshold + ROUNDING) * np.diff(borders)
    rejected = inside(borders[:-1], decided.rejected)
    return Regions(borders, gains, ~inside(borders[:-1], scored) | rejected, ~rejected)


def around_rejected(decided: DecidedSpans, rules: CutRules) -> Samples:
    """Return possible ends of the shortest remaining piece around each rejected cut.

    If a rejected cut is shorter than the minimum, more has to stay: before it, after it or both.
    """
    starts, stops = decided.rejected[:, 0], decided.rejected[:, 1]
    spare = np.maximum(0, rules.minimum_kept - (stops - starts))
    return np.concatenate([starts - spare, starts - spare // 2, stops + spare - spare // 2, stops + spare])


def scored_accepted(
    profile: ScoreProfile, threshold: float, decided: DecidedSpans, rules: CutRules
) -> Samples:
    """Return the accepted spans, shape (k, 2), where the score alone would have put their edges."""
    return nearest_crossings(profile, threshold, decided.accepted, rules.moved)


def nearest_crossings(profile: ScoreProfile, threshold: float, spans: Samples, reach: int) -> Samples:
    """Return spans, shape (k, 2), with each edge where the score crosses the threshold nearby.

    An edge that has no crossing within reach stays; the spans stay in order and apart.
    """
    crossings, edges = _crossings(profile, threshold), spans.ravel()
    after = np.clip(np.searchsorted(crossings, edges), 1, len(crossings) - 1)
    left, right = crossings[after - 1], crossings[after]
    nearest = np.where(edges - left <= right - edges, left, right)
    chosen = np.where(np.abs(nearest - edges) <= reach, nearest, edges)
    return np.maximum.accumulate(chosen).reshape(-1, 2)


def best_runs(regions: Regions, rules: CutRules) -> list[tuple[int, int]]:
    """Return the cut runs of the best assignment as pairs of border indices [first, last).

    A remaining piece that is too short (possible only if decisions force it) costs more than anything else; a
    run with an accepted cut has no minimum; an assignment without cuts is always allowed.
    """
    borders = regions.borders.tolist()
    total = np.concatenate([np.zeros(1), np.cumsum(regions.gains)]).tolist()
    may_keep, may_cut = regions.may_keep.tolist(), regions.may_cut.tolist()
    too_short = 1.0 + 2.0 * float(np.abs(regions.gains).sum()) + rules.cost_per_cut * len(borders)
    # kept[j], cut[j]: the best worth of all before border j when the piece that ends there is kept, is cut
    kept, cut = [0.0], [0.0]
    kept_from, cut_from = [0], [0]
    kept_best = kept_any = cut_best = NEVER
    kept_at = kept_any_at = cut_at = 0
    kept_next = cut_next = 0  # the first earlier border not yet far enough away
    for j in range(1, len(borders)):
        i = j - 1
        if may_keep[i]:
            if cut[i] > kept_any:
                kept_any, kept_any_at = cut[i], i
            while kept_next < j and borders[kept_next] <= borders[j] - rules.minimum_kept:
                if cut[kept_next] > kept_best:
                    kept_best, kept_at = cut[kept_next], kept_next
                kept_next += 1
            long_enough = kept_best >= kept_any - too_short
            kept.append(kept_best if long_enough else kept_any - too_short)
            kept_from.append(kept_at if long_enough else kept_any_at)
        else:
            kept_best, kept_any, kept_next = NEVER, NEVER, j
            kept.append(NEVER)
            kept_from.append(j)
        if may_cut[i]:
            reach = borders[j] - rules.minimum_cut if may_keep[i] else borders[i]
            while cut_next < j and borders[cut_next] <= reach:
                if kept[cut_next] - total[cut_next] > cut_best:
                    cut_best, cut_at = kept[cut_next] - total[cut_next], cut_next
                cut_next += 1
            cut.append(cut_best + total[j] - rules.cost_per_cut)
            cut_from.append(cut_at)
        else:
            cut_best, cut_next = NEVER, j
            cut.append(NEVER)
            cut_from.append(j)
    if all(may_keep) and max(kept[-1], cut[-1]) <= 0.0:
        return []
    found, at, is_cut = [], len(kept) - 1, cut[-1] > kept[-1]
    while at > 0:  # follow the choices from the last border to the first
        before = cut_from[at] if is_cut else kept_from[at]
        if is_cut:
            found.append((before, at))
        at, is_cut = before, not is_cut
    return found[::-1]


def length_of(regions: Regions, cuts: Sequence[tuple[int, int]]) -> int:
    """Return the total number of samples in cut runs."""
    return sum(int(regions.borders[last] - regions.borders[first]) for first, last in cuts)


def _crossings(profile: ScoreProfile, threshold: float) -> Samples:
    """Return where the score crosses the threshold, and the ends of the recording."""
    above = profile.scores > threshold + ROUNDING
    inner = profile.edges_samples[1:-1][above[1:] != above[:-1]]
    return np.concatenate([[0], inner, [profile.length_samples]])


def remaining_samples(spans: Samples, profile: ScoreProfile, decided: DecidedSpans) -> int:
    """Return the length that remains after the proposed and the accepted cuts."""
    gone = int(np.diff(spans).sum()) + int(np.diff(decided.accepted).sum())
    return profile.length_samples - gone
