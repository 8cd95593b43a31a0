"""Boundaries of sections from evidence at bar lines, and labels of sections with the same music.

Evidence: novelty of the similarity matrix (J. Foote, ICME 2000), changes of repetition (J. Serrà and others,
IEEE Trans. Multimedia 16, 2014), fills, cymbals and steps of level. The sequence of boundaries and lengths
with the highest score is found exactly, with learned weights (semi-Markov conditional random field, S.
Sarawagi and W. W. Cohen, NIPS 2004); lengths of 4, 8 and 16 bars are preferred (G. Sargent, F. Bimbot and E.
Vincent, IEEE/ACM TASLP 25, 2017). Two sections share a label if a logistic regression finds that their bars,
sound and lengths are alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.features.takes.structure.similarity import BarSounds
from engine.features.takes.structure.weights import OF_EVIDENCE, OF_LABELS, OF_LENGTHS, SAME_LABEL

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


LABELS = (
    "alike",
    "rhythm",
    "spectrum",
    "bass",
    "lower quarter of alike",
    "spectrum in any order",
    "difference of loudness",
    "octaves of length",
)
"""Names of the features of two sections."""
_LEAST_SHARE = 0.6
"""Minimum share of the shorter section inside the longer one."""
_LARGEST = 4.0
"""Logits of a pair of sections are at most this large: no pair decides alone."""


def same_label(sounds: BarSounds, spans: Sequence[tuple[int, int]]) -> Scores:
    """Return the logit that each section has the label of each other one, shape (k, k).

    Parameters
    ----------
    spans : bars [first, last) of each section
    """
    found = np.full((len(spans), len(spans)), _LARGEST)
    for one in range(len(spans)):
        for other in range(one + 1, len(spans)):
            logit = SAME_LABEL + float(pair_features(sounds, spans[one], spans[other]) @ np.array(OF_LABELS))
            found[one, other] = found[other, one] = np.clip(logit, -_LARGEST, _LARGEST)
    return found


def section_similarity(similarity: Floats, spans: Sequence[tuple[int, int]]) -> Floats:
    """Return the mean similarity of each section to each other, at the best offset, shape (k, k).

    Parameters
    ----------
    similarity : of bars, shape (n, n)
    spans : bars [first, last) of each section
    """
    found = np.eye(len(spans), dtype=np.float32)
    for one in range(len(spans)):
        for other in range(one + 1, len(spans)):
            best = float(_best_diagonal(similarity, *_shorter_first(spans[one], spans[other]))[1].mean())
            found[one, other] = found[other, one] = best
    return found


def pair_features(sounds: BarSounds, one: tuple[int, int], other: tuple[int, int]) -> Scores:
    """Return the features of two sections, shape (len(LABELS),)."""
    short, long = _shorter_first(one, other)
    offset, alike = _best_diagonal(sounds.alike, short, long)
    rows, columns = slice(*short), slice(*long)
    loud, soft = float(sounds.levels[rows].mean()), float(sounds.levels[columns].mean())
    return np.array(
        [
            float(alike.mean()),
            *(
                float(np.diagonal(each[rows, columns], offset).mean())
                for each in (sounds.by_rhythm, sounds.by_spectrum, sounds.by_bass)
            ),
            float(np.quantile(alike, 0.25)),
            float(sounds.by_spectrum[rows, columns].mean()),
            10.0 * abs(loud - soft),
            float(np.log2((long[1] - long[0]) / (short[1] - short[0]))),
        ]
    )


def _shorter_first(one: tuple[int, int], other: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    return (other, one) if one[1] - one[0] > other[1] - other[0] else (one, other)


def _best_diagonal(similarity: Floats, short: tuple[int, int], long: tuple[int, int]) -> tuple[int, Floats]:
    """Return the offset at which sections are most alike, and the similarities of their bars there."""
    block = similarity[short[0] : short[1], long[0] : long[1]]
    rows, columns = block.shape
    least = max(1, int(np.ceil(_LEAST_SHARE * rows)))
    diagonals = (
        (offset, np.diagonal(block, offset))
        for offset in range(-1, columns - rows + 2)
        if min(rows + min(offset, 0), columns - max(offset, 0)) >= least
    )
    return max(diagonals, key=lambda one: float(one[1].mean()))


def groups_of(same: Scores) -> list[int]:
    """Return the group of each section by average linkage, numbered by first appearance.

    Parameters
    ----------
    same : of `same_label`, shape (k, k); groups with a negative mean are not joined
    """
    members = [[section] for section in range(len(same))]
    means = same.astype(np.float64)
    np.fill_diagonal(means, -np.inf)
    while len(members) > 1:
        one, other = sorted(np.unravel_index(int(np.argmax(means)), means.shape))
        if means[one, other] < 0.0:
            break
        weights = len(members[one]), len(members[other])
        joined = np.average(means[[one, other]], axis=0, weights=weights)
        means[one], means[:, one] = joined, joined
        means[one, one] = -np.inf
        members[one] += members.pop(int(other))
        means = np.delete(np.delete(means, other, axis=0), other, axis=1)
    groups = [0] * len(same)
    for number, sections in enumerate(sorted(members, key=min)):
        for section in sections:
            groups[section] = number
    return groups


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
