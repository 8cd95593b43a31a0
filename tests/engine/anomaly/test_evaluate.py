"""The figures are scikit-learn's, and the evaluation runs on real music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, jaccard_score, roc_auc_score

from engine.anomaly.evaluate import evaluate
from engine.anomaly.evaluate_kept import evaluate as evaluate_kept
from engine.anomaly.metrics import auc, average_precision, smoothed, time_iou
from engine.errors import UsageError
from engine.progress import SILENT


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


def test_a_short_evaluation_has_every_figure(shared_dir: Path) -> None:
    rows = list(evaluate(shared_dir / "data", short=True, progress=SILENT))
    about_all = {row["metric"]: row for row in rows if row["about"] == "all"}
    assert set(about_all) == {"auc", "average_precision", "time_iou", "time_iou_smoothed"}
    assert any(str(row["about"]).startswith("kind ") for row in rows)
    for row in rows:
        value, baseline = row["value"], row["baseline"]
        assert isinstance(value, float)
        assert isinstance(baseline, dict)
        assert set(baseline) == {"random", "energy"}
        assert 0.0 <= value <= 1.0
    # Three epochs on a minute of music are enough to beat chance.
    figures = about_all["auc"]["baseline"]
    assert isinstance(figures, dict)
    assert float(str(about_all["auc"]["value"])) > figures["random"]
    assert figures["energy"] != 0.5  # it hears something


def test_a_short_evaluation_of_kept_examples_finds_them_again(shared_dir: Path) -> None:
    rows = list(evaluate_kept(shared_dir / "data", short=True, progress=SILENT))
    values = {(row["metric"], row["about"]): float(str(row["value"])) for row in rows}
    assert values["kept_example_of_the_piece", "20 dB quieter"] == 1.0
    assert values["kept_example_found", "20 dB quieter"] >= 0.75
    assert values["kept_example_of_the_piece", "the other half"] >= 0.75
    for row in rows:
        baseline = row["baseline"]
        assert isinstance(baseline, dict)
        assert float(str(row["value"])) > baseline["random"]


def test_a_folder_without_music_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="music is missing"):
        list(evaluate(tmp_path, progress=SILENT))
    with pytest.raises(UsageError, match="music is missing"):
        list(evaluate_kept(tmp_path, progress=SILENT))
    (tmp_path / "music").mkdir()
    with pytest.raises(UsageError, match="no piece of 100 s"):
        list(evaluate(tmp_path, progress=SILENT))
