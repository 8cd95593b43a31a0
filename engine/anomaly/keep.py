"""Which cuts leave a wished-for share of the recording.

The threshold is searched first. The minimum lengths make the kept length jump as the threshold moves, and
flat stretches of the curve do too; what is then missing is made up at the least certain cuts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.anomaly.edges import Neighbours
from engine.anomaly.profile import Samples, ScoreProfile
from engine.anomaly.regions import CutRules, DecidedSpans, cuts_at, kept_samples

CLOSE_ENOUGH = 0.005
"""Share of the recording: a plan this near to the wish is not adjusted further, and snapping may drift as
far."""

MOST_TRIALS = 24


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdCuts:
    """The spans that a threshold cuts, shape (n, 2), and what remains of the recording."""

    spans: Samples
    threshold: float
    kept: int


def cuts_for_keep(
    profile: ScoreProfile, keep: float, decided: DecidedSpans, rules: CutRules
) -> ThresholdCuts:
    """Return cuts that leave as near to `keep` of the recording as the material allows, before snapping."""
    wish = round(keep * profile.length_samples)
    close = CLOSE_ENOUGH * profile.length_samples
    short, long = _bracket(profile, wish, close, decided, rules)
    for plan in (short, long):
        if abs(plan.kept - wish) <= close:
            return plan
    tried = [short, long]
    if short.kept < wish:
        tried.append(_give_back(short, wish, profile, decided, rules, hold_peaks=True))
    if long.kept > wish:
        tried.append(_take_more(long, wish, profile, decided, rules))
    if short.kept < wish and all(abs(plan.kept - wish) > 2 * close for plan in tried):
        tried.append(_give_back(short, wish, profile, decided, rules, hold_peaks=False))
    heard = [plan for plan in tried if plan.kept > 0] or tried
    return min(heard, key=lambda plan: abs(plan.kept - wish))


def _bracket(
    profile: ScoreProfile, wish: int, close: float, decided: DecidedSpans, rules: CutRules
) -> tuple[ThresholdCuts, ThresholdCuts]:
    """Return the plans nearest below and above the wish, or twice the same one when it is close enough.

    The search runs over the sorted scores rather than the scores: there the kept length is almost a straight
    line, so that the secant finds it in a few steps; every third step halves the bracket instead.
    """
    ranked = np.sort(profile.scores)

    def plan_at(threshold: float) -> ThresholdCuts:
        spans = cuts_at(profile, threshold, decided, rules)
        return ThresholdCuts(spans, threshold, kept_samples(spans, profile, decided))

    low, high = -1, len(ranked) - 1  # -1 stands for a threshold far below every score
    short, long = plan_at(float(ranked[0]) - 1.0), plan_at(float(ranked[-1]))
    short = replace(short, threshold=float(ranked[0]))
    for trial in range(MOST_TRIALS):
        if high - low < 2 or long.kept <= wish or short.kept >= wish:
            break
        along = (wish - short.kept) / (long.kept - short.kept) if trial % 3 < 2 else 0.5
        middle = min(max(round(low + along * (high - low)), low + 1), high - 1)
        plan = plan_at(float(ranked[middle]))
        if abs(plan.kept - wish) <= close:
            return plan, plan
        if plan.kept < wish:
            low, short = middle, plan
        else:
            high, long = middle, plan
    return short, long


def _give_back(
    plan: ThresholdCuts,
    wish: int,
    profile: ScoreProfile,
    decided: DecidedSpans,
    rules: CutRules,
    *,
    hold_peaks: bool,
) -> ThresholdCuts:
    """Drop or shorten the least certain cuts until the wish is met; with `hold_peaks` none loses its peak."""
    around = Neighbours(plan.spans, profile, decided, rules, decided.accepted)
    peaks, _ = profile.peaks(plan.spans[:, 0], plan.spans[:, 1])
    means = profile.areas(plan.spans[:, 0], plan.spans[:, 1]) / np.diff(plan.spans)[:, 0]
    spans: list[tuple[int, int]] = [(start, stop) for start, stop in plan.spans.tolist()]
    missing = wish - plan.kept
    dropped = set()
    for k in np.lexsort((means, peaks)).tolist():
        start, stop = spans[k]
        if stop - start <= missing and around.may_be_kept(k, spans[k]):
            dropped.add(k)
            missing -= stop - start
        else:
            spans[k] = _shortened((start, stop), k, missing, profile, around, hold_peak=hold_peaks)
            missing -= (stop - start) - (spans[k][1] - spans[k][0])
        if missing <= 0:
            break
    return _plan([span for k, span in enumerate(spans) if k not in dropped], plan, profile, decided)


def _shortened(
    span: tuple[int, int],
    k: int,
    missing: int,
    profile: ScoreProfile,
    around: Neighbours,
    *,
    hold_peak: bool,
) -> tuple[int, int]:
    """Shorten a cut by what is missing, at the edge that can give just that, else where it scores less."""
    start, stop = span
    width = max(1, min(missing, stop - start))
    scores = {
        True: _mean_score(profile, start, start + width),
        False: _mean_score(profile, stop - width, stop),
    }

    def inward(at_start: bool) -> int:
        return around.inward(k, (start, stop), missing, at_start=at_start, hold_peak=hold_peak)

    for at_start in sorted((True, False), key=lambda side: (abs(missing - inward(side)), scores[side])):
        by = inward(at_start)
        start, stop = (start + by, stop) if at_start else (start, stop - by)
        missing -= by
        if missing <= 0:
            break
    return start, stop


def _take_more(
    plan: ThresholdCuts, wish: int, profile: ScoreProfile, decided: DecidedSpans, rules: CutRules
) -> ThresholdCuts:
    """Widen cuts into what scores highest beside them until the wish is met."""
    around = Neighbours(plan.spans, profile, decided, rules, decided.accepted)
    spans: list[tuple[int, int]] = [(start, stop) for start, stop in plan.spans.tolist()]
    excess = plan.kept - wish
    options = []
    for k, (start, stop) in enumerate(spans):
        room = around.room(spans, k)
        for edge, first, by in (
            ("start", room.start_low, start - room.start_low),
            ("stop", stop, room.stop_high - stop),
        ):
            if by > 0:
                options.append((_mean_score(profile, first, first + by), k, edge))
    for _, k, edge in sorted(options, reverse=True):
        room = around.room(spans, k)
        start, stop = spans[k]
        by = min(excess, start - room.start_low if edge == "start" else room.stop_high - stop)
        spans[k] = (start - by, stop) if edge == "start" else (start, stop + by)
        excess -= by
        if excess <= 0:
            break
    return _plan(spans, plan, profile, decided)


def _mean_score(profile: ScoreProfile, start: int, stop: int) -> float:
    return float(profile.areas(np.array([start]), np.array([stop]))[0]) / (stop - start)


def _plan(
    spans: list[tuple[int, int]], plan: ThresholdCuts, profile: ScoreProfile, decided: DecidedSpans
) -> ThresholdCuts:
    table = np.array(spans, np.int64).reshape(-1, 2)
    peaks, _ = profile.peaks(table[:, 0], table[:, 1])
    threshold = min([plan.threshold, *peaks.tolist()])  # a cut that gave its peak back may score less
    return ThresholdCuts(table, threshold, kept_samples(table, profile, decided))
