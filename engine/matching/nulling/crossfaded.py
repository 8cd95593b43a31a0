"""How likely a moment is a mix of two lines, as in a crossfade (multiple coherence: Bendat and Piersol)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from engine.matching.searching.diagonals import Diagonal
from engine.matching.searching.features import Floats
from engine.matching.searching.likelihood import (
    banded,
    cut,
    plain_spectra,
    pooled,
    ratio_of,
    turns,
    window_of,
)

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
