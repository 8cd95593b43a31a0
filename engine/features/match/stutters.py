"""Stutters: a slice of some 30 to 350 ms that is repeated many times next to where it was played.

The search finds no line in so short a slice. A stutter follows from one number, its period: each repetition
is on the line of the segment next to it, one period further. All repetitions together have to pass the null
test as one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from engine.analysis.signal.second_recorder import summit
from engine.features.match.nulling import Nulled, certain_until
from engine.features.match.searching.likelihood import cut, on_line
from engine.features.match.searching.places import Diagonal
from engine.features.match.searching.search import Stretch, joined
from engine.features.match.sound import RATE_HZ, Floats

_LEAST_PERIOD, _MOST_PERIOD = round(0.03 * RATE_HZ), round(0.35 * RATE_HZ)
_COMPARED = RATE_HZ
_LEAST_ALIKE = 0.8
_MOST_PERIODS = 3
_LEAST_REPEATED = 2.0  # periods
_LONGEST = 20 * RATE_HZ
_NEAR = 1.0  # periods: how far from its rough place the border of a slice is searched
_PLACES, _FINEST = 128, 0.5
_BORDER_FROM = 2 * RATE_HZ
_SHORT = 0.35 * RATE_HZ


@dataclass(frozen=True, slots=True)
class _Stutter:
    """A stutter after a segment, in samples at the rate of the search.

    Attributes
    ----------
    start, stop : of the repetitions, without the slice that they repeat
    line : of the segment before
    """

    line: Diagonal
    start: float
    stop: float
    period: float

    def repetitions(self) -> Iterator[Stretch]:
        """Yield the repetitions, each on its line."""
        edges = [*np.arange(self.start, self.stop, self.period).tolist(), self.stop]
        for number, (start, stop) in enumerate(pairwise(edges), start=1):
            line = replace(self.line, offset=self.line.offset - number * self.period, start=start, stop=stop)
            yield Stretch(line, start, stop)


def with_stutters(raws: Sequence[Floats], edited: Floats, passed: Nulled) -> list[Stretch]:
    """Return the segments of a null test, with stutters next to a known one instead of foreign spans.

    Parameters
    ----------
    raws, edited : mono, at the rate of the search; stretches in their samples
    """
    forwards = _filled(raws, edited, passed, passed.stretches)
    back = len(edited)
    turned_raws = [np.ascontiguousarray(raw[::-1]) for raw in raws]
    turned = [_turned(one, raws, back) for one in reversed(forwards)]
    backwards = _filled(turned_raws, np.ascontiguousarray(edited[::-1]), passed, turned)
    return joined([_turned(one, raws, back) for one in reversed(backwards)])


def _turned(one: Stretch, raws: Sequence[Floats], length: int) -> Stretch:
    """Return a segment in time-reversed audio."""
    start, stop = length - one.stop, length - one.start
    if one.line is None:
        return Stretch(None, start, stop)
    offset = len(raws[one.line.raw]) - length - one.line.offset
    return Stretch(replace(one.line, offset=offset, start=start, stop=stop), start, stop)


def _filled(
    raws: Sequence[Floats], edited: Floats, passed: Nulled, found: Sequence[Stretch]
) -> list[Stretch]:
    """Return stretches with the stutters that follow a known one."""
    retained: list[Stretch] = []
    number = 0
    while number < len(found):
        one = found[number]
        retained.append(one)
        number += 1
        if one.line is None or one.stop - one.start < _SHORT:
            continue
        after = number
        while after < len(found) and _is_open(found[after]):
            after += 1
        if after == number:
            continue
        stutter = _stutter(raws, edited, passed, one, found[after - 1].stop)
        if stutter is None:
            continue
        retained[-1] = replace(one, stop=stutter.start)
        retained += stutter.repetitions()
        rest = [replace(each, start=max(each.start, stutter.stop)) for each in found[number:after]]
        retained += [each for each in rest if each.stop > each.start]
        number = after
    return retained


def _is_open(one: Stretch) -> bool:
    return one.line is None or one.stop - one.start < _SHORT


def _stutter(
    raws: Sequence[Floats], edited: Floats, passed: Nulled, before: Stretch, stop: float
) -> _Stutter | None:
    """Return the longest certain stutter after a segment, up to `stop`; None without one."""
    assert before.line is not None
    best: _Stutter | None = None
    stop = min(stop, before.stop + _LONGEST)
    for period in _periods(edited, round(before.stop), round(stop)):
        start = _border(raws[before.line.raw], edited, before, period, stop)
        one = _Stutter(before.line, start, stop, period)
        composed = np.zeros(len(edited), np.float32)
        for each in one.repetitions():
            assert each.line is not None
            raw, first, last = raws[each.line.raw], round(each.start), min(len(composed), round(each.stop))
            composed[first:last] = on_line(raw, each.line.offset, first, last)
        line = Diagonal(0, 0.0, start, stop, 1.0)
        until = certain_until([composed], edited, Stretch(line, start, stop), passed.expected)
        if until is None or until - start < _LEAST_REPEATED * period:
            continue
        if best is None or until > best.stop:
            best = replace(one, stop=until)
    return best


def _periods(edited: Floats, start: int, stop: int) -> list[float]:
    """Return the lags at which the audio from `start` on is most like the audio before, the best first."""
    length = min(stop - start, _COMPARED)
    if length < _LEAST_REPEATED * _LEAST_PERIOD:
        return []
    begin = start + min(_LEAST_PERIOD, length // 4)
    mine = cut(edited, begin, start + length - begin).astype(np.float64)
    most = min(_MOST_PERIOD, int(length / _LEAST_REPEATED))
    around = cut(edited, begin - most - 1, len(mine) + most + 1 - _LEAST_PERIOD + 1).astype(np.float64)
    products = np.correlate(around, mine, "valid")
    sums = np.concatenate([[0.0], np.cumsum(around**2)])
    power = (sums[len(mine) :] - sums[: -len(mine)]) * float(np.sum(mine**2))
    alike = products / np.sqrt(np.maximum(power, 1e-20))
    inner = alike[1:-1]
    is_top = (inner >= alike[:-2]) & (inner >= alike[2:]) & (inner > _LEAST_ALIKE)
    tops = np.flatnonzero(is_top) + 1
    tops = tops[np.argsort(-alike[tops], kind="stable")][:_MOST_PERIODS]
    return [most + 1 - (float(top) + summit(*alike[top - 1 : top + 2].tolist())) for top in tops]


def _border(raw: Floats, edited: Floats, before: Stretch, period: float, stop: float) -> float:
    """Return where the slice before the repetitions ends: where they differ least from the edited file."""
    assert before.line is not None
    at = np.arange(round(before.stop - 2.0 * period), round(min(stop, before.stop + _BORDER_FROM)))
    mine = cut(edited, int(at[0]), len(at))
    ahead = at + before.line.offset

    def explained(place: float) -> float:
        number = np.maximum(np.ceil((at + 1 - place) / period), 0.0)
        there = np.rint(ahead - number * period).astype(np.int64)
        theirs = np.where((there >= 0) & (there < len(raw)), raw[np.clip(there, 0, len(raw) - 1)], 0.0)
        return float(mine @ theirs) ** 2 / max(float(theirs @ theirs), 1e-20)

    step = 2.0 * _NEAR * period / _PLACES
    places: list[float] = (before.stop + np.arange(-_NEAR * period, _NEAR * period, step)).tolist()
    finer: list[float] = (max(places, key=explained) + np.arange(-step, step, _FINEST)).tolist()
    return max(finer, key=explained)
