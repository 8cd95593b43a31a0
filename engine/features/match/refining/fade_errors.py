"""Residual of an edited file after subtracting a crossfade, at any start, length and shape.

Before a crossfade there is one side alone and after it the other: their residuals are summed once, from both
ends, and only the inside is computed for each crossfade in the rough search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features.match.matched import Shape
from engine.features.match.refining.shapes import fade

Wide = NDArray[np.float64]

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
            sums: Wide = np.add.reduceat(np.sum(x * y, axis=0), edges)
            return sums

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
