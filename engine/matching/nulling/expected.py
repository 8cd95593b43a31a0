"""How likely a true copy of a level is in an edited file: measured from the spans that are certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.matching.searching.likelihood import NUMBERS

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
        found: Wide = np.maximum(at_level - _POWER_OF_ENERGY * NUMBERS * below, 0.0)
        return found
