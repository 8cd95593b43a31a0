"""Two tastes, or one with two settings, on the same recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.features.taste.overview.results import Comparison, Difference, ScoredRecording

PASSAGE_S = 4.0
"""Length of a passage on which two tastes differ: long enough for a listener."""

MOST_DIFFERENCES = 8

Numbers = NDArray[np.float64]


def compare(
    first_name: str, first: ScoredRecording, second_name: str, second: ScoredRecording, threshold: float
) -> Comparison:
    """Compare the scores of two tastes for one recording, by the order of its moments.

    Scores of two tastes have no common scale, so both cut the same share: that of the first one at
    `threshold`.
    """
    aligned = replace(
        second,
        times_s=first.times_s,
        scores=np.interp(first.times_s, second.times_s, second.scores).astype(np.float32)
        if len(second.scores)
        else np.full(len(first.scores), 0.5, np.float32),
        parts={},
    )
    ranks, others = _ranks(first.scores), _ranks(aligned.scores)
    share = first.share_above(threshold)
    same = (ranks >= 1.0 - share) == (others >= 1.0 - share)
    return Comparison(
        first_name,
        second_name,
        first,
        aligned,
        _correlation(ranks, others),
        share,
        float(same.mean()) if len(same) else 1.0,
        _differences(first.times_s, ranks, others),
    )


def _ranks(scores: NDArray[np.float32]) -> Numbers:
    """Return how much of the recording scores less than each moment, 0 to 1; equal scores share a rank."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - (counts + 1) / 2
    ranks: Numbers = (below / max(len(scores) - 1, 1))[inverse]
    return ranks


def _correlation(ranks: Numbers, others: Numbers) -> float:
    if len(ranks) < 2 or ranks.std() == 0.0 or others.std() == 0.0:
        return 0.0
    return float(np.corrcoef(ranks, others)[0, 1])


def _differences(times_s: Numbers, ranks: Numbers, others: Numbers) -> tuple[Difference, ...]:
    """Return the passages whose mean ranks differ most, none overlapping another."""
    if len(times_s) < 2:
        return ()
    hop_s = float(times_s[1] - times_s[0])
    width = min(max(1, round(PASSAGE_S / hop_s)), len(times_s))
    windows = np.stack([np.concatenate([[0.0], np.cumsum(one)]) for one in (ranks, others)])
    means = (windows[:, width:] - windows[:, :-width]) / width
    gaps = np.abs(means[0] - means[1])
    found: list[Difference] = []
    while len(found) < MOST_DIFFERENCES and gaps.max() > 0.0:
        at = int(gaps.argmax())
        start_s = max(0.0, float(times_s[at]) - hop_s / 2)
        found.append(Difference(start_s, start_s + width * hop_s, float(means[0, at]), float(means[1, at])))
        gaps[max(0, at - width + 1) : at + width] = 0.0
    return tuple(found)
