"""From recordings to segments: which raw recording the edited file follows when, roughly.

A few windows of the edited file are searched first, then those that their lines do not explain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from engine.core.progress import Progress
from engine.core.side_by_side import side_by_side
from engine.core.timebase import Samples, runs, united, within
from engine.features.match.searching.lags import HOP_SAMPLES as FAINT_HOP_SAMPLES
from engine.features.match.searching.lags import WINDOW_SAMPLES as FAINT_SAMPLES
from engine.features.match.searching.lags import faint_places
from engine.features.match.searching.likelihood import (
    FOLLOWED_RATIO,
    STEP_SAMPLES,
    UNKNOWN,
    Stay,
    decode,
    log_likelihoods,
)
from engine.features.match.searching.places import (
    Diagonal,
    Places,
    diagonals,
    joined_places,
    places,
    stretches,
)
from engine.features.match.sound import HOP_SAMPLES, RATE_HZ, Floats, SearchFeatures

Spans = Sequence[tuple[float, float]]

_SHORT_FRAMES, _SHORT_HOP = 8, 2
GAP_OF_STRETCHES = 1.5
_ROUNDS = 2  # what lay beside a louder piece is heard once that is known
_SEARCHED_AGAIN_S = 0.15
_AROUND_S = 0.25
_FOLLOWED_ON_S = 2.0
_DOUBTED_STEPS, _AT_ONCE_STEPS = 16, 256
_NOTHING_TOLD = -1.0  # of steps in which both sides are silent
_DOUBTED_BELOW = 0.15
_SAME_WITHIN_SAMPLES = 1.2
_SHORTEST_UNKNOWN_S = 0.13
_FLICKER_S = 0.6


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span [start, stop) of the edited file on a line, or on none; in samples at the rate of the search."""

    line: Diagonal | None
    start: float
    stop: float


@dataclass(frozen=True, slots=True)
class FirstLook:
    """Lines of windows of half a second, and where the edited file follows which of them."""

    lines: list[Diagonal]
    stays: list[Stay]

    def fragments(self, length: int) -> list[Stretch]:
        """Return the segments that an edited file of `length` samples has so far."""
        return _stretches(self.stays, self.lines, length)


def searched(
    raws: Sequence[SearchFeatures],
    edited: SearchFeatures,
    first: FirstLook,
    progress: Progress,
    left: Spans = (),
) -> list[Stretch]:
    """Return the segments of an edited file, from start to end.

    Parameters
    ----------
    first : of the same file
    left : spans of the edited file in which no line is followed, since stretched sound explains them
    """
    length = len(edited.mono)
    monos = [raw.mono for raw in raws]
    lines = list(first.lines)
    stays = _without(first.stays, left)
    again = _starts_within(_beyond(_unknown(stays), left), length)
    if len(again):
        longest_gap = (_SHORT_FRAMES + GAP_OF_STRETCHES * _SHORT_HOP) * HOP_SAMPLES
        found = places(raws, edited, _SHORT_FRAMES, again, progress.part(0.0, 0.4))
        more = diagonals(found, _SHORT_FRAMES * HOP_SAMPLES, longest_gap)
        retained = [line for line in lines if not any(a <= line.start and line.stop <= b for a, b in left)]
        lines = retained + more
        stays = _without(decode(monos, edited.mono, lines, progress.part(0.4, 0.6)), left)
    looked_at: list[tuple[float, float]] = []
    for number in range(_ROUNDS):
        share = progress.part(0.6, 1.0).step(number, _ROUNDS)
        unsure = sorted([*_beyond(_unknown(stays), left), *_doubtful(monos, edited.mono, stays, lines)])
        spans = [span for span in unsure if span not in looked_at]
        hidden = faint_places(monos, edited.mono, spans, share.part(0.0, 0.5))
        if number and not len(hidden.at):
            break
        if not number:
            lines = _followed(stays, lines)
        lines += diagonals(hidden, FAINT_SAMPLES, FAINT_SAMPLES + GAP_OF_STRETCHES * FAINT_HOP_SAMPLES)
        stays = _without(decode(monos, edited.mono, lines, share.part(0.5, 1.0), FOLLOWED_RATIO), left)
        looked_at += spans
    return _stretches(stays, lines, length)


