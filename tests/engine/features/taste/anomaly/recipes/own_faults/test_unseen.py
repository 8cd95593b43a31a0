"""The curve of edited audio that no network had learned: what is stored of it, said of it, and refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import TasteError
from engine.core.progress import SILENT
from engine.features.taste.anomaly.learn import LearnedTaste, LearnRequest, learn
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig
from engine.features.taste.anomaly.score import score_file
from engine.features.taste.anomaly.taste import Taste, load_taste, save_taste
from engine.features.taste.anomaly.threshold import HeldOutCurve, score_of
from tests.engine.conftest import RATE_HZ, music

TINY = OwnFaultsConfig(practice_s=120.0, excerpt_s=30.0, crop_steps=32, width=16, epochs=2, batch_size=8)
LENGTHS_S = (24.0, 30.0)


@pytest.fixture(scope="module")
def edits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("edits")
    for seed, length_s in enumerate(LENGTHS_S):
        soundfile.write(folder / f"{seed}.wav", music(length_s, seed), RATE_HZ, "FLOAT")
    return tuple(sorted(folder.iterdir()))


@pytest.fixture(scope="module")
def learned(edits: tuple[Path, ...]) -> LearnedTaste:
    return learn(LearnRequest(edits, TINY, 0, edits[0].parent / "mine.taste"), SILENT)


@pytest.fixture(scope="module")
def mine(learned: LearnedTaste) -> Taste:
    return load_taste(learned.path)


def test_the_curve_is_of_all_edits_and_its_sentence_on_the_card(learned: LearnedTaste, mine: Taste) -> None:
    curve = mine.held_out_curve
    assert curve is not None
    np.testing.assert_allclose(curve.lengths_s, LENGTHS_S, atol=0.2)
    assert curve.scores.shape[1] == 1 + len(mine.model.part_names)
    assert not curve.is_sufficient
    assert score_of(mine.kept_scores.limit) == pytest.approx(curve.default_limit)
    assert learned.expected
    assert f"{learned.expected}\nThe default threshold is careful" in mine.card


def test_a_taste_of_before_has_no_curve_and_scores_as_it_did(
    mine: Taste, edits: tuple[Path, ...], tmp_path: Path
) -> None:
    save_taste(tmp_path / "before.taste", replace(mine, held_out_curve=None), overwrite=False)
    before = load_taste(tmp_path / "before.taste")
    assert before.held_out_curve is None
    now, then = (score_file(one, edits[0], SILENT) for one in (mine, before))
    assert now.limit == then.limit
    np.testing.assert_array_equal(now.scores, then.scores)


@pytest.mark.parametrize("wrong", ["shape", "order", "length"])
def test_a_damaged_curve_is_refused(wrong: str, mine: Taste, tmp_path: Path) -> None:
    curve = mine.held_out_curve
    assert curve is not None
    scores, lengths_s = {
        "shape": (curve.scores[:, :-1], curve.lengths_s),
        "order": (curve.scores[:, :, ::-1], curve.lengths_s),
        "length": (curve.scores, -curve.lengths_s),
    }[wrong]
    damaged = replace(mine, held_out_curve=HeldOutCurve(np.ascontiguousarray(scores), lengths_s))
    save_taste(tmp_path / "damaged.taste", damaged, overwrite=False)
    with pytest.raises(TasteError, match="is damaged"):
        load_taste(tmp_path / "damaged.taste")
