"""Choose the source of a segment if the raw recording nearly repeats itself.

The search considers some of the places that sound alike; in music made of loops there are more. So the raw
recording is compared with itself, without noise, and every matching place is compared with the edited file:
over seconds even a small difference is significant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import resample_poly

from engine.core.processes.side_by_side import side_by_side
from engine.core.progress import Progress
from engine.features.match.searching.diagonals import Diagonal
from engine.features.match.searching.features import RATE_HZ, Floats
from engine.features.match.searching.lags import agreeing, evenly, filtered, inverse_filter
from engine.features.match.searching.likelihood import STEP_SAMPLES, cut, log_likelihoods
from engine.features.match.searching.search import Stretch, joined

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
    asked = np.zeros((len(numbers), _WINDOW_SAMPLES), np.float32)
    for row, number in enumerate(numbers):
        line, core = found[number].line, cores[number]
        assert line is not None
        assert core is not None
        begins[row] = max(0, round((core[0] + line.offset) / _DECIMATED))
        length = min(_WINDOW_SAMPLES, int((core[1] - core[0]) / _DECIMATED))
        piece = low[line.raw][begins[row] : begins[row] + length]
        asked[row, : len(piece)] = piece
    if not np.any(asked):
        return list(found)
    taps = inverse_filter(asked[asked != 0.0])
    asked = np.stack([filtered(row, taps) for row in asked])
    others: list[list[tuple[int, float]]] = [[] for _ in numbers]
    for raw, known in enumerate(low):
        answers = agreeing(
            filtered(known, taps), asked, progress.step(raw, len(raws)), "Distinguishing repeats"
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