def _without(stays: Sequence[Stay], left: Spans) -> list[Stay]:
    """Return stays that follow no line in some disjoint spans, in order."""
    steps = [(round(start / STEP_SAMPLES), round(stop / STEP_SAMPLES)) for start, stop in left]
    found: list[Stay] = []
    for stay in stays:
        start = stay.start
        for first, last in [(a, b) for a, b in steps if a < stay.stop and b > stay.start]:
            inside = max(first, start), min(last, stay.stop)
            found += [Stay(stay.line, start, inside[0]), Stay(UNKNOWN, *inside)]
            start = inside[1]
        found.append(Stay(stay.line, start, stay.stop))
    retained: list[Stay] = []
    for stay in (one for one in found if one.stop > one.start):
        if retained and retained[-1].line == stay.line == UNKNOWN:
            retained[-1] = replace(retained[-1], stop=stay.stop)
        else:
            retained.append(stay)
    return retained


def _beyond(spans: Sequence[tuple[float, float]], left: Spans) -> list[tuple[float, float]]:
    """Return the parts of spans outside of some others, where they are long enough to be searched."""
    found = list(spans)
    for start, stop in left:
        cut = [(a, min(b, start)) for a, b in found] + [(max(a, stop), b) for a, b in found]
        found = [one for one in dict.fromkeys(cut) if one[1] - one[0] >= _SEARCHED_AGAIN_S * RATE_HZ]
    return sorted(found)


def _followed(stays: Sequence[Stay], lines: Sequence[Diagonal]) -> list[Diagonal]:
    """Return the lines of some stays, each as long as it was followed and a little more."""
    around = _FOLLOWED_ON_S * RATE_HZ
    return [
        replace(
            lines[stay.line], start=stay.start * STEP_SAMPLES - around, stop=stay.stop * STEP_SAMPLES + around
        )
        for stay in stays
        if stay.line != UNKNOWN
    ]


def _unknown(stays: Sequence[Stay]) -> list[tuple[float, float]]:
    least = _SEARCHED_AGAIN_S * RATE_HZ
    spans = [(one.start * STEP_SAMPLES, one.stop * STEP_SAMPLES) for one in stays if one.line == UNKNOWN]
    return [(start, stop) for start, stop in spans if stop - start >= least]


