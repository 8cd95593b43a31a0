"""Boundaries of sections: the sequence of lengths with the highest score, found exactly.

The evidence at a bar line is the novelty of the similarity matrix (J. Foote, "Automatic audio segmentation
using a measure of audio novelty", ICME 2000) and the change of repetition: bars before the line repeat other
bars than those after it (J. Serrà, M. Müller, P. Grosche and J. L. Arcos, "Unsupervised music structure
annotation by time series structure features and segment similarity", IEEE Trans. Multimedia 16, 2014).
Lengths of 4, 8 and 16 bars are preferred (G. Sargent, F. Bimbot and E. Vincent, "Estimating the structural
segmentation of popular music pieces under regularity constraints", IEEE/ACM TASLP 25, 2017).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Scores = NDArray[np.float64]

_NOVELTY_S = 16.0
"""Contrast is measured over that time before and after a line."""
_OF_NOVELTY, _OF_REPETITION = 0.6, 1.0
"""Weights of the standardised evidence at a bar line."""
_ALIKE_S = 8.0
"""Repetition is measured over that time before and after a line."""
_USUAL_S = 17.0
_LONGEST_S, _LONGEST_BARS = 40.0, 8
_OF_LENGTH = 1.5
"""Penalty of a section of half or twice the usual length."""
_OF_BOUNDARY = 1.0
"""Penalty of each section."""
_ODD_BARS = ((8, 0.0), (4, 0.4), (2, 0.7), (1, 1.0))
"""Penalty of sections whose number of bars is a multiple of no larger number."""


def boundaries(similarity: Floats, lengths_s: Scores) -> tuple[list[int], Scores]:
    """Return the bar lines at which sections of a run of bars start, and its end, with the evidence.

    Parameters
    ----------
    similarity : of the bars of the run, shape (n, n), n at least 1
    lengths_s : of the bars, shape (n,)

    Returns
    -------
    lines : ascending, from 0 to n
    evidence : shape (n + 1,), in standard deviations of all lines; 0 at both ends
    """
    n = len(similarity)
    bar_s = float(np.median(lengths_s))
    wide, near = (max(2, round(length_s / bar_s)) for length_s in (_NOVELTY_S, _ALIKE_S))
    evidence = _OF_NOVELTY * _standardised(novelty(similarity, wide))
    evidence += _OF_REPETITION * _standardised(repetition_change(similarity, near))
    edges_s = np.concatenate([[0.0], np.cumsum(lengths_s)])
    most = max(_LONGEST_BARS, int(_LONGEST_S / bar_s))
    penalties = _penalties(most)
    best = np.full(n + 1, -np.inf)
    best[0] = 0.0
    back = np.zeros(n + 1, np.int64)
    for stop in range(1, n + 1):
        starts = np.arange(max(0, stop - most), stop)
        octaves = np.log2(np.maximum(edges_s[stop] - edges_s[starts], 1.0) / _USUAL_S)
        scores = best[starts] - _OF_LENGTH * octaves**2 - penalties[stop - starts]
        chosen = int(np.argmax(scores))
        best[stop] = scores[chosen] + evidence[stop]
        back[stop] = starts[chosen]
    lines = [n]
    while lines[-1] > 0:
        lines.append(int(back[lines[-1]]))
    return lines[::-1], evidence


def _penalties(most: int) -> Scores:
    """Return the penalty of a section of each number of bars, shape (most + 1,)."""
    bars = np.arange(most + 1)
    odd = np.ones(most + 1)
    for multiple, penalty in reversed(_ODD_BARS):
        odd[bars % multiple == 0] = penalty
    return _OF_BOUNDARY + odd


def novelty(similarity: Floats, half: int) -> Scores:
    """Return the contrast of the bars around each line, shape (n + 1,), by a tapered checkerboard."""
    n = len(similarity)
    at = np.arange(-half, half) + 0.5
    taper = np.sign(at) * np.exp(-0.5 * (at / (0.5 * half)) ** 2)
    kernel = np.outer(taper, taper) / np.square(np.abs(taper).sum())
    padded = np.pad(similarity, half)
    found = np.zeros(n + 1)
    for line in range(n + 1):
        found[line] = float((kernel * padded[line : line + 2 * half, line : line + 2 * half]).sum())
    return found


def repetition_change(similarity: Floats, length: int) -> Scores:
    """Return how much the bars before each line repeat other bars than those after it, shape (n + 1,)."""
    n = len(similarity)
    after, before = along_diagonals(similarity, length)
    found = np.zeros(n + 1)
    if n > 1:
        found[1:n] = np.sqrt(np.square(after[1:, 1:] - before[:-1, :-1]).mean(axis=1))
    return found


def along_diagonals(similarity: Floats, length: int) -> tuple[Floats, Floats]:
    """Return the mean similarity of the bars from two bars on, and up to two bars, each of shape (n, n)."""
    n = len(similarity)
    after, before = np.zeros_like(similarity), np.zeros_like(similarity)
    for step in range(min(length, n)):
        after[: n - step, : n - step] += similarity[step:, step:]
        before[step:, step:] += similarity[: n - step, : n - step]
    at = np.arange(n)
    left = np.minimum(length, n - at).astype(np.float32)
    after /= np.minimum(left[:, None], left[None, :])
    past = np.minimum(length, at + 1).astype(np.float32)
    before /= np.minimum(past[:, None], past[None, :])
    return after, before


def _standardised(values: Scores) -> Scores:
    inner = values[1:-1]
    found = np.zeros_like(values)
    if len(inner):
        found[1:-1] = (inner - inner.mean()) / (inner.std() + 1e-9)
    return found
