"""Corrections of the found segments: how far a line extends, and which of its repeats is the source.

Extent: noise or louder sound hides the levels of a line. Both sides are filtered by the inverse of their
spectrum and correlated every tenth of a second, on the line and at lags next to it, which give the values by
chance. The line ends at the maximum of the cumulative sum (E. S. Page, "Continuous inspection schemes",
Biometrika 41, 1954). Repeats: the raw recording is compared with itself, and every matching place with the
edited file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import resample_poly

from engine.core.progress import Progress
from engine.core.side_by_side import side_by_side
from engine.features.match.searching.lags import agreeing, evenly, filtered, inverse_filter
from engine.features.match.searching.likelihood import STEP_SAMPLES, cut, log_likelihoods, on_line
from engine.features.match.searching.places import Diagonal
from engine.features.match.searching.search import Stretch, joined, without_short_gaps
from engine.features.match.sound import RATE_HZ, Floats

Spans = tuple[tuple[float, float], ...]
Nulls = Callable[[Diagonal, tuple[float, float]], bool]

_DECIMATED = 4
_WINDOW_SAMPLES = 2 * RATE_HZ // _DECIMATED
_EDGE_SAMPLES = RATE_HZ // 4
_EDGE_SHARE = 0.15
_LEAST_SAMPLES = 0.3 * RATE_HZ
_LEAST_ALIKE = 0.3
_MOST_PLACES = 96
_MOST_STEPS = 256
_BETTER_BY = 8.0  # nats; the best of a hundred equals has five by chance
_TRIED_PARTS, _HOPEFUL = 3, 0.6
_TOGETHER = 32
_MOST_WORK = 80 * 3600 * RATE_HZ  # stretches times samples of the raw recordings: eighty of an hour
_ALIGNED_SAMPLES = 2 * RATE_HZ
_FINER = 8


def settled(
    raws: Sequence[Floats], edited: Floats, found: Sequence[Stretch], progress: Progress
) -> list[Stretch]:
    """Return segments, each moved to the best-fitting of all places that sound the same.

    Where that would take too long, some of them, evenly from start to end.

    Parameters
    ----------
    raws, edited : mono, at the rate of the search; segments in their samples
    """
    cores = [_core(one) for one in found]
    most = max(1, _MOST_WORK // max(1, sum(map(len, raws))))
    able = [number for number, core in enumerate(cores) if core is not None]
    numbers = [able[one] for one in evenly(len(able), most)]
    low = [resample_poly(raw, 1, _DECIMATED).astype(np.float32) for raw in raws]
    begins = np.zeros(len(numbers), np.int64)
    queries = np.zeros((len(numbers), _WINDOW_SAMPLES), np.float32)
    for row, number in enumerate(numbers):
        line, core = found[number].line, cores[number]
        assert line is not None
        assert core is not None
        begins[row] = max(0, round((core[0] + line.offset) / _DECIMATED))
        length = min(_WINDOW_SAMPLES, int((core[1] - core[0]) / _DECIMATED))
        piece = low[line.raw][begins[row] : begins[row] + length]
        queries[row, : len(piece)] = piece
    if not np.any(queries):
        return list(found)
    taps = inverse_filter(queries[queries != 0.0])
    queries = np.stack([filtered(row, taps) for row in queries])
    others: list[list[tuple[int, float]]] = [[] for _ in numbers]
    for raw, known in enumerate(low):
        answers = agreeing(
            filtered(known, taps), queries, progress.step(raw, len(raws)), "Distinguishing repeats"
        )
        for row, answer in enumerate(answers):
            lags = answer.above(_LEAST_ALIKE, _MOST_PLACES).lags
            others[row] += [(raw, apart) for apart in ((lags - begins[row]) * _DECIMATED).tolist()]
    moved = dict(enumerate(found))
    best = side_by_side(
        lambda row: _best(raws, edited, found[numbers[row]], others[row]), range(len(numbers))
    )
    moved.update(zip(numbers, best, strict=True))
    return joined(list(moved.values()))


def _core(one: Stretch) -> tuple[float, float] | None:
    """Return the part of a segment clear of fades; None for a short or foreign one."""
    edge = min(_EDGE_SAMPLES, _EDGE_SHARE * (one.stop - one.start))
    if one.line is None or one.stop - one.start - 2 * edge < _LEAST_SAMPLES:
        return None
    return one.start + edge, one.stop - edge


def _best(
    raws: Sequence[Floats], edited: Floats, one: Stretch, places: Sequence[tuple[int, float]]
) -> Stretch:
    """Return a segment on the best of its line and others.

    Parameters
    ----------
    places : a raw recording each, and by how much later there than on its own line it sounds the same
    """
    line, core = one.line, _core(one)
    assert line is not None
    assert core is not None
    lines = [line]
    for raw, apart in places:
        if raw == line.raw and abs(apart) < 2 * _DECIMATED:
            continue
        offset = _nearest(raws[line.raw], raws[raw], line.offset, apart, core)
        lines.append(Diagonal(raw, offset, line.start, line.stop, line.score))
    if len(lines) == 1:
        return one
    ratios = _explained(raws, edited, lines, core)
    best = int(np.argmax(ratios))
    return replace(one, line=lines[best]) if ratios[best] > ratios[0] + _BETTER_BY else one


def _explained(
    raws: Sequence[Floats], edited: Floats, lines: Sequence[Diagonal], core: tuple[float, float]
) -> NDArray[np.float64]:
    """Return the log-likelihood ratio of each line over a span, shape (lines,).

    Of a long one, a few parts are tried first; a line that explains far less there than the best is at -inf.
    """
    first, last = (round(edge / STEP_SAMPLES) for edge in core)
    steps = np.arange(first, last, _MOST_STEPS)
    ratios, able = np.zeros(len(lines)), np.arange(len(lines))
    few = evenly(len(steps), _TRIED_PARTS)
    for parts in (few, np.setdiff1d(np.arange(len(steps)), few)):
        for some in np.array_split(able, len(able) // _TOGETHER + 1):
            these = [lines[one] for one in some]
            for step in steps[parts].tolist():
                count = min(_MOST_STEPS, last - step)
                ratios[some] += log_likelihoods(raws, edited, these, step, count, 0.0).sum(axis=0)
        if len(few) < len(steps):
            able = np.flatnonzero(ratios >= _HOPEFUL * ratios.max())
            ratios[np.setdiff1d(np.arange(len(lines)), able)] = -np.inf
    return ratios


def _nearest(mine: Floats, theirs: Floats, offset: float, apart: float, core: tuple[float, float]) -> float:
    """Return the offset of another place with the same sound, to a fraction of a sample."""
    length = min(_ALIGNED_SAMPLES, int(core[1] - core[0]))
    at = round(core[0] + offset)
    reach = 2 * _DECIMATED
    there = round(core[0] + offset + apart) - reach
    one, other = cut(mine, at, length), cut(theirs, there, length + 2 * reach)
    size = next_fast_len(length + 2 * reach, real=True)
    found = irfft(np.conj(rfft(one, size)) * rfft(other, size), _FINER * size)[: 2 * reach * _FINER + 1]
    return offset + (there - at) + int(np.argmax(found)) / _FINER


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
    retained = list(found)
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
            retained[number - 1] = replace(retained[number - 1], stop=rest.start)
        if back.samples:
            retained[number + 1] = replace(retained[number + 1], start=rest.stop)
        retained[number] = rest
        covered += [(one.start, rest.start)] if on.is_covered else []
        covered += [(rest.stop, one.stop)] if back.is_covered else []
    left = joined(without_short_gaps([one for one in retained if one.stop > one.start]))
    return CarriedOn(left, tuple(covered))


def _reach(
    raws: Sequence[Floats], edited: Floats, line: Diagonal | None, way: tuple[int, int], nulls: Nulls
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
