"""Reference takes: performances that false starts and other takes are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import FalseStart, Take, TakeGroup
from engine.core.timebase import runs
from engine.features.arrangement.decode import Bounds
from engine.features.arrangement.step_features import StepFeatures, talk_of
from engine.features.arrangement.steps import Span
from engine.features.arrangement.take_features import LEAST_PAUSE_S, same_places

Flags = NDArray[np.bool_]
Seconds = tuple[float, float]

_NEARLY_WHOLE = 0.9
"""Takes with this share of the longest take of a passage compete for being its reference."""
_MOSTLY = 0.5
_WITHIN_S = 0.12
"""Steps with less than this inside a span are not in it: borders of takes are accurate to 0.1 s."""
_LONGEST_REST_S = 2.5
"""Rests within a performance are shorter."""
_BRIEF_S = 15.0
"""Playing this brief between two pauses is not a take."""
_LEAD_IN_S, _LEAD_IN_DB = 6.0, 10.0
"""A count-in before a take is up to this long, and this much quieter than the take."""


def references_of(heard: StepFeatures, played: NDArray[np.int64]) -> Flags:
    """Return the steps of the reference takes of an arrangement, shape (n,).

    Of each passage, the reference is the complete take that the arrangement plays most of; of a false start
    without other takes, it is the performance that begins as the false start does. A reference is all that
    is played without a break, but for a quiet count-in and talk.

    Parameters
    ----------
    played : how often the arrangement plays each step, shape (n,)
    """
    flags, compared = np.zeros(len(heard), bool), np.zeros(len(heard), bool)
    for group in heard.takes.groups:
        chosen = group.takes[_reference_place(heard, group, played)]
        for take in group.takes:
            if take is not chosen:
                compared[slice(*_steps_of(heard, _span_s(take)))] = True
        flags[slice(*_steps_of(heard, _span_s(chosen)))] = True
        for performance in _performances_of(heard, _span_s(chosen)):
            within = [take for take in group.takes if _overlap_s(_span_s(take), performance) > 0.0]
            begins_s = min(take.start_s for take in within)
            flags[slice(*_without_lead_in(heard, performance, begins_s))] = True
    for performance, again_s in _begun_again(heard):
        span = _without_lead_in(heard, performance, again_s)
        if compared[slice(*span)].mean() <= _MOSTLY:
            flags[slice(*span)] = True
    return flags & ~talk_of(heard.steps, heard.talk_s)


def false_starts_of(heard: StepFeatures) -> tuple[FalseStart, ...]:
    """Return the likely false starts followed by a pause.

    A shorter rest is part of the music: the audio after it may repeat the audio before.
    """
    return tuple(
        one for one in heard.takes.likely_false_starts() if one.begins_again_s - one.stop_s >= LEAST_PAUSE_S
    )


def keeping_references(bounds: Bounds, heard: StepFeatures, played: NDArray[np.int64]) -> Bounds:
    """Return bounds that play reference takes whole, and neither other takes of the same music nor talk.

    Other performances that are mostly played are played whole, too. Bounds stay as they are where there is
    nothing of this, or where it is longer than the length asked for.

    Parameters
    ----------
    played : how often an arrangement within `bounds` plays each step, shape (n,)
    """
    is_reference = references_of(heard, played)
    must = bounds.must | ((is_reference | _mostly_played(heard, played)) & ~bounds.never)
    must_s = float(heard.steps.lengths_s[must].sum())
    if bounds.target_s is not None and must_s > bounds.target_s:
        return bounds
    again = places_elsewhere(heard, is_reference.astype(np.int64), is_reference) >= 0
    for one in false_starts_of(heard):
        again[slice(*_steps_of(heard, (one.start_s, one.stop_s)))] = True
    again |= _no_takes(heard)
    again &= ~is_reference & ~bounds.must
    must &= ~again
    again |= _remnants(must, is_reference | bounds.must, bounds.least_steps)
    must &= ~again
    around = _played_through(heard, must, played) & ~bounds.never
    must |= around
    again &= ~around
    if not must.any():
        return bounds
    is_silent = np.ones(len(heard), bool)
    for performance in heard.takes.played_s:
        is_silent[slice(*_steps_of(heard, performance))] = False
    return replace(bounds, must=must, never=bounds.never | ((again | is_silent) & ~must))


def _remnants(must: Flags, is_certain: Flags, least: int) -> Flags:
    """Return the remnants of a performance after its cuts that are too brief to be played, shape (n,)."""
    flags = np.zeros(len(must), bool)
    for first, last in runs(must).tolist():
        flags[first:last] = last - first < least and not is_certain[first:last].any()
    return flags


def _played_through(heard: StepFeatures, must: Flags, played: NDArray[np.int64]) -> Flags:
    """Return the steps around required ones that belong to the same playing across rests.

    Music with rests, such as a loop that fades in and out, looks like several brief performances. They belong
    together where an arrangement plays them, and the rests, without a break. Before a take, a count-in may be
    left out.
    """
    flags = np.zeros(len(heard), bool)
    found = [run_s for run_s in runs_of_playing(heard) if run_s not in heard.tuning_s]
    edges = heard.steps.edges_s
    for first, last in runs(must).tolist():
        for run_s in found:
            begin, stop = _steps_of(heard, run_s)
            rest_s = run_s[0] - float(edges[last])
            if begin >= last and rest_s < _LONGEST_REST_S and (played[last:stop] > 0).all():
                flags[last:stop] = True
                last = stop
        for run_s in reversed(found):
            begin, stop = _steps_of(heard, run_s)
            rest_s = float(edges[first]) - run_s[1]
            if stop > first or rest_s >= _LONGEST_REST_S:
                continue
            missing = np.flatnonzero(played[begin:first] == 0)
            begin += int(missing[-1]) + 1 if len(missing) else 0
            if float(edges[stop] - edges[begin]) > _MOSTLY * (run_s[1] - run_s[0]):
                flags[begin:first] = True
                first = begin
    return flags


def runs_of_playing(heard: StepFeatures) -> list[Seconds]:
    """Return performances, joined where the rest between them is shorter than a pause of players."""
    return heard.takes.runs_of_playing(LEAST_PAUSE_S)


def _mostly_played(heard: StepFeatures, played: NDArray[np.int64]) -> Flags:
    """Return the steps of long runs of playing that are mostly played, shape (n,)."""
    flags = np.zeros(len(heard), bool)
    for run_s in runs_of_playing(heard):
        span = slice(*_steps_of(heard, run_s))
        lengths_s = heard.steps.lengths_s[span]
        is_most = float(lengths_s[played[span] > 0].sum()) > _MOSTLY * float(lengths_s.sum())
        flags[span] = is_most and not _is_no_take(heard, run_s)
    return flags


def _is_no_take(heard: StepFeatures, run_s: Seconds) -> bool:
    """Return whether a run of playing is too brief for a take, such as talk, or is tuning."""
    return run_s[1] - run_s[0] <= _BRIEF_S or run_s in heard.tuning_s


def _no_takes(heard: StepFeatures) -> Flags:
    """Return the steps of talk and of runs of playing that are not takes, shape (n,)."""
    flags = talk_of(heard.steps, heard.talk_s)
    for run_s in runs_of_playing(heard):
        if _is_no_take(heard, run_s):
            flags[slice(*_steps_of(heard, run_s))] = True
    return flags


def places_elsewhere(
    heard: StepFeatures, played: NDArray[np.int64], is_reference: Flags
) -> NDArray[np.int64]:
    """Return for each step a played step of another take with the same music, −1 for none, shape (n,).

    Steps of reference takes come before others.
    """
    found = np.full(len(heard), -1)
    for is_allowed in (is_reference & (played > 0), played > 0):
        for group in heard.takes.groups:
            for place in range(len(group.takes)):
                for other in range(len(group.takes)):
                    if other == place:
                        continue
                    own, there = same_places(group, place, other, heard.steps)
                    is_new = (found[own] < 0) & is_allowed[there]
                    found[own[is_new]] = there[is_new]
    return found


def _reference_place(heard: StepFeatures, group: TakeGroup, played: NDArray[np.int64]) -> int:
    shares = [take.to_share - take.from_share for take in group.takes]
    whole = [at for at, share in enumerate(shares) if share >= _NEARLY_WHOLE * max(shares)]
    lengths_s = heard.steps.lengths_s

    def played_share(at: int) -> float:
        span = slice(*_steps_of(heard, _span_s(group.takes[at])))
        total_s = float(lengths_s[span].sum())
        return float(lengths_s[span][played[span] > 0].sum()) / total_s if total_s else 0.0

    return max(whole, key=lambda at: (round(played_share(at), 2), at))


def _begun_again(heard: StepFeatures) -> Iterator[tuple[Seconds, float]]:
    """Yield the performances that begin as false starts do and are not false starts, and where they do."""
    starts = false_starts_of(heard)
    for one in starts:
        for performance in heard.takes.played_s:
            start_s, stop_s = performance
            if not start_s - 1.0 <= one.begins_again_s < min(stop_s, start_s + _LEAD_IN_S):
                continue
            attempted_s = sum(_overlap_s(performance, (other.start_s, other.stop_s)) for other in starts)
            if attempted_s <= _MOSTLY * (stop_s - start_s):
                yield performance, one.begins_again_s


def _performances_of(heard: StepFeatures, take_s: Seconds) -> Iterator[Seconds]:
    """Yield the performances that a take is in, apart from those it only touches."""
    for performance in heard.takes.played_s:
        shared_s = _overlap_s(performance, take_s)
        if shared_s > _MOSTLY * min(performance[1] - performance[0], take_s[1] - take_s[0]):
            yield performance


def _without_lead_in(heard: StepFeatures, performance: Seconds, begins_s: float) -> Span:
    """Return the steps of a performance without the quiet count-in before `begins_s`."""
    first, last = _steps_of(heard, performance)
    begin = _steps_of(heard, (begins_s, begins_s))[0]
    if first < begin and begins_s - performance[0] <= _LEAD_IN_S:
        levels_db = heard.levels_db[first:last]
        loud = np.flatnonzero(levels_db[: begin - first] > np.median(levels_db) - _LEAD_IN_DB)
        first = first + int(loud[0]) if len(loud) else begin
    return first, last


def _span_s(take: Take) -> Seconds:
    return take.start_s, take.stop_s


def _overlap_s(one: Seconds, other: Seconds) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def _steps_of(heard: StepFeatures, span_s: Seconds) -> Span:
    """Return the steps [first, last) that any part of a span is in."""
    edges = heard.steps.edges_s
    first = int(np.searchsorted(edges, span_s[0] + _WITHIN_S, side="right")) - 1
    last = min(len(heard), int(np.searchsorted(edges, span_s[1] - _WITHIN_S, side="left")))
    return max(0, first), last
