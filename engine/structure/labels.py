"""Labels of sections: sections whose bars are alike one by one, from a bar on, get the same label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ALIKE = 0.53
"""Groups of sections with a lower mean similarity do not have the same label."""
_LEAST_SHARE = 0.6
"""Minimum share of the shorter section inside the longer one."""


def section_similarity(similarity: Floats, spans: Sequence[tuple[int, int]]) -> Floats:
    """Return the similarity of each section to each other, at the best offset, shape (k, k).

    Parameters
    ----------
    similarity : of bars, shape (n, n)
    spans : bars [first, last) of each section
    """
    found = np.eye(len(spans), dtype=np.float32)
    for one in range(len(spans)):
        for other in range(one + 1, len(spans)):
            found[one, other] = found[other, one] = _of_pair(similarity, spans[one], spans[other])
    return found


def _of_pair(similarity: Floats, one: tuple[int, int], other: tuple[int, int]) -> float:
    if one[1] - one[0] > other[1] - other[0]:
        one, other = other, one
    block = similarity[one[0] : one[1], other[0] : other[1]]
    short, long = block.shape
    least = max(1, int(np.ceil(_LEAST_SHARE * short)))
    means = [
        float(np.diagonal(block, offset).mean())
        for offset in range(-1, long - short + 2)
        if min(short + min(offset, 0), long - max(offset, 0)) >= least
    ]
    return max(means)


def groups_of(alike: Floats) -> list[int]:
    """Return the group of each section by average linkage, numbered by first appearance.

    Parameters
    ----------
    alike : of `section_similarity`, shape (k, k)
    """
    members = [[section] for section in range(len(alike))]
    means = alike.astype(np.float64)
    np.fill_diagonal(means, -np.inf)
    while len(members) > 1:
        one, other = sorted(np.unravel_index(int(np.argmax(means)), means.shape))
        if means[one, other] < ALIKE:
            break
        weights = len(members[one]), len(members[other])
        joined = np.average(means[[one, other]], axis=0, weights=weights)
        means[one], means[:, one] = joined, joined
        means[one, one] = -np.inf
        members[one] += members.pop(int(other))
        means = np.delete(np.delete(means, other, axis=0), other, axis=1)
    groups = [0] * len(alike)
    for number, sections in enumerate(sorted(members, key=min)):
        for section in sections:
            groups[section] = number
    return groups
