"""Two tastes on one recording: by the order they give to its moments."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.features.taste.overview.results import (
    MOST_DIFFERENCES,
    PASSAGE_S,
    Origin,
    ScoredRecording,
    compare,
)

HOP_S = 0.2


def scored(scores: NDArray[np.float32], hop_s: float = HOP_S) -> ScoredRecording:
    times_s = hop_s * np.arange(len(scores), dtype=np.float64)
    return ScoredRecording("take", Origin.FILE, None, "", len(scores) * hop_s, times_s, scores, -20.0)


def test_a_taste_agrees_with_itself_however_it_is_scaled(rng: np.random.Generator) -> None:
    scores = rng.random(200, dtype=np.float32)

    same = compare("a", scored(scores), "b", scored(scores**3), 0.7)

    assert np.isclose(same.correlation, 1.0)
    assert same.agreement == 1.0
    assert same.differences == ()
    assert np.isclose(same.cut_share, np.mean(scores >= 0.7))


def test_the_opposite_taste_disagrees_where_both_are_sure() -> None:
    scores = np.linspace(0.0, 1.0, 500, dtype=np.float32)

    both = compare("a", scored(scores), "b", scored(scores[::-1].copy()), 0.5)

    assert np.isclose(both.correlation, -1.0)
    assert both.agreement < 0.01
    assert len(both.differences) == MOST_DIFFERENCES
    first = both.differences[0]
    assert first.start_s == 0.0 or np.isclose(first.stop_s, both.first.duration_s, atol=HOP_S)
    assert abs(first.first - first.second) > 0.9


def test_one_passage_that_only_one_finds_odd_is_found(rng: np.random.Generator) -> None:
    first = 0.3 + 0.01 * rng.random(400, dtype=np.float32)
    second = first.copy()
    second[100:140] = 0.9

    found = compare("a", scored(first), "b", scored(second), 0.5).differences

    assert found[0].start_s < 140 * HOP_S
    assert found[0].stop_s > 100 * HOP_S
    assert np.isclose(found[0].stop_s - found[0].start_s, PASSAGE_S)
    spans = sorted((one.start_s, one.stop_s) for one in found)
    assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(spans))


def test_the_second_may_have_another_hop_or_nothing_to_say() -> None:
    scores = np.sin(np.arange(300) / 20).astype(np.float32) / 2 + np.float32(0.5)
    coarse = scored(scores[::5].copy(), 5 * HOP_S)

    both = compare("a", scored(scores), "b", coarse, 0.5)
    silent = compare("a", scored(scores), "b", scored(np.zeros(0, np.float32)), 0.5)

    assert both.second.scores.shape == scores.shape
    assert both.correlation > 0.99
    assert silent.correlation == 0.0