def _doubtful(
    raws: Sequence[Floats], edited: Floats, stays: Sequence[Stay], lines: Sequence[Diagonal]
) -> list[tuple[float, float]]:
    """Return spans whose line is far less likely there than lines are elsewhere.

    A quiet passage, with levels under the floor, follows any slightly similar line if its own was not found.
    """
    ratios = np.zeros(-(-(len(edited) // STEP_SAMPLES + 1) // _DOUBTED_STEPS) * _DOUBTED_STEPS)
    told = np.zeros(len(ratios), bool)
    for stay in (one for one in stays if one.line != UNKNOWN):
        for first in range(stay.start, stay.stop, _AT_ONCE_STEPS):
            span = slice(first, min(first + _AT_ONCE_STEPS, stay.stop))
            of_line = log_likelihoods(
                raws, edited, [lines[stay.line]], first, span.stop - first, _NOTHING_TOLD
            )[:, 0]
            ratios[span], told[span] = of_line, of_line != _NOTHING_TOLD
    counts = told.reshape(-1, _DOUBTED_STEPS).sum(axis=1)
    means = (ratios * told).reshape(-1, _DOUBTED_STEPS).sum(axis=1) / np.maximum(counts, 1)
    is_told = counts > _DOUBTED_STEPS // 2
    if not np.any(is_told):
        return []
    is_doubted = is_told & (means < _DOUBTED_BELOW * np.median(means[is_told]))
    samples = runs(is_doubted) * float(_DOUBTED_STEPS * STEP_SAMPLES)
    return [(start, stop) for start, stop in samples.tolist()]


def _starts_within(spans: Sequence[tuple[float, float]], length: int) -> NDArray[np.int64]:
    every = stretches(length, _SHORT_FRAMES, _SHORT_HOP)
    middles = (every + _SHORT_FRAMES / 2) * HOP_SAMPLES
    wanted = np.zeros(len(every), bool)
    for start, stop in spans:
        around = _AROUND_S * RATE_HZ
        wanted |= (middles >= start - around) & (middles < stop + around)
    return every[wanted]


def _stretches(stays: Sequence[Stay], lines: Sequence[Diagonal], length: int) -> list[Stretch]:
    """Return stays as stretches: short gaps are shared by their neighbours, the same line goes on."""
    found: list[Stretch] = []
    for stay in stays:
        line = None if stay.line == UNKNOWN else lines[stay.line]
        start = max(0.0, (stay.start - 0.5) * STEP_SAMPLES)
        stop = min(float(length), (stay.stop - 0.5) * STEP_SAMPLES)
        if stop > start:
            found.append(Stretch(line, start, stop))
    if found:
        found[-1] = replace(found[-1], stop=float(length))
    return joined(without_flicker(joined(without_short_gaps(found))))


def without_short_gaps(found: Sequence[Stretch]) -> list[Stretch]:
    """Return stretches, each gap that is too short to be one shared by its neighbours."""
    retained: list[Stretch] = []
    for number, one in enumerate(found):
        is_short = one.line is None and one.stop - one.start < _SHORTEST_UNKNOWN_S * RATE_HZ
        if not is_short or len(found) == 1:
            retained.append(one)
            continue
        has_next = number + 1 < len(found)
        middle = (one.start + one.stop) / 2 if has_next else one.stop
        if retained:
            retained[-1] = replace(retained[-1], stop=middle)
        elif not has_next:
            retained.append(one)
    for number in range(1, len(retained)):
        retained[number] = replace(retained[number], start=retained[number - 1].stop)
    if retained:
        retained[0] = replace(retained[0], start=0.0)
    return retained


def without_flicker(found: Sequence[Stretch]) -> list[Stretch]:
    """Return stretches in which lines that take turns for a moment, as in a long crossfade, do so once."""
    retained = list(found)
    for first in range(len(retained) - 3):
        one, other, one_again, other_again = retained[first : first + 4]
        takes_turns = _is_same(one.line, one_again.line) and _is_same(other.line, other_again.line)
        if takes_turns and max(each.stop - each.start for each in (other, one_again)) < _FLICKER_S * RATE_HZ:
            middle = (other.start + one_again.stop) / 2
            retained[first] = replace(one, stop=middle)
            retained[first + 1] = replace(one, start=middle, stop=middle)
            retained[first + 2] = replace(other_again, start=middle, stop=middle)
            retained[first + 3] = replace(other_again, start=middle)
    return [each for each in retained if each.stop > each.start]


def joined(found: Sequence[Stretch]) -> list[Stretch]:
    """Return stretches with those that follow each other on the same line as one."""
    retained: list[Stretch] = []
    for one in found:
        if retained and _is_same(retained[-1].line, one.line):
            retained[-1] = replace(retained[-1], stop=one.stop)
        else:
            retained.append(one)
    return retained


def _is_same(one: Diagonal | None, other: Diagonal | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.raw == other.raw and abs(one.offset - other.offset) < _SAME_WITHIN_SAMPLES


_FRAMES, _HOP = 22, 5
_QUICK = 4  # every fourth window: one begins where the one before it ends
_LONGEST_GAP = (_FRAMES + GAP_OF_STRETCHES * _HOP) * HOP_SAMPLES
_EXACT_RATIO = 300.0  # nats a step: a coherence of 0.92, as of copies and of nothing else that is similar
_AROUND_STEPS = 5


@dataclass(frozen=True, slots=True, eq=False)
class QuickLook:
    """The result of a look at a few windows.

    Attributes
    ----------
    first : the lines of these windows, and where the edited file follows which of them
    windows : the first frame of each window of the file, and whether it was looked at, shape (n,) each
    found : the places of those that were
    """

    first: FirstLook
    windows: NDArray[np.int64]
    is_known: NDArray[np.bool_]
    found: Places


def quick_look(raws: Sequence[SearchFeatures], edited: SearchFeatures, progress: Progress) -> QuickLook:
    """Look at a few windows of an edited file, from start to end."""
    windows = stretches(len(edited.mono), _FRAMES, _HOP)
    is_known = np.arange(len(windows)) % _QUICK == 0
    found = places(raws, edited, _FRAMES, windows[is_known], progress.part(0.0, 0.7))
    return QuickLook(_decoded(raws, edited, found, progress.part(0.7, 1.0)), windows, is_known, found)


def first_look(
    raws: Sequence[SearchFeatures],
    edited: SearchFeatures,
    progress: Progress,
    quick: QuickLook | None = None,
    left: Spans = (),
) -> FirstLook:
    """Return the lines that an edited file follows for some time.

    Parameters
    ----------
    quick : of the same file, if it is known
    left : spans of the edited file that stretched sound explains, in which a quick look is enough
    """
    quick = quick or quick_look(raws, edited, progress.part(0.0, 0.3))
    exact = _exact(raws, edited, quick.first)
    explained = [(round(start), round(stop)) for start, stop in left]
    spans = quick.windows[:, None] * HOP_SAMPLES + np.array([0, _FRAMES * HOP_SAMPLES])
    others = quick.windows[~quick.is_known & ~within(spans, united([*exact, *explained]))]
    if not len(others):
        return quick.first
    found = places(raws, edited, _FRAMES, others, progress.part(0.3, 0.8))
    found = joined_places([_on_exact(quick, united(exact)), found])
    return _decoded(raws, edited, found, progress.part(0.8, 1.0))


def _on_exact(quick: QuickLook, exact: Samples) -> Places:
    """Return the places of a quick look without those that are off a line which explains every moment."""
    found, stays = quick.found, [stay for stay in quick.first.stays if stay.line != UNKNOWN]
    lines = [quick.first.lines[stay.line] for stay in stays]
    starts = np.array([stay.start * STEP_SAMPLES for stay in stays])
    which = np.clip(np.searchsorted(starts, found.at, side="right") - 1, 0, None)
    half = _FRAMES * HOP_SAMPLES // 2
    windows = np.stack([found.at.astype(np.int64) - half, found.at.astype(np.int64) + half], axis=1)
    is_left = ~within(windows, exact)
    if lines:
        raw, offset = (np.array([getattr(line, of) for line in lines])[which] for of in ("raw", "offset"))
        is_left |= (found.raw == raw) & (np.abs(found.offset - offset) <= _SAME_WITHIN_SAMPLES)
    return Places(found.at[is_left], found.raw[is_left], found.offset[is_left], found.score[is_left])


def _decoded(
    raws: Sequence[SearchFeatures], edited: SearchFeatures, found: Places, progress: Progress
) -> FirstLook:
    lines = diagonals(found, _FRAMES * HOP_SAMPLES, _LONGEST_GAP)
    return FirstLook(lines, decode([raw.mono for raw in raws], edited.mono, lines, progress))


def _exact(raws: Sequence[SearchFeatures], edited: SearchFeatures, first: FirstLook) -> list[tuple[int, int]]:
    """Return the spans in which the line that is followed explains every moment as only copies do."""
    monos = [raw.mono for raw in raws]
    parts = [
        Stay(stay.line, start, min(start + _AT_ONCE_STEPS, stay.stop))
        for stay in first.stays
        if stay.line != UNKNOWN
        for start in range(stay.start, stay.stop, _AT_ONCE_STEPS)
    ]

    def ratios(part: Stay) -> NDArray[np.float64]:
        line, count = first.lines[part.line], part.stop - part.start
        return log_likelihoods(monos, edited.mono, [line], part.start, count, _EXACT_RATIO)[:, 0]

    ratio = np.zeros(max((stay.stop for stay in first.stays), default=0))
    for part, one in zip(parts, side_by_side(ratios, parts), strict=True):
        ratio[part.start : part.stop] = one
    is_exact = uniform_filter1d(ratio, _AROUND_STEPS) >= _EXACT_RATIO
    for stay in first.stays:  # windows around a change of line are looked at
        is_exact[stay.start : stay.start + 1] = False
    steps = runs(is_exact)
    return [(start, stop) for start, stop in (steps * STEP_SAMPLES).tolist()]
