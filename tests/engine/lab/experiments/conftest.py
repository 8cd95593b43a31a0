"""A small experiment: four recordings, small networks, short windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from engine.core.progress import SILENT
from engine.lab.experiments.recordings import PreparedRecordings
from engine.lab.recipes.svdd.settings import DeepSvddConfig
from tests.engine.conftest import music

RATE_HZ = 16_000
SETTINGS: dict[str, object] = {
    "epochs": 4,
    "learning_rate": 3e-3,
    "hidden_dims": [16, 8],
    "window_s": 2.0,
    "mel": {"rate_hz": RATE_HZ, "n_mels": 32},
}


@pytest.fixture(scope="session")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a folder in it: three recordings of seven to twelve seconds, and a file that is none."""
    folder = tmp_path_factory.mktemp("audio")
    (folder / "older").mkdir()
    for seed, (name, seconds) in enumerate({"a.wav": 12.0, "b.wav": 8.0, "older/c.flac": 7.0}.items()):
        samples = music(seconds, seed)[: round(seconds * RATE_HZ)]
        soundfile.write(folder / name, samples.astype(np.float32), RATE_HZ)
    (folder / "notes.txt").write_text("no audio")
    return folder


@pytest.fixture(scope="session")
def material(audio: Path) -> PreparedRecordings:
    """The same, embedded once for all tests."""
    material = PreparedRecordings(audio, seed=0)
    material.prepared(DeepSvddConfig.model_validate(SETTINGS), SILENT)
    return material


@pytest.fixture
def experiment_path(tmp_path: Path, audio: Path) -> Path:
    """An experiment with two networks, in a file that inherits from another."""
    (tmp_path / "base.yaml").write_text(yaml.safe_dump({"settings": SETTINGS}))
    path = tmp_path / "two.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "base": "base.yaml",
                "audio": str(audio),
                "networks": ["AE", "Baseline"],
                "tune": {
                    "learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
                    "batch_size": {"low": 8, "high": 32},
                    "hidden_dims": {"choices": [[16, 8], [8]]},
                },
            }
        )
    )
    return path
