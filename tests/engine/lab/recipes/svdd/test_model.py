"""A learned Deep SVDD: what it says of a stream, and that it says the same after a way to the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray

from engine.analysis.embeddings import registry
from engine.analysis.embeddings.preparation import PLAYING_LEVEL_DB
from engine.core.errors import TasteError
from engine.core.progress import SILENT
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.recipes.embedded import embeddings
from engine.features.taste.anomaly.score import score_blocks, score_file
from engine.features.taste.anomaly.taste import Taste, load_taste, save_taste
from engine.lab.recipes.svdd.model import PART_NAMES, SvddModel
from engine.lab.recipes.svdd.settings import DeepSvddConfig
from tests.engine.conftest import RATE_HZ, music

CONFIG = DeepSvddConfig.model_validate(
    {
        "hidden_dims": [16, 8],
        "epochs": 30,
        "learning_rate": 3e-3,
        "window_s": 2.0,
        "hop_s": 0.5,
        "mel": {"rate_hz": RATE_HZ, "n_mels": 32},
    }
)


@pytest.fixture(scope="module")
def svdd_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A taste of forty seconds of music."""
    folder = tmp_path_factory.mktemp("svdd")
    for seed, seconds in enumerate((26.0, 14.0)):
        soundfile.write(folder / f"{seed}.wav", music(seconds, seed), RATE_HZ, "FLOAT")
    out = folder / "svdd.taste"
    learn(LearnRequest((folder / "0.wav", folder / "1.wav"), CONFIG, 1, out), SILENT)
    return out


@pytest.fixture
def taste(svdd_path: Path) -> Taste:
    return load_taste(svdd_path)


def model_of(taste: Taste) -> SvddModel:
    assert isinstance(taste.model, SvddModel)
    return taste.model


def cut(samples: NDArray[np.float32], length: int) -> Iterator[NDArray[np.float32]]:
    return (samples[start : start + length] for start in range(0, len(samples), length))


def test_the_score_is_the_log_of_the_squared_distance(taste: Taste) -> None:
    model = model_of(taste)
    vectors = model.embedder.embed(music(6.0, 3)[: 6 * RATE_HZ].reshape(3, -1))
    judged = model.judge_vectors(vectors)
    scaled = (torch.tensor(vectors) - model.standardisation.mean) / model.standardisation.std
    with torch.no_grad():
        squared = ((model.networks.encoder(scaled) - model.networks.centre) ** 2).sum(dim=1)
        rebuilt = model.networks.autoencoder(scaled)
    np.testing.assert_allclose(np.exp(judged.own), squared.numpy(), rtol=1e-5)
    np.testing.assert_array_equal(judged.parts[:, 0], judged.own)
    errors = ((rebuilt - scaled) ** 2).mean(dim=1)
    np.testing.assert_allclose(np.exp(judged.parts[:, 1]), errors.numpy(), rtol=1e-5)


@pytest.mark.parametrize("block", [97, 4_410, 500_000])
def test_a_stream_is_judged_as_its_windows_are_one_by_one(taste: Taste, block: int) -> None:
    model, samples, level_db = model_of(taste), music(7.3, 4), -12.0
    assert model.embedder.rate_hz == RATE_HZ  # so that nothing is resampled, and windows can be cut by hand
    heard = embeddings(cut(samples, block), level_db, CONFIG, model.embedder, iter)
    found = np.concatenate(list(heard))
    gain = np.float32(10.0 ** ((PLAYING_LEVEL_DB - level_db) / 20.0))
    whole = [samples[start : start + 2 * RATE_HZ] for start in range(0, 12 * RATE_HZ // 2, RATE_HZ // 2)]
    slow = np.stack([model.embedder.embed(gain * one[None])[0] for one in whole if len(one) == 2 * RATE_HZ])
    np.testing.assert_allclose(found[: len(slow)], slow, rtol=1e-3, atol=1e-3)
    assert len(found) == len(slow) + 1  # the last is filled up


def test_a_short_recording_has_one_score_in_its_middle_and_an_empty_one_none(taste: Taste) -> None:
    scores = score_blocks(taste, [music(0.8, 5)], RATE_HZ, 1, SILENT, level_db=-20.0)
    assert scores.times_s.tolist() == pytest.approx([0.4])
    assert len(scores.scores) == len(scores.parts[PART_NAMES[0]]) == 1
    empty = score_blocks(taste, [], RATE_HZ, 0, SILENT, level_db=0.0)
    assert len(empty.scores) == 0
    assert set(empty.parts) == set(PART_NAMES)


def test_noise_is_odder_than_music_however_loud_either_is(taste: Taste, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    noise = 0.1 * rng.standard_normal(8 * RATE_HZ)
    sounds = {"music": music(8.0, 8), "quiet": 0.05 * music(8.0, 8), "noise": noise, "soft": 0.1 * noise}
    scores = {}
    for name, samples in sounds.items():
        soundfile.write(tmp_path / f"{name}.wav", samples, RATE_HZ, "FLOAT")
        scores[name] = score_file(taste, tmp_path / f"{name}.wav", SILENT).scores
    assert np.median(scores["music"]) < 0.9 < min(scores["noise"].min(), scores["soft"].min())
    np.testing.assert_allclose(scores["quiet"], scores["music"], atol=0.02)


def test_a_taste_written_again_is_the_same(taste: Taste, svdd_path: Path, tmp_path: Path) -> None:
    save_taste(tmp_path / svdd_path.name, taste, overwrite=False)
    assert (tmp_path / svdd_path.name).read_bytes() == svdd_path.read_bytes()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("centre", torch.zeros(3)),
        ("std", torch.zeros(600)),
        ("encoder.0.0.weight", torch.zeros(2, 2)),
        ("autoencoder.out.weight", None),
    ],
)
def test_a_taste_that_does_not_fit_is_damaged(
    taste: Taste, tmp_path: Path, name: str, value: torch.Tensor | None
) -> None:
    model = model_of(taste)

    class Wrong(SvddModel):
        def tensors(self) -> dict[str, torch.Tensor]:
            right = {key: one for key, one in model.tensors().items() if key != name}
            return right if value is None else {**right, name: value}

    object.__setattr__(
        taste, "model", Wrong(model.config, model.embedder, model.networks, model.standardisation)
    )
    save_taste(tmp_path / "wrong.taste", taste, overwrite=False)
    with pytest.raises(TasteError, match="is damaged"):
        load_taste(tmp_path / "wrong.taste")


def test_a_taste_of_another_embedding_is_refused(taste: Taste, tmp_path: Path) -> None:
    model = model_of(taste)

    class Older(SvddModel):
        def facts(self) -> dict[str, object]:
            return {"embedding": "statistics-0"}

    object.__setattr__(
        taste, "model", Older(model.config, model.embedder, model.networks, model.standardisation)
    )
    save_taste(tmp_path / "older.taste", taste, overwrite=False)
    with pytest.raises(TasteError, match="learned on the embedding statistics-0"):
        load_taste(tmp_path / "older.taste")
    assert registry.embedder(CONFIG.embedding).name == model.embedder.name
