"""Extent of a line beneath noise or louder sound, which hide its levels.

Both sides are filtered by the inverse of their spectrum and correlated tenth by tenth of a second, on the
line and at lags next to it, which show the values by chance. Small agreements add up; the line ends at the
maximum of the sum, if that is above chance (a cumulative sum: E. S. Page, "Continuous inspection schemes",
Biometrika 41, 1954) and above any lag next to the line: steady tones and hum agree with themselves at many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import Progress
from engine.features.match.searching.diagonals import Diagonal
from engine.features.match.searching.features import RATE_HZ, Floats
from engine.features.match.searching.lags import filtered, inverse_filter
from engine.features.match.searching.likelihood import cut, on_line
from engine.features.match.searching.search import Stretch, joined, without_short_gaps

_BLOCK_SAMPLES = RATE_HZ // 10
_BLOCKS_AT_ONCE = 30
_BESIDE_SAMPLES, _LIKE_IT_SAMPLES = 600, 60  # two periods of hum and more
_IS_BESIDE = np.abs(np.arange(-_BESIDE_SAMPLES, _BESIDE_SAMPLES + 1)) > _LIKE_IT_SAMPLES
_FILTER_SAMPLES = 512
_MEAN, _MOST = 1.0, 3.0  # deviations: agreement of a faint copy in a block, and the limit per block
_ENOUGH, _GIVEN_UP = 8.0, 12.0  # nats: chance reaches the first once in three thousand
_COVERED_MEAN = (
    1.5  # deviations a block in the far half: else, beneath something loud, an end goes on by chance
)

Spans = tuple[tuple[float, float], ...]
Nulls = Callable[[Diagonal, tuple[float, float]], bool]


@dataclass(frozen=True, slots=True)
class CarriedOn:
    """Stretches after lines were carried on.

    Attributes
    ----------
    covered : spans [start, stop) in which a line goes on beneath something that is not of the recordings
    """

    stretches: list[Stretch]
    covered: Spans


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far a line goes on, in samples, the evidence in nats, and whether something covers it there."""

    samples: int = 0
    nats: float = 0.0
    is_covered: bool = False


def carried_on(
    raws: Sequence[Floats], edited: Floats, found: Sequence[Stretch], nulls: Nulls, progress: Progress
) -> CarriedOn:
    """Return segments, those on a line extended by the unknown spans next to them that match it.

    Parameters
    ----------
    raws, edited : mono, at the rate of the search; segments in their samples
    nulls : whether a line passes the null test over a span
    """
    kept = list(found)
    covered: list[tuple[float, float]] = []
    for number, one in enumerate(found):
        progress.check_cancelled()
        if one.line is not None:
            continue
        start, stop = round(one.start), round(one.stop)
        before = found[number - 1].line if number else None
        after = found[number + 1].line if number + 1 < len(found) else None
        on = _reach(raws, edited, before, (start, stop), nulls)
        back = _reach(raws, edited, after, (stop, start), nulls)
        if on.samples + back.samples > stop - start:
            if on.nats >= back.nats:
                back = replace(back, samples=stop - start - on.samples)
            else:
                on = replace(on, samples=stop - start - back.samples)
        rest = replace(one, start=one.start + on.samples, stop=one.stop - back.samples)
        if on.samples:
            kept[number - 1] = replace(kept[number - 1], stop=rest.start)
        if back.samples:
            kept[number + 1] = replace(kept[number + 1], start=rest.stop)
        kept[number] = rest
        covered += [(one.start, rest.start)] if on.is_covered else []
        covered += [(rest.stop, one.stop)] if back.is_covered else []
    left = joined(without_short_gaps([one for one in kept if one.stop > one.start]))
    return CarriedOn(left, tuple(covered))


def _reach(
    raws: Sequence[Floats],
    edited: Floats,
    line: Diagonal | None,
    way: tuple[int, int],
    nulls: Nulls,
) -> _Reach:
    """Return how far a line goes on along a way from begin to end."""
    if line is None:
        return _Reach()
    begin, end = way
    total, best, reach, is_highest = 0.0, 0.0, 0, False
    agreed: list[float] = []
    far_mean = 0.0
    sums = np.zeros(2 * _BESIDE_SAMPLES + 1)
    for gone, agreement in _agreements(raws[line.raw], edited, line.offset, begin, end):
        sums += agreement
        agreed.append(min(float(agreement[_BESIDE_SAMPLES]), _MOST))
        total += _MEAN * agreed[-1] - _MEAN**2 / 2
        if total > best:
            best, reach = total, gone
            far_mean = float(np.mean(agreed[len(agreed) // 2 :]))
            is_highest = bool(sums[_BESIDE_SAMPLES] > sums[_IS_BESIDE].max())
        if total < best - _GIVEN_UP:
            break
    if best < _ENOUGH or not is_highest:
        return _Reach()
    span = (begin, begin + reach) if end > begin else (begin - reach, begin)
    if nulls(line, span):
        return _Reach(reach, best)
    return _Reach(reach, best, is_covered=True) if far_mean >= _COVERED_MEAN else _Reach()


def _agreements(
    raw: Floats, edited: Floats, offset: float, begin: int, end: int
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield block by block how far it is from `begin`, and how well both agree at each lag."""
    way, whole = (1 if end > begin else -1), abs(end - begin)
    least, at_once = _BLOCK_SAMPLES // 2, _BLOCK_SAMPLES * _BLOCKS_AT_ONCE
    for done in range(0, whole - least, at_once):
        first, last = sorted((begin + way * done, begin + way * min(done + at_once, whole)))
        mine, theirs = _filtered_pair(raw, edited, offset, first, last)
        for gone in range(0, last - first - least, _BLOCK_SAMPLES):
            length = min(_BLOCK_SAMPLES, last - first - gone)
            at = gone if way > 0 else last - first - gone - length
            around = theirs[at : at + length + 2 * _BESIDE_SAMPLES]
            yield done + gone + length, _agreement(mine[at : at + length], around)


def _filtered_pair(
    raw: Floats, edited: Floats, offset: float, first: int, last: int
) -> tuple[Floats, Floats]:
    """Return [first, last) of the edited file, and the raw one on the line with some samples around it."""
    taps = inverse_filter(edited[first:last])
    mine = filtered(cut(edited, first - _FILTER_SAMPLES, last - first + 2 * _FILTER_SAMPLES), taps)
    around = _FILTER_SAMPLES + _BESIDE_SAMPLES
    theirs = filtered(on_line(raw, offset, first - around, last + around).astype(np.float32), taps)
    inside = slice(_FILTER_SAMPLES, -_FILTER_SAMPLES)
    return mine[inside], theirs[inside]


def _agreement(mine: Floats, theirs: Floats) -> NDArray[np.float64]:
    """Return the correlation at each lag, in standard deviations of the lags next to the line."""
    products = np.correlate(theirs, mine, "valid").astype(np.float64)
    sums = np.concatenate([[0.0], np.cumsum(np.square(theirs, dtype=np.float64))])
    power = sums[len(mine) :] - sums[: -len(mine)]
    found: NDArray[np.float64] = products / np.sqrt(np.maximum(power, 1e-6 * power.max() + 1e-20))
    deviation = np.sqrt(np.mean(found[_IS_BESIDE] ** 2))
    return found / deviation if deviation > 0.0 else np.zeros(len(found))
