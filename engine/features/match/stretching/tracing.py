"""From places that sound alike to lines, and which of them the edited file follows when."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from engine.analysis.signal.viterbi import stay_or_jump, traced
from engine.core.progress import Progress
from engine.features.match.searching.features import RATE_HZ, Floats
from engine.features.match.stretching.coarse import WINDOW_S, Place
from engine.features.match.stretching.lines import StretchedLine, along, correlation, followed, measured
from engine.features.match.stretching.spectra import HOP_SAMPLES, Spectra

_FAR_S, _NEAR_S = 12.0, 2.0
_SAME_S, _SAME_SHARE, _SAME_SEMITONES = 0.09, 0.004, 0.8
_SPEEDS = (0.77, 1.3)
_MOST_TRIED, _MOST_AT_ONCE = 100, 2  # of a minute
_HALF_WINDOW_SAMPLES = WINDOW_S * RATE_HZ / 2
_CORE_SHARE = 0.6  # of a window, clear of sound on the far side of a border
_WORSE_BY = 0.04
_ALIKE, _JUMP_FRAMES = 0.5, 10.0
_NEAR_FRAMES, _SILENT = 9, 0.05
_SHORTEST_S, _LEAST_SOUNDS_S = 0.5, 0.5
_BEYOND_S = 0.6
_TOGETHER_S = 60.0
_SURELY_ALIKE, _GOES_ON_S = 0.8, 20.0
_LESS_ALIKE = 0.02  # than in all of its span, a line that goes on is where the file follows it

Span = tuple[float, float]


def lines_of(
    raws: tuple[Spectra, ...],
    edited: Spectra,
    places: Sequence[Place],
    spans: Sequence[Span],
    known: Sequence[StretchedLine],
    progress: Progress,
) -> list[StretchedLine]:
    """Return lines through places that known ones do not explain, each as long as it holds within its span.

    Raises
    ------
    Cancelled : the user asked for it
    """
    lines: list[StretchedLine] = []
    for number, span in enumerate(spans):
        progress.check_cancelled()
        progress.report(number / len(spans), "Following stretched sound")
        around = _HALF_WINDOW_SAMPLES
        inside = [one for one in places if span[0] - around <= one.at < span[1] + around]
        lines += _lines_within(raws, edited, inside, span, known)
    return lines


def _lines_within(
    raws: tuple[Spectra, ...],
    edited: Spectra,
    places: Sequence[Place],
    span: Span,
    known: Sequence[StretchedLine],
) -> list[StretchedLine]:
    """Return lines through places that no known line explains, minute by minute of the places."""
    found = [line for line in known if line.start < span[1] and line.stop > span[0]]
    count = len(found)
    asked: dict[tuple[StretchedLine, float], bool] = {}

    def is_open(one: Place) -> bool:
        """Return whether a place is on no line yet, and no long one holds there as well as elsewhere."""
        if any(_explains(line, one) for line in found):
            return False
        for line in (line for line in found if goes_on(line) and line.start <= one.at < line.stop):
            if (line, one.at) not in asked:
                asked[line, one.at] = _holds_around(raws, edited, line, one.at)
            if asked[line, one.at]:
                return False
        return True

    best = _best_alike(places)
    minutes: dict[int, list[Place]] = {}
    for one in places:
        if one.alike >= best[one.at] - _WORSE_BY:
            minutes.setdefault(int(one.at / (_TOGETHER_S * RATE_HZ)), []).append(one)
    ordered = sorted(places, key=lambda one: one.at)
    for number in sorted(minutes, key=lambda one: -len(minutes[one])):
        guesses = [(_supported(one, ordered), one) for one in minutes[number] if is_open(one)]
        tried = 0
        for guess, one in sorted(guesses, key=lambda each: -each[0].alike):
            if not is_open(one):
                continue
            over = [line for line in found if line.start <= one.at < line.stop]
            if len(over) > _MOST_AT_ONCE or tried >= _MOST_TRIED:
                continue
            tried += 1
            line = _followed(raws, edited, guess, span)
            if line is None or not _explains(line, one):  # others led it away
                line = _followed(raws, edited, _alone(one), span)
            if line is not None and not any(_is_same(line, other) for other in found):
                found.append(line)
    return found[count:]


def _followed(
    raws: tuple[Spectra, ...], edited: Spectra, guess: StretchedLine, span: Span
) -> StretchedLine | None:
    """Return the line of a guess within a span, if it is long and alike enough to be one."""
    inside = replace(guess, start=max(guess.start, span[0]), stop=min(guess.stop, span[1]))
    line = followed(raws, edited, inside, span) if inside.stop > inside.start else None
    is_good = line is not None and line.alike >= _ALIKE and line.sounds_s >= _LEAST_SOUNDS_S
    return line if is_good else None


def _alone(one: Place) -> StretchedLine:
    """Return the line through a place, and through no other."""
    half = _CORE_SHARE * _HALF_WINDOW_SAMPLES / one.speed
    return StretchedLine(
        one.raw, one.at, one.there, one.speed, one.semitones, one.at - half, one.at + half, one.alike
    )


def _best_alike(places: Sequence[Place]) -> dict[float, float]:
    best: dict[float, float] = {}
    for one in places:
        best[one.at] = max(best.get(one.at, 0.0), one.alike)
    return best


def _supported(one: Place, places: Sequence[Place]) -> StretchedLine:
    """Return the line through a place that most others are on as well; `alike` is the sum of theirs.

    Parameters
    ----------
    places : in the order of the edited file
    """
    first = bisect_left(places, one.at - _FAR_S * RATE_HZ, key=_at)
    last = bisect_right(places, one.at + _FAR_S * RATE_HZ, key=_at)
    near = [
        other
        for other in places[first:last]
        if other.raw == one.raw and abs(other.semitones - one.semitones) <= _SAME_SEMITONES
    ]
    at = np.array([other.at for other in near]) - one.at
    there = np.array([other.there for other in near]) - one.there
    alike = np.array([other.alike for other in near])
    is_far = np.abs(at) >= _NEAR_S * RATE_HZ
    slopes = np.concatenate([[one.speed], there[is_far] / at[is_far]])
    slopes = slopes[(slopes >= _SPEEDS[0]) & (slopes <= _SPEEDS[1])]
    apart = np.abs(there - slopes[:, None] * at)
    is_on = apart <= _SAME_S * RATE_HZ + _SAME_SHARE * np.abs(at)
    moments = [dict(zip(at[row].tolist(), alike[row].tolist(), strict=True)) for row in is_on]
    sums = [sum(each.values()) for each in moments]
    top = int(np.argmax(sums))
    reach = [*moments[top], 0.0]
    half = _CORE_SHARE * _HALF_WINDOW_SAMPLES / slopes[top]
    return StretchedLine(
        one.raw,
        one.at,
        one.there,
        float(slopes[top]),
        one.semitones,
        one.at + min(reach) - half,
        one.at + max(reach) + half,
        float(sums[top]),
    )


def _at(one: Place) -> float:
    return one.at


def _explains(line: StretchedLine, one: Place) -> bool:
    """Return whether a place is on a line."""
    if line.raw != one.raw or not line.start <= one.at < line.stop:
        return False
    return abs(line.raw_at(one.at) - one.there) < 0.1 * RATE_HZ


def goes_on(line: StretchedLine) -> bool:
    """Return whether a line is so long and alike that others are hardly likelier in its span."""
    return line.alike >= _SURELY_ALIKE and line.stop - line.start >= _GOES_ON_S * RATE_HZ


def _holds_around(raws: tuple[Spectra, ...], edited: Spectra, line: StretchedLine, at: float) -> bool:
    """Return whether a line is about as alike around a moment as in all of its span."""
    part = max(line.start, at - _HALF_WINDOW_SAMPLES), min(line.stop, at + _HALF_WINDOW_SAMPLES)
    return measured(raws, edited, line, part).alike >= line.alike - _LESS_ALIKE


def _is_same(one: StretchedLine, other: StretchedLine) -> bool:
    start, stop = max(one.start, other.start), min(one.stop, other.stop)
    if one.raw != other.raw or stop <= start or stop - start < 0.8 * (one.stop - one.start):
        return False
    return max(abs(one.raw_at(at) - other.raw_at(at)) for at in (start, stop)) < 0.05 * RATE_HZ


def decoded(
    raws: tuple[Spectra, ...], edited: Spectra, lines: Sequence[StretchedLine], span: Span
) -> list[StretchedLine]:
    """Return the parts of lines that a span of the edited file follows, in order and disjoint."""
    inside = [one for one in lines if one.start < span[1] and one.stop > span[0]]
    first, last = int(np.ceil(span[0] / HOP_SAMPLES)), int(np.ceil(span[1] / HOP_SAMPLES))
    if not inside or last - first < 2:
        return []
    scores = np.zeros((last - first, len(inside) + 1), np.float32)
    for number, line in enumerate(inside):
        scores[:, number + 1] = -1.0
        beyond = _BEYOND_S * RATE_HZ
        part = max(span[0], line.start - beyond), min(span[1], line.stop + beyond)
        table = along(raws, edited, line, part)
        rows = slice(table.first - first, table.first - first + len(table.own))
        scores[rows, number + 1] = _agreement(table.own, table.others[0])[: len(scores[rows])]
    came_from, totals = stay_or_jump(
        scores[0].astype(np.float64), np.arange(scores.shape[1]), scores[1:], _JUMP_FRAMES
    )
    followed_by = traced(came_from, int(totals.argmax()))
    borders = np.flatnonzero(np.diff(followed_by)) + 1
    edges = [0, *borders.tolist(), len(followed_by)]
    found = []
    for start, stop in pairwise(edges):
        which = int(followed_by[start])
        if which and (stop - start) * HOP_SAMPLES >= _SHORTEST_S * RATE_HZ:
            samples = [(first + edge - 0.5) * HOP_SAMPLES for edge in (start, stop)]
            samples = [min(max(one, span[0]), span[1]) for one in samples]
            found.append(replace(inside[which - 1], start=samples[0], stop=samples[1]))
    return found


def _agreement(own: Floats, theirs: Floats) -> Floats:
    """Return how much more alike both sides are at each frame than sound that is just alike enough.

    Frames of little sound count less; but silence is not alike to sound.
    """
    alike, *powers = correlation(own, theirs, _NEAR_FRAMES, mode="nearest")
    mine, other = (power / max(1e-9, float(np.median(power))) for power in powers)
    weight = np.minimum(1.0, np.where(mine < _SILENT, other, mine))
    found: Floats = (weight * (alike - _ALIKE)).astype(np.float32)
    return found
