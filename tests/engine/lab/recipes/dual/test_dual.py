"""The dual autoencoder against its definition, and what it can and cannot tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from engine.analysis.learning.loop import seeded
from engine.core.errors import TasteError
from engine.core.progress import SILENT
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.recipes.config import parse_config
from engine.features.taste.anomaly.score import score_file
from engine.features.taste.anomaly.taste import Taste, load_taste
from engine.features.taste.anomaly.threshold import auc
from engine.lab.recipes.dual.network import DualAutoencoder, dual_loss
from engine.lab.recipes.dual.settings import DualConfig
from tests.engine.conftest import RATE_HZ, TINY, music

SMALL = DualConfig.model_validate(
    {"hidden_dims": [2, 4], "latent_dim": 3, "segment_frames": 16, "mel": {"n_mels": 8}}
)


def config(**changes: object) -> DualConfig:
    shared = TINY.model_dump(include=set(DualConfig.model_fields) - {"recipe"})
    found = parse_config({**shared, "recipe": "dual-ae", **changes})
    assert isinstance(found, DualConfig)
    return found


def test_the_encoder_is_shared_and_the_decoders_are_not() -> None:
    network = DualAutoencoder(SMALL)
    parts = {tuple(name.split(".")[:2]) for name in network.state_dict()}
    decoder = {"unsqueeze", "up", "out"}
    assert {part for kind, part in parts if kind == "edited"} == decoder | {"down", "squeeze"}
    assert {part for kind, part in parts if kind == "raw"} == decoder
    as_edited, as_raw = network(torch.zeros(2, 1, 8, 16))
    assert as_edited.shape == as_raw.shape == (2, 1, 8, 16)


def test_each_decoder_learns_its_own_kind_and_the_encoder_both() -> None:
    with seeded(0):
        network = DualAutoencoder(SMALL)
        edited, raw = torch.randn(4, 1, 8, 16), torch.randn(4, 1, 8, 16)
    network.eval()  # normalised by what is stored, so that the two kinds do not meet in a batch
    loss = dual_loss(network, (edited, raw))
    expected = (network(edited)[0] - edited).square().mean() + (network(raw)[1] - raw).square().mean()
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert all(weight.grad is not None for weight in network.parameters())
    network.zero_grad()
    (network(raw)[1] - raw).square().mean().backward()
    assert network.edited.out.weight.grad is None
    assert network.edited.down[0][0].weight.grad is not None


def write(folder: Path, name: str, samples: np.ndarray) -> Path:
    soundfile.write(folder / name, samples.astype(np.float32), RATE_HZ, "FLOAT")
    return folder / name


def noise(seconds: float, seed: int) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))


def taught(edited: Path, raw: Path, folder: Path, epochs: int) -> Taste:
    out = folder / "dual.taste"
    learn(LearnRequest((edited,), config(epochs=epochs), 0, out, raw=(raw,)), SILENT)
    return load_taste(out)


def test_what_the_raw_has_and_the_edited_has_not_is_found(edited: Path, tmp_path: Path) -> None:
    taste = taught(edited, write(tmp_path, "raw.wav", noise(20.0, 1)), tmp_path, epochs=6)
    path = write(tmp_path, "test.wav", np.concatenate([music(8.0, seed=5), noise(8.0, 2)]))
    curve = score_file(taste, path, SILENT)
    clear = np.abs(curve.times_s - 8.0) > 0.5
    assert auc(curve.times_s[clear] > 8.0, curve.scores[clear].astype(np.float64)) > 0.95
    assert taste.model.part_names == ("rebuilt-as-edited", "rebuilt-as-raw")
    assert all(len(part) == len(curve.scores) for part in curve.parts.values())


def test_raw_like_the_edited_teaches_both_decoders_the_same(edited: Path, tmp_path: Path) -> None:
    """Why it was given up: what is in both is rebuilt alike, and the difference of errors says nothing."""
    taste = taught(edited, write(tmp_path, "raw.wav", music(20.0, seed=4)), tmp_path, epochs=12)
    kept = taste.kept_scores
    as_edited, as_raw = kept.part_means[0], -kept.part_means[1]
    assert abs(kept.mean) < 0.1 * as_edited
    assert as_edited == pytest.approx(as_raw, rel=0.1)


def test_raw_is_asked_for(edited: Path, tmp_path: Path) -> None:
    with pytest.raises(TasteError, match=r"recipe dual-ae.*raw recordings.*--raw"):
        learn(LearnRequest((edited,), config(), 0, tmp_path / "a.taste"), SILENT)
