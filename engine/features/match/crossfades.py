"""The border of two segments to the sample: a cut, or a crossfade with its length and shape.

The edited file is one side times a falling gain plus the other times a rising one. The start, length and
shape with the smallest residual are searched over sums of short bins, then over samples. The residuals of
one side alone, before and after a crossfade, are summed once from both ends; the rough search computes the
inside of each crossfade only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.features.match.matched import Shape

Gains = NDArray[np.float64]
Wide = NDArray[np.float64]


def rising(shape: Shape, position: Gains) -> Gains:
    """Return the gain of a fade-in, 0 to 1, at positions from 0, its start, to 1.

    A fade-out has the gain of ``1 - position``.
    """
    inside = np.clip(position, 0.0, 1.0)
    if shape is Shape.EQUAL_GAIN:
        return inside
    if shape is Shape.EQUAL_POWER:
        return np.sin(inside * (np.pi / 2))
    if shape is Shape.RAISED_COSINE:
        return 0.5 - 0.5 * np.cos(np.pi * inside)
    return np.sqrt(inside)


def fade(shape: Shape, start: float, length: float, at: Gains) -> tuple[Gains, Gains]:
    """Return the gains of fade-out and fade-in, at samples counted as `start` is."""
    position = (at - start + 0.5) / max(length, 1e-9)
    if length < 1.0:
        position = (at >= start).astype(np.float64)
    return rising(shape, 1.0 - position), rising(shape, position)


BIN_SAMPLES = 16


def energy_left(edited: Wide, before: Wide, after: Wide, start: float, length: float, shape: Shape) -> float:
    """Return the energy that a crossfade leaves; edited, before and after of shape (channels, n)."""
    falls, rises = fade(shape, start, length, np.arange(edited.shape[1], dtype=np.float64))
    left = edited - falls * before
    left -= rises * after
    return float(np.sum(left * left))


@dataclass(frozen=True, slots=True, eq=False)
class BinnedErrors:
    """Sums over bins of `BIN_SAMPLES` of the terms of the residual energy of crossfades.

    Attributes
    ----------
    own, fall2, rise2, fall, rise, both : products of the edited file and both sides, shape (bins,)
    wrong_before : residual of the side before in all bins before one, shape (bins + 1,)
    wrong_after : residual of the side after in all bins from one on, shape (bins + 1,)
    """

    own: Wide
    fall2: Wide
    rise2: Wide
    fall: Wide
    rise: Wide
    both: Wide
    wrong_before: Wide
    wrong_after: Wide

    @classmethod
    def of(cls, edited: Wide, before: Wide, after: Wide) -> BinnedErrors:
        """Sum up, of shape (channels, n) each."""
        edges = np.arange(0, edited.shape[1], BIN_SAMPLES)

        def summed(x: Wide, y: Wide) -> Wide:
            return np.add.reduceat(np.sum(x * y, axis=0), edges)

        own, fall2, rise2 = summed(edited, edited), summed(before, before), summed(after, after)
        fall, rise, both = summed(edited, before), summed(edited, after), summed(before, after)
        wrong_before, wrong_after = _up_to(own + fall2 - 2.0 * fall), _from(own + rise2 - 2.0 * rise)
        return cls(own, fall2, rise2, fall, rise, both, wrong_before, wrong_after)

    @property
    def count(self) -> int:
        """Return how many bins there are."""
        return len(self.own)

    def left(self, start: float, length: float, shape: Shape) -> float:
        """Return about how much energy a crossfade leaves; start and length are in samples."""
        middle = (BIN_SAMPLES - 1) / 2.0
        first, last = _inside((start - middle) / BIN_SAMPLES, length / BIN_SAMPLES, self.count)
        at = BIN_SAMPLES * np.arange(first, last, dtype=np.float64) + middle
        falls, rises = fade(shape, start, length, at)
        inside = slice(first, last)
        return float(
            self.wrong_before[first]
            + self.own[inside].sum()
            + falls @ (falls * self.fall2[inside] - 2.0 * self.fall[inside])
            + rises @ (rises * self.rise2[inside] - 2.0 * self.rise[inside])
            + 2.0 * (falls * rises) @ self.both[inside]
            + self.wrong_after[last]
        )


def _inside(start: float, length: float, count: int) -> tuple[int, int]:
    """Return the first and last place, of `count`, that enclose a crossfade."""
    first = min(count, max(0, int(start) - 1))
    return first, min(count, max(first, int(start + length) + 2))


def _up_to(values: Wide) -> Wide:
    return np.concatenate([[0.0], np.cumsum(values)])


def _from(values: Wide) -> Wide:
    return np.concatenate([np.cumsum(values[::-1])[::-1], [0.0]])


_LENGTHS = 48.0 * 2.0 ** (np.arange(22) / 2.0)  # 1 ms to more than half a second at 44.1 kHz
_PLACES = np.linspace(-0.65, 0.65, 9)
_LEAST_LENGTH = 8.0
_INDEPENDENT = 0.25  # of the samples of music
_LEAST_GAIN = 40.0  # nats by which a crossfade has to be likelier than a cut
_MOST_STEPS = 80
_MOVES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1), (-1, 2), (1, -2))
_LEVEL_SAMPLES = 1024
_EXACT = 1e-4
_UNEVEN = 4.0  # rounding errors are a larger share of quiet moments than of loud ones
_LEAST_INSIDE = 1e-8
_NOISE_PERCENTILE = 10.0  # of the residual: rounding and dither leave as much of silence
_FLOOR = 1e-13  # residual power of a sample: rounding


@dataclass(frozen=True, slots=True)
class Seam:
    """A seam, in samples from where its window begins.

    Attributes
    ----------
    length : of the crossfade, 0 for a cut
    free : [first, last] places at which a cut would leave the same
    left : power that is left in the window, per sample and channel
    """

    start: int
    length: int
    shape: Shape | None
    free: tuple[int, int]
    left: float


def cut(edited: Wide, before: Wide, after: Wide) -> Seam:
    """Return the place of a hard cut that leaves the least; shapes (n, channels) each."""
    return _cut(*(channels_first(one) for one in (edited, before, after)))


def channels_first(samples: Wide) -> Wide:
    """Return samples with each channel in one piece: numpy runs along that, not along the two of a pair."""
    return np.ascontiguousarray(samples.T)


def _cut(edited: Wide, before: Wide, after: Wide) -> Seam:
    wrong_before = np.sum((edited - before) ** 2, axis=0)
    wrong_after = np.sum((edited - after) ** 2, axis=0)
    change = np.concatenate([[0.0], np.cumsum(wrong_before - wrong_after)])
    least = float(change.min())
    total = least + float(wrong_after.sum())
    slack = _FLOOR * len(edited) * 4.0
    same = np.flatnonzero(change <= least + slack)
    at = int(np.argmin(change))
    run = same[_run_around(same, at)]
    return Seam(at, 0, None, (int(run[0]), int(run[-1])), max(0.0, total) / edited.size)


def _run_around(places: NDArray[np.int64], at: int) -> slice:
    here = int(np.searchsorted(places, at))
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    number = int(np.searchsorted(breaks, here, side="right"))
    edges = [0, *breaks.tolist(), len(places)]
    return slice(edges[number], edges[number + 1])


def seam(edited: Wide, before: Wide, after: Wide) -> Seam:
    """Return the cut or crossfade that leaves the least, a crossfade only where it is clearly likelier.

    Parameters
    ----------
    edited, before, after : shape (n, channels)
    """
    edited, before, after = (channels_first(one) for one in (edited, before, after))
    hard = _cut(edited, before, after)
    noise = max(_FLOOR, hard.left)
    start, length, shape = _refined(edited, before, after, hard.start)
    left = energy_left(edited, before, after, start, length, shape) / edited.size
    gained = 0.5 * _INDEPENDENT * edited.size * np.log(noise / max(_FLOOR, left))
    if length < _LEAST_LENGTH or gained < _LEAST_GAIN:
        return hard
    return Seam(round(start), round(length), shape, (round(start), round(start)), left)


def _grid(binned: BinnedErrors, around: float) -> tuple[float, float]:
    """Return the start and length that are best on a grid, in samples."""
    window = binned.count * BIN_SAMPLES
    best = (np.inf, around, 0.0)
    for shape in (Shape.EQUAL_GAIN, Shape.EQUAL_POWER):
        for length in _LENGTHS[window > _LENGTHS]:
            starts = around + (_PLACES - 0.5) * length
            for start in starts[(starts >= 0.0) & (starts + length <= window)].tolist():
                best = min(best, (binned.left(start, float(length), shape), start, float(length)))
    return best[1:]


def _refined(edited: Wide, before: Wide, after: Wide, around: float) -> tuple[float, float, Shape]:
    """Return start, length and shape to the sample: a compass search for each shape."""
    binned = BinnedErrors.of(edited, before, after)
    start, length = _grid(binned, around)
    window = float(edited.shape[1])
    rough = []
    for shape in Shape:
        error = partial(binned.left, shape=shape)
        rough.append((*_compass(error, start, length, max(4.0, length / 6), 4.0, window), shape))
    rough.sort(key=lambda one: one[0])
    results: list[tuple[float, float, float, Shape]] = []
    for left, begin, long, shape in rough:
        if left > 4.0 * rough[0][0] + _FLOOR * edited.size and results:
            continue
        first = max(0, int(begin) - 64)
        near = slice(first, min(edited.shape[1], int(begin + long) + 65))
        sides = edited[:, near], before[:, near], after[:, near]
        error = partial(_left_near, sides, first, shape)
        results.append((*_compass(error, float(round(begin)), float(round(long)), 8.0, 1.0, window), shape))
    best = min(results, key=lambda one: one[0])
    return best[1], best[2], best[3]


def _left_near(
    sides: tuple[Wide, Wide, Wide], first: int, shape: Shape, start: float, length: float
) -> float:
    return energy_left(*sides, start - first, length, shape)


def _compass(
    error: Callable[[float, float], float],
    start: float,
    length: float,
    step: float,
    least: float,
    window: float,
) -> tuple[float, float, float]:
    """Return the error, start and length where no step of `least` gets any lower."""
    best = (error(start, length), start, length)
    for _ in range(_MOST_STEPS):
        if step < least:
            break
        tried = [(best[1] + step * later, best[2] + step * longer) for later, longer in _MOVES]
        inside = [
            (error(begin, long), begin, long)
            for begin, long in tried
            if begin >= 0.0 and long >= _LEAST_LENGTH and begin + long <= window
        ]
        lowest = min(inside, default=best)
        if lowest[0] < best[0]:
            best = lowest
        else:
            step /= 2.0
    return best


def parted(edited: Wide, known: Wide, about: int, slack: int) -> int:
    """Return the first sample at which an edited file deviates from its known copy.

    The likeliest change of the residual power, relative to the level there.

    Parameters
    ----------
    edited, known : shape (n, channels)
    about, slack : approximate place from the search, and its tolerance; audio that is not an
        exact copy fits worse at some moments than at others, and a search of all bands is the better judge
    """
    level = np.sum(edited**2 + known**2, axis=1)
    around = min(len(level), _LEVEL_SAMPLES)
    level = np.convolve(level, np.ones(around) / around, "same") + _FLOOR
    wrong = np.sum((edited - known) ** 2, axis=1)
    first = slice(max(1, len(wrong) // 4))
    left = _smoothed(wrong[first])
    noise = float(np.percentile(left, _NOISE_PERCENTILE))
    near = level[first][len(level[first]) - len(left) :]
    is_loud = near >= np.median(near)
    share = float(np.median(np.maximum(left - noise, 0.0)[is_loud] / near[is_loud]))
    inside = np.maximum(max(_UNEVEN * share, _LEAST_INSIDE) * level, _UNEVEN * noise)
    outside = np.maximum(2.0 * inside, 0.5 * level)
    cost = np.log(inside / outside) + wrong * (1.0 / inside - 1.0 / outside)
    place = int(np.argmin(np.concatenate([[0.0], np.cumsum(cost)])))
    return place if _UNEVEN * share < _EXACT else min(max(place, about - slack), about + slack)


def _smoothed(values: Wide, length: int = 64) -> Wide:
    if len(values) <= length:
        return values
    return np.convolve(values, np.ones(length) / length, "valid")
