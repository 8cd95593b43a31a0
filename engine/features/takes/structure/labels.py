"""Labels of sections: those that are likely to be the same music get the same one.

How likely that is follows from how alike their bars are one by one, from a bar on, from their sound and
their lengths, by a logistic regression with learned weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.features.takes.structure.similarity import BarSounds
from engine.features.takes.structure.weights import OF_LABELS, SAME_LABEL

Floats = NDArray[np.float32]
Scores = NDArray[np.float64]

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
