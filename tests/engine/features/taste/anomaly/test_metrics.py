"""The figures are scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, jaccard_score, roc_auc_score

from engine.features.taste.anomaly.threshold import auc, smoothed
from engine.lab.evaluation.metrics import average_precision, time_iou


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("n", [2, 7, 400])
def test_figures_equal_scikit_learns(n: int, ties: bool, rng: np.random.Generator) -> None:
    for _ in range(20):
        bad = rng.random(n) < 0.4
        bad[:2] = True, False
        scores = rng.random(n) + 0.3 * bad
        if ties:
            scores = np.round(scores, 1)
        assert auc(bad, scores) == pytest.approx(roc_auc_score(bad, scores))
        assert average_precision(bad, scores) == pytest.approx(average_precision_score(bad, scores))


def test_iou_cuts_as_much_as_is_bad(rng: np.random.Generator) -> None:
    bad = rng.random(300) < 0.3
    scores = rng.random(300) + 0.5 * bad
    cut = scores >= np.sort(scores)[-bad.sum()]
    assert time_iou(bad, scores) == pytest.approx(jaccard_score(bad, cut))
    assert time_iou(bad, bad.astype(float)) == 1.0
    assert time_iou(bad, -bad.astype(float)) == 0.0


def test_smoothing_is_a_moving_mean(rng: np.random.Generator) -> None:
    scores = rng.random(50)
    slow = [scores[max(0, i - 2) : i + 3].mean() for i in range(50)]
    np.testing.assert_allclose(smoothed(scores, 5), slow)
    np.testing.assert_allclose(smoothed(scores[:1], 5), scores[:1])
