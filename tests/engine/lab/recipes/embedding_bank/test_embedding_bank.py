"""The recipe that compares embeddings: what it learns, scores, stores and refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from engine.analysis.embeddings.preparation import default_folder, prepare
from engine.analysis.embeddings.registry import default_embedder
from engine.core.errors import TasteError
from engine.core.progress import SILENT
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.recipes.config import load_config
from engine.features.taste.anomaly.recipes.embedded import hearing_of
from engine.features.taste.anomaly.recipes.memory import Memory, held_out
from engine.features.taste.anomaly.score import score_file
from engine.features.taste.anomaly.taste import Taste, load_taste
from engine.lab.recipes.embedding_bank.model import EmbeddingBankModel
from engine.lab.recipes.embedding_bank.settings import EmbeddingBankConfig
from engine.sound.reader import content_hash
from tests.engine.conftest import RATE_HZ, music

CONFIG = EmbeddingBankConfig()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("kept")
    paths = tuple(folder / f"{number}.wav" for number in range(2))
    for number, path in enumerate(paths):
        soundfile.write(path, music(8.0 + number, seed=number), RATE_HZ, "FLOAT")
    return paths


@pytest.fixture(scope="module")
def taste_path(kept: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bank")
    with pytest.MonkeyPatch.context() as patch:  # the cache of a single test does not live so long
        patch.setenv("OFFCUT_CACHE", str(folder))
        learn(LearnRequest(kept, CONFIG, 0, folder / "bank.taste"), SILENT)
    return folder / "bank.taste"


@pytest.fixture
def taste(taste_path: Path, monkeypatch: pytest.MonkeyPatch) -> Taste:
    monkeypatch.setenv("OFFCUT_CACHE", str(taste_path.parent))
    return load_taste(taste_path)


def test_kept_windows_score_a_half_on_average_and_noise_more(
    taste: Taste, kept: tuple[Path, ...], tmp_path: Path, rng: np.random.Generator
) -> None:
    model = taste.model
    assert isinstance(model, EmbeddingBankModel)
    embedder, hearing = default_embedder(), hearing_of(CONFIG)
    vectors = [np.asarray(prepare(path, embedder, hearing, default_folder()).vectors) for path in kept]
    columns = [held_out(vectors, 4, measure) for measure in (Memory.log_nearest, Memory.log_residual)]
    left_out = np.column_stack([np.concatenate(column) for column in columns])
    np.testing.assert_allclose(model.usual.means, left_out.mean(axis=0))
    assert taste.kept_scores.mean == pytest.approx(0.0, abs=1e-9)
    assert taste.kept_scores.std == pytest.approx(model.usual.judged(left_out).own.std())
    noise = tmp_path / "noise.wav"
    soundfile.write(noise, 0.1 * rng.standard_normal(6 * RATE_HZ), RATE_HZ)
    music_scores, noise_scores = (score_file(taste, path, SILENT).scores for path in (kept[0], noise))
    assert noise_scores.min() > 0.9 > music_scores.max()


def test_scores_are_those_of_prepared_windows(taste: Taste, kept: tuple[Path, ...]) -> None:
    scores = score_file(taste, kept[1], SILENT)
    assert isinstance(taste.model, EmbeddingBankModel)
    vectors = prepare(kept[1], default_embedder(), hearing_of(CONFIG), default_folder()).vectors
    logs = taste.model.logs(np.asarray(vectors))
    z = (logs - np.array(taste.kept_scores.part_means)) / np.array(taste.kept_scores.part_stds)
    np.testing.assert_allclose(scores.parts["unlike-kept"], z[:, 0], atol=1e-3)
    np.testing.assert_allclose(scores.times_s, 1.0 + 0.5 * np.arange(len(z)))


def test_what_is_shorter_than_a_window_is_scored_once(taste: Taste, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hit.wav", music(0.6), RATE_HZ)
    scores = score_file(taste, tmp_path / "hit.wav", SILENT)
    assert len(scores.scores) == 1
    assert scores.times_s[0] == pytest.approx(0.3, abs=0.01)


def test_embeddings_are_kept_and_taken_again(taste: Taste, kept: tuple[Path, ...]) -> None:
    assert taste.config == CONFIG
    names = {path.name.split("-")[0] for path in default_folder().iterdir()}
    assert names == {content_hash(path) for path in kept}


def test_a_taste_of_another_embedding_is_refused(taste_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(default_embedder(), name="statistics-0")  # type: ignore[type-var]
    monkeypatch.setattr("engine.analysis.embeddings.registry.EMBEDDINGS", {"statistics": lambda: other})
    with pytest.raises(TasteError, match="learned on the embedding statistics-1, here is statistics-0"):
        load_taste(taste_path)


def test_settings_that_cannot_be_are_refused(tmp_path: Path) -> None:
    for wrong in ({"hop_s": 3.0}, {"measures": ()}, {"measures": ("nearest", "nearest")}):
        with pytest.raises(ValidationError):
            EmbeddingBankConfig.model_validate(wrong)
    (tmp_path / "bank.yaml").write_text("recipe: embedding-bank\nembedding: clap\nwindow_s: 10\n")
    assert load_config(tmp_path / "bank.yaml") == EmbeddingBankConfig(embedding="clap", window_s=10.0)
