"""The null test of the search: spans that do not null as a copy would become foreign.

A search names the likeliest line at each moment, also in foreign sound. A copy is as likely as the certain
spans of the same file are at its level; far less likely spans are foreign. A moment can also be a mix of two
lines, as in a crossfade (multiple coherence: Bendat and Piersol).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from engine.analysis.signal.viterbi import traced
from engine.core.progress import Progress
from engine.core.side_by_side import side_by_side
from engine.features.match.searching.likelihood import (
    NUMBERS,
    STEP_SAMPLES,
    band_likelihoods,
    band_powers,
    banded,
    cut,
    plain_spectra,
    pooled,
    ratio_of,
    turns,
    unexplained,
    window_of,
)
from engine.features.match.searching.places import Diagonal
from engine.features.match.searching.search import Stretch, joined, without_short_gaps
from engine.features.match.sound import RATE_HZ, Floats

Wide = NDArray[np.float64]

_MOST_LEVELS, _LEAST_STEPS = 16, 8
_LEAST_ENERGY = 1e-12
_POWER_OF_ENERGY = 2.0  # the magnitudes of the energies are compressed by a square root


@dataclass(frozen=True, slots=True)
class Expected:
    """The log-likelihood ratio of a copy as a function of its level, in each band.

    Coding, mastering and noise set how deep a copy nulls at a level; the certain spans show all three.

    Attributes
    ----------
    levels, ratios : shape (bands, levels): logarithms of energy, ascending, and nats
    """

    levels: Wide
    ratios: Wide

    @staticmethod
    def measured(ratios: Sequence[Wide], energies: Sequence[Wide]) -> Expected:
        """Return the median at each level of steps of certain spans, each of shape (steps, bands)."""
        ratio = np.concatenate(list(ratios))
        level = np.log(np.maximum(np.concatenate(list(energies)), _LEAST_ENERGY))
        order = np.argsort(level, axis=0, kind="stable")
        level, ratio = (np.take_along_axis(one, order, axis=0) for one in (level, ratio))
        count = int(np.clip(len(level) // _LEAST_STEPS, 1, _MOST_LEVELS))
        medians = [
            np.stack([np.median(part, axis=0) for part in np.array_split(one, count)], axis=1)
            for one in (level, ratio)
        ]
        return Expected(medians[0], medians[1])

    def of(self, energy: Wide) -> Wide:
        """Return the nats of a copy at steps of some energies; both of shape (steps, bands).

        Below the lowest certain level a copy leaves as much as there: noise does not get quieter with it.
        """
        level = np.log(np.maximum(energy, _LEAST_ENERGY))
        bands = zip(level.T, self.levels, self.ratios, strict=True)
        at_level = np.stack([np.interp(*band) for band in bands], axis=1)
        below = np.maximum(self.levels[:, 0] - level, 0.0)
        return np.maximum(at_level - _POWER_OF_ENERGY * NUMBERS * below, 0.0)


_SMOOTHED_BINS = 5
_LEAST_OWN = 0.01  # of the energy of the second line, that has to differ from the first
_LEAST_LEVEL = 1e-3  # of the edited energy, that each line has to have: no fade needs 30 dB of gain
_TINY = 1e-30


def crossfaded_likelihoods(
    raws: Sequence[Floats], edited: Floats, lines: tuple[Diagonal, Diagonal], first: int, count: int
) -> NDArray[np.float64]:
    """Return the log-likelihood ratio of a mix of two lines at some steps, in nats, shape (count,).

    Parameters
    ----------
    raws, edited : mono, at the rate of the search
    first : step whose middle is sample ``first * STEP_SAMPLES`` of the edited file
    """
    begin, length = window_of(first, count)
    mine = plain_spectra(cut(edited, begin, length)[None])
    pieces = np.stack([cut(raws[line.raw], begin + round(line.offset), length) for line in lines])
    one, other = plain_spectra(pieces) * turns(lines)[:, None]
    # The weights, those of the edited file alone, leave the sum of two lines a sum.
    power = np.maximum(uniform_filter1d(np.abs(mine[0]) ** 2, _SMOOTHED_BINS, axis=1), 0.0)
    weights = 1.0 / (np.sqrt(power) + 1e-9)

    def product(x: NDArray[np.complex64], y: NDArray[np.complex64]) -> NDArray[np.complex128]:
        found: NDArray[np.complex128] = pooled(banded((np.conj(x) * y * weights)[None]))[0]
        return found

    energy, own, others = (product(x, x).real for x in (mine[0], one, other))
    shared = product(one, other)
    with_one, with_other = product(one, mine[0]), product(other, mine[0])
    apart = others - np.abs(shared) ** 2 / np.maximum(own, _TINY)
    rest = with_other - np.conj(shared) * with_one / np.maximum(own, _TINY)
    explained = np.abs(with_one) ** 2 / np.maximum(own, _TINY) + np.abs(rest) ** 2 / np.maximum(apart, _TINY)
    is_mix = (apart > _LEAST_OWN * others) & (np.minimum(own, others) > _LEAST_LEVEL * energy)
    share = np.where(is_mix, explained / np.maximum(energy, _TINY), 0.0)
    ratio: NDArray[np.float64] = ratio_of(np.clip(share, 0.0, 1.0)).sum(axis=1)
    return ratio


_STEPS_AT_ONCE = 256
_CHANCE = 4.5  # nats a step that one line has by chance
_CERTAIN_NATS, _CERTAIN_MEAN = 2000.0, 45.0
_MOST_LEFT, _MOST_LEFT_OF_TINY = 0.2, 0.1  # of the power of a certain span: notes are like each other
_LONG_S = 3.0
_LEAST_SHARE = 0.4  # of the nats that a copy would have
_ENOUGH_NATS = 400.0  # a step: a copy through an effect nulls less than its neighbours, and is one
_ENOUGH_OF_SLICES = 150.0
_MOST_NATS = 25.0  # that one step counts: the middle of a short crossfade nulls badly
_CHANGE_NATS = 100.0
_CROSSFADE_STEPS = round(0.75 * RATE_HZ / STEP_SAMPLES)
_SHORTEST_S = 0.35
_TINY_S = 1.0  # shorter ones have to null as deep as copies do here: single strokes of one kit are alike
_EDGE_STEPS = 3  # at both ends, where a neighbour may sound louder
_UNSURE_SHARE, _UNSURE_NATS = 0.6, 20.0


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """Measures of a segment on a line, step by step.

    Attributes
    ----------
    first : its first step
    ratio, energy : shape (steps, bands)
    total : nats of the line or of a crossfade with a neighbour, whichever is more, shape (steps,)
    power : of the edited file, shape (steps, bands)
    left : residual power of the line, shape (steps,)
    is_quiet : whether the edited file is silent
    """

    first: int
    ratio: Wide
    energy: Wide
    total: Wide
    power: Wide
    left: Wide
    is_quiet: NDArray[np.bool_]

    def is_certain(self, part: slice) -> bool:
        """Return whether some steps are a copy beyond doubt, independent of the rest of the file."""
        nats = self.total[part][~self.is_quiet[part]]
        if not nats.sum() > _CERTAIN_NATS or nats.mean() < _CERTAIN_MEAN:
            return False
        length_s = len(nats) * STEP_SAMPLES / RATE_HZ
        inner = _inner(part, len(self.left))
        most = _MOST_LEFT_OF_TINY if length_s < _TINY_S else _MOST_LEFT
        return length_s >= _LONG_S or float(self.left[inner].sum()) <= most * float(self.power[inner].sum())


@dataclass(frozen=True, slots=True, eq=False)
class Nulled:
    """Segments after the null test, from start to end, and the expected ratios; None if nothing nulls."""

    stretches: list[Stretch]
    expected: Expected | None


def nulled(raws: Sequence[Floats], edited: Floats, found: Sequence[Stretch], progress: Progress) -> Nulled:
    """Take the line of all that does not null as a copy would.

    Parameters
    ----------
    raws, edited : mono, at the rate of the search; stretches in their samples
    """
    progress.check_cancelled()
    measured = side_by_side(lambda number: _measured(raws, edited, found, number), range(len(found)))
    certain = [one for one in measured if one is not None and one.is_certain(slice(None))]
    long = [one for one in certain if len(one.total) * STEP_SAMPLES >= _TINY_S * RATE_HZ]
    certain = long or certain
    if not certain:
        return Nulled(joined([replace(one, line=None) for one in found]), None)
    expected = Expected.measured(
        [one.ratio[~one.is_quiet] for one in certain], [one.energy[~one.is_quiet] for one in certain]
    )
    parts: list[Stretch] = []
    for one, known in zip(found, measured, strict=True):
        parts += [one] if known is None else _parted(one, known, expected)
    known_parts = joined(without_short_gaps(_without_islands(joined(parts))))
    return Nulled(_on_known_lines(raws, edited, known_parts, expected), expected)


def _on_known_lines(
    raws: Sequence[Floats], edited: Floats, parts: Sequence[Stretch], expected: Expected
) -> list[Stretch]:
    """Return parts, a short one between something foreign and a known one on that line if it nulls too.

    A stroke that sounds the same at two places fits both; the border is found from the line that goes on.
    """
    retained = list(parts)
    for number, one in enumerate(parts):
        if one.line is None or one.stop - one.start >= _SHORTEST_S * RATE_HZ:
            continue
        beside = [parts[at] for at in (number - 1, number + 1) if 0 <= at < len(parts)]
        known = [each.line for each in beside if each.line is not None]
        if len(known) == 1 and nulls(raws, edited, known[0], (one.start, one.stop), expected):
            retained[number] = replace(one, line=known[0])
    return joined(retained)


def _without_islands(parts: Sequence[Stretch]) -> list[Stretch]:
    """Return parts, those that are short and next to something foreign foreign as well."""

    def is_known(number: int) -> bool:
        return not 0 <= number < len(parts) or parts[number].line is not None

    def is_island(number: int) -> bool:
        is_short = parts[number].stop - parts[number].start < _SHORTEST_S * RATE_HZ
        return is_short and not (is_known(number - 1) and is_known(number + 1))

    return joined([replace(one, line=None) if is_island(n) else one for n, one in enumerate(parts)])


def nulls(
    raws: Sequence[Floats],
    edited: Floats,
    line: Diagonal,
    span: tuple[float, float],
    expected: Expected | None,
) -> bool:
    """Return whether a line passes the null test over a span as a whole."""
    known = _measured(raws, edited, [Stretch(line, *span)], 0)
    if known is None or expected is None:
        return known is None
    return float(np.sum(_Compared.of(known, expected).scores)) >= -_UNSURE_NATS


def certain_until(
    raws: Sequence[Floats], edited: Floats, one: Stretch, expected: Expected | None
) -> float | None:
    """Return the end of the certain part of a segment of short slices; None if its start is uncertain.

    Where one slice ends and the next begins none nulls as deep as a whole segment does.
    """
    known = _measured(raws, edited, [one], 0)
    if known is None or expected is None:
        return None
    scores = _Compared.of(known, expected, _ENOUGH_OF_SLICES).scores
    is_null = _likeliest(scores)
    end = len(is_null) if np.all(is_null) else int(np.argmin(is_null))
    part = slice(0, end)
    power, left = float(known.power[part].sum()), float(known.left[part].sum())
    if not end or not known.is_certain(part) or left > _MOST_LEFT_OF_TINY * power:
        return None
    return one.stop if end == len(is_null) else float((known.first + end - 0.5) * STEP_SAMPLES)


def _measured(
    raws: Sequence[Floats], edited: Floats, found: Sequence[Stretch], number: int
) -> _Measured | None:
    one = found[number]
    first, stop = (int(np.ceil(edge / STEP_SAMPLES)) for edge in (one.start, one.stop))
    if one.line is None or first >= stop:
        return None
    blocks = [
        band_likelihoods(raws, edited, [one.line], at, min(_STEPS_AT_ONCE, stop - at))
        for at in range(first, stop, _STEPS_AT_ONCE)
    ]
    ratio = np.concatenate([block.ratio[0] for block in blocks])
    is_quiet, is_line_quiet = (
        np.concatenate(parts)
        for parts in zip(*((block.is_quiet, block.is_line_quiet[0]) for block in blocks), strict=True)
    )
    ratio[is_quiet | is_line_quiet] = 0.0
    total = ratio.sum(axis=1)
    near = min(_CROSSFADE_STEPS, stop - first)
    for other, inside in ((number - 1, slice(0, near)), (number + 1, slice(len(total) - near, None))):
        line = found[other].line if 0 <= other < len(found) else None
        if line is not None:
            begin = first + inside.indices(len(total))[0]
            mix = crossfaded_likelihoods(raws, edited, (one.line, line), begin, near) - _CHANCE
            total[inside] = np.maximum(total[inside], mix)
    energy = np.concatenate([block.energy for block in blocks])
    power = band_powers(edited, first, len(total))
    left = np.sum(power * unexplained(ratio), axis=1)
    return _Measured(first, ratio, energy, total, power, left, is_quiet)


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """A segment compared with a copy of its level, step by step, shape (steps,) each.

    Attributes
    ----------
    gained : nats above chance that it has
    wanted, wanted_whole : those of a copy, the first limited to a sufficient value
    wanted_left : residual power of a copy
    """

    gained: Wide
    wanted: Wide
    wanted_whole: Wide
    wanted_left: Wide

    @staticmethod
    def of(known: _Measured, expected: Expected, enough_nats: float = _ENOUGH_NATS) -> _Compared:
        """Compare the measures with the expected ones, limited to a sufficient value per step."""
        ratio = expected.of(known.energy)
        gained = np.where(known.is_quiet, 0.0, known.total - _CHANCE)
        wanted = np.where(known.is_quiet, 0.0, np.maximum(ratio.sum(axis=1) - _CHANCE, 0.0))
        left = np.sum(known.power * unexplained(ratio), axis=1)
        return _Compared(gained, np.minimum(wanted, enough_nats), wanted, left)

    @property
    def scores(self) -> Wide:
        """How much likelier each step is a copy than foreign, in nats, as far as one step counts."""
        return np.clip(self.gained - _LEAST_SHARE * self.wanted, -_MOST_NATS, _MOST_NATS)


def _parted(one: Stretch, known: _Measured, expected: Expected) -> Iterator[Stretch]:
    """Yield the parts of a segment that null, on its line, and the others, on none."""
    compared = _Compared.of(known, expected)
    is_null = _likeliest(compared.scores)
    changes = np.flatnonzero(np.diff(is_null)) + 1
    for begin, end in pairwise([0, *changes.tolist(), len(is_null)]):
        nulls_enough = is_null[begin] and _stands(known, compared, slice(begin, end))
        start = one.start if begin == 0 else float((known.first + begin - 0.5) * STEP_SAMPLES)
        stop = one.stop if end == len(is_null) else float((known.first + end - 0.5) * STEP_SAMPLES)
        yield Stretch(one.line if nulls_enough else None, start, stop)


def _stands(known: _Measured, compared: _Compared, part: slice) -> bool:
    """Return whether a nulling part is certain or, if not, long and about as likely and deep as a copy."""
    inner = _inner(part, len(known.left))
    length = len(known.left[part]) * STEP_SAMPLES
    share = _LEAST_SHARE * float(compared.wanted_whole[inner].sum())
    if length < _TINY_S * RATE_HZ and float(compared.gained[inner].sum()) < share:
        return False
    if known.is_certain(part):
        return True
    power = float(known.power[inner].sum())
    explained, wanted = (power - float(left[inner].sum()) for left in (known.left, compared.wanted_left))
    gained = compared.gained[part] - _UNSURE_SHARE * compared.wanted[part]
    is_long = length >= _SHORTEST_S * RATE_HZ
    return is_long and float(gained.sum()) >= -_UNSURE_NATS and explained >= _UNSURE_SHARE * wanted


def _inner(part: slice, length: int) -> slice:
    """Return some steps without their ends."""
    begin, end, _ = part.indices(length)
    edge = min(_EDGE_STEPS, (end - begin) // 4)
    return slice(begin + edge, end - edge)


def _likeliest(gained: Wide) -> NDArray[np.bool_]:
    """Return at which steps the likeliest way is on, where each step on gains and each change costs."""
    came_from = np.zeros((len(gained), 2), np.int8)
    off, on = 0.0, 0.0
    for step, nats in enumerate(gained.tolist()):
        came_from[step] = int(on - _CHANGE_NATS > off), int(on >= off - _CHANGE_NATS)
        off, on = max(off, on - _CHANGE_NATS), max(on, off - _CHANGE_NATS) + nats
    return traced(came_from[1:], int(on >= off))[: len(gained)].astype(np.bool_)
