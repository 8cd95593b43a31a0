"""Evidence of borders at bar lines: contrast, the change of repetition, fills, cymbals and steps of loudness.

Contrast is the novelty of the similarity matrix (J. Foote, "Automatic audio segmentation using a measure of
audio novelty", ICME 2000). Repetition changes where bars before a line repeat other bars than those after it
(J. Serrà, M. Müller, P. Grosche and J. L. Arcos, "Unsupervised music structure annotation by time series
structure features and segment similarity", IEEE Trans. Multimedia 16, 2014). Drummers announce sections by a
fill, and begin them with a cymbal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.features.takes.structure.similarity import BarSounds

Floats = NDArray[np.float32]
Scores = NDArray[np.float64]

EVIDENCE = (
    "contrast over 16 s",
    "contrast of rhythm over 8 s",
    "contrast of spectrum over 8 s",
    "change of repetition over 4 s",
    "change of repetition over 16 s",
    "change of repetition of the bass over 8 s",
    "fill",
    "cymbal",
    "step of loudness",
)
"""Names of the columns of `evidence_of`."""
_AROUND_BARS = 4
_BEFORE_BARS = 5
_HIGH_BANDS = 5
"""Cymbals are in the bands from this one on."""


def evidence_of(sounds: BarSounds, lengths_s: Scores) -> Scores:
    """Return the evidence at each bar line of a run of bars, shape (n + 1, len(EVIDENCE)).

    In standard deviations of all lines; 0 at both ends.

    Parameters
    ----------
    lengths_s : of the bars, shape (n,), n at least 1
    """
    bar_s = float(np.median(lengths_s))

    def bars(length_s: float, least: int) -> int:
        return max(least, round(length_s / bar_s))

    columns = (
        novelty(sounds.alike, bars(16.0, 1)),
        novelty(sounds.by_rhythm, bars(8.0, 1)),
        novelty(sounds.by_spectrum, bars(8.0, 1)),
        repetition_change(sounds.alike, bars(4.0, 2)),
        repetition_change(sounds.alike, bars(16.0, 2)),
        repetition_change(sounds.by_bass, bars(8.0, 2)),
        _fills(sounds.bands),
        _cymbals(sounds.bands),
        _steps(sounds.levels),
    )
    return np.stack([_standardised(column) for column in columns], axis=1)


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
    after, before = _along_diagonals(similarity, length)
    found = np.zeros(n + 1)
    if n > 1:
        found[1:n] = np.sqrt(np.square(after[1:, 1:] - before[:-1, :-1]).mean(axis=1))
    return found


def _along_diagonals(similarity: Floats, length: int) -> tuple[Floats, Floats]:
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


def _fills(bands: Floats) -> Scores:
    """Return how unlike the bars before it the end of the bar before each line is, more than its start."""
    n, half = len(bands), bands.shape[1] // 2
    found = np.zeros(n + 1)
    for line in range(1, n):
        before = bands[max(0, line - 1 - _BEFORE_BARS) : line - 1] if line > 1 else bands[:1]
        unlike = np.abs(bands[line - 1] - np.median(before, axis=0))
        found[line] = float(unlike[half:].mean() - 0.5 * unlike[:half].mean())
    return found


def _cymbals(bands: Floats) -> Scores:
    """Return how much louder the high bands are at each line than at the lines around it."""
    n = len(bands)
    starts = bands[:, 0, _HIGH_BANDS:]
    found = np.zeros(n + 1)
    for line in range(1, n):
        before, after = starts[max(0, line - _AROUND_BARS) : line], starts[line + 1 : line + 1 + _AROUND_BARS]
        usual = np.median(np.concatenate([before, after]), axis=0)
        found[line] = float((starts[line] - usual).mean())
    return found


def _steps(levels: Floats) -> Scores:
    """Return how much louder or softer the bars after each line are than those before it."""
    found = np.zeros(len(levels) + 1)
    for line in range(1, len(levels)):
        after, before = levels[line : line + _AROUND_BARS], levels[max(0, line - _AROUND_BARS) : line]
        found[line] = abs(float(after.mean() - before.mean()))
    return found


def _standardised(values: Scores) -> Scores:
    inner = values[1:-1]
    found = np.zeros_like(values)
    if len(inner):
        found[1:-1] = (inner - inner.mean()) / (inner.std() + 1e-9)
    return found
