"""Boundaries of sections: the sequence of lengths with the highest score, found exactly.

The score of a border is a weighted sum of its evidence, that of a section one of its length: a semi-Markov
conditional random field (S. Sarawagi and W. W. Cohen, NIPS 2004), whose weights are learned. Lengths of 4, 8
and 16 bars are preferred (G. Sargent, F. Bimbot and E. Vincent, "Estimating the structural segmentation of
popular music pieces under regularity constraints", IEEE/ACM TASLP 25, 2017).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.features.takes.structure.evidence import evidence_of
from engine.features.takes.structure.similarity import BarSounds
from engine.features.takes.structure.weights import OF_EVIDENCE, OF_LENGTHS

Scores = NDArray[np.float64]

_USUAL_S = 17.0
_LONGEST_S, _LONGEST_BARS = 44.0, 8
_MULTIPLES = (8, 4, 2)
LENGTHS = ("each", "octaves above 17 s", "octaves below 17 s", "not 8 bars", "not 4 bars", "not 2 bars")
"""Names of the columns of `length_features`: octaves squared, and 1 for bars that are not a multiple."""


def boundaries(sounds: BarSounds, lengths_s: Scores, *, has_pulse: bool = True) -> tuple[list[int], Scores]:
    """Return the bar lines at which sections of a run of bars start, and its end, with their scores.

    Parameters
    ----------
    lengths_s : of the bars, shape (n,), n at least 1
    has_pulse : whether most of the units are bars

    Returns
    -------
    lines : ascending, from 0 to n
    scores : shape (n + 1,), of the evidence; 0 at both ends
    """
    evidence = evidence_of(sounds, lengths_s) @ np.array(OF_EVIDENCE)
    of_lengths = length_features(float(np.median(lengths_s)), has_pulse=has_pulse) @ np.array(OF_LENGTHS)
    return best_lines(evidence, of_lengths), evidence


def best_lines(of_borders: Scores, of_lengths: Scores) -> list[int]:
    """Return the bar lines with the highest score, from 0 to n.

    Parameters
    ----------
    of_borders : shape (n + 1,), the score of a border at each line
    of_lengths : the score of a section of one bar on, up to the longest
    """
    n = len(of_borders) - 1
    best = np.full(n + 1, -np.inf)
    best[0] = 0.0
    back = np.zeros(n + 1, np.int64)
    for stop in range(1, n + 1):
        starts = np.arange(max(0, stop - len(of_lengths)), stop)
        scores = best[starts] + of_lengths[stop - starts - 1]
        chosen = int(np.argmax(scores))
        best[stop] = scores[chosen] + of_borders[stop]
        back[stop] = starts[chosen]
    lines = [n]
    while lines[-1] > 0:
        lines.append(int(back[lines[-1]]))
    return lines[::-1]


def length_features(bar_s: float, *, has_pulse: bool) -> Scores:
    """Return the features of sections of one bar on, up to the longest, shape (bars, len(LENGTHS))."""
    bars = np.arange(1, max(_LONGEST_BARS, int(_LONGEST_S / bar_s)) + 1)
    octaves = np.log2(bars * bar_s / _USUAL_S)
    odd = [(bars % multiple != 0) & has_pulse for multiple in _MULTIPLES]
    return np.stack(
        [np.ones(len(bars)), np.maximum(octaves, 0.0) ** 2, np.minimum(octaves, 0.0) ** 2, *odd], axis=1
    )
