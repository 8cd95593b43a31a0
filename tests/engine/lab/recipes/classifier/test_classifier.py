"""The classifier of edited against raw: its definition, and what it can and cannot tell."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor, nn

from engine.core.errors import TasteError
from engine.core.progress import SILENT
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.recipes.config import parse_config
from engine.features.taste.anomaly.score import score_file
from engine.features.taste.anomaly.taste import load_taste
from engine.features.taste.anomaly.threshold import auc
from engine.lab.recipes.classifier.network import Classifier, classifier_loss
from engine.lab.recipes.classifier.settings import ClassifierConfig
from tests.engine.conftest import RATE_HZ, TINY, music

BLIND_LOSS = math.log(2.0)


def config(**changes: object) -> ClassifierConfig:
    shared = TINY.model_dump(include=set(ClassifierConfig.model_fields) - {"recipe"})
    found = parse_config({**shared, "recipe": "edited-vs-raw", **changes})
    assert isinstance(found, ClassifierConfig)
    return found


class Loudness(nn.Module):
    """Takes loud segments for raw."""

    def forward(self, segments: Tensor) -> Tensor:
        return segments.mean(dim=(1, 2, 3))


def test_the_loss_by_hand() -> None:
    edited, raw = torch.full((2, 1, 4, 4), -1.0), torch.full((2, 1, 4, 4), -2.0)
    expected = 0.5 * (math.log(1.0 + math.exp(-1.0)) + math.log(1.0 + math.exp(2.0)))
    assert float(classifier_loss(Loudness(), (edited, raw))) == pytest.approx(expected)
    blind = classifier_loss(Loudness(), (0.0 * edited, 0.0 * raw))
    assert float(blind) == pytest.approx(BLIND_LOSS)


def test_a_logit_a_segment() -> None:
    assert Classifier(config()).eval()(torch.zeros(3, 1, 32, 64)).shape == (3,)


def write(folder: Path, name: str, samples: np.ndarray) -> Path:
    soundfile.write(folder / name, samples.astype(np.float32), RATE_HZ, "FLOAT")
    return folder / name


def noise(seconds: float, seed: int) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))


def test_what_only_the_raw_has_is_found_though_most_of_it_was_kept(edited: Path, tmp_path: Path) -> None:
    by_turns = np.arange(24 * RATE_HZ) // (2 * RATE_HZ) % 2 == 0
    raw = write(tmp_path, "raw.wav", np.where(by_turns, music(24.0, seed=2), noise(24.0, 1)))
    learned = learn(LearnRequest((edited,), config(epochs=8), 0, tmp_path / "a.taste", raw=(raw,)), SILENT)
    assert learned.best_loss < BLIND_LOSS
    path = write(tmp_path, "test.wav", np.concatenate([music(8.0, seed=5), noise(8.0, 2)]))
    curve = score_file(load_taste(learned.path), path, SILENT)
    clear = np.abs(curve.times_s - 8.0) > 0.5
    assert auc(curve.times_s[clear] > 8.0, curve.scores[clear].astype(np.float64)) > 0.9


def test_raw_that_is_all_good_teaches_nothing(edited: Path, tmp_path: Path) -> None:
    """Why it was given up: what is kept is in the raw too, and is taught as good and as bad."""
    raw = write(tmp_path, "raw.wav", music(20.0, seed=4))
    learned = learn(LearnRequest((edited,), config(epochs=8), 0, tmp_path / "a.taste", raw=(raw,)), SILENT)
    assert learned.best_loss > 0.9 * BLIND_LOSS


def test_raw_is_asked_for(edited: Path, tmp_path: Path) -> None:
    with pytest.raises(TasteError, match=r"recipe edited-vs-raw.*raw recordings.*--raw"):
        learn(LearnRequest((edited,), config(), 0, tmp_path / "a.taste"), SILENT)


def test_a_seed_gives_one_taste_whatever_was_drawn_before(edited: Path, tmp_path: Path) -> None:
    """Its dropout draws from the one generator that the whole program shares."""
    raw = write(tmp_path, "raw.wav", noise(20.0, 4))
    scores = []
    for drawn in (1, 1_000):
        torch.rand(drawn)
        request = LearnRequest((edited,), config(epochs=2), 0, tmp_path / f"{drawn}.taste", raw=(raw,))
        scores.append(score_file(load_taste(learn(request, SILENT).path), raw, SILENT).scores)
    np.testing.assert_array_equal(*scores)
