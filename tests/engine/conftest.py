"""A small taste, learned once, and sounds to try it on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.core.progress import SILENT
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.taste import Taste, load_taste
from engine.lab.recipes.slicer.settings import SlicerConfig
from tests.engine.analysis.embeddings.tiny_clap import checkpoint

if TYPE_CHECKING:
    from transformers import ClapModel

RATE_HZ = 22_050
TRANSFORMS = 230
TINY = SlicerConfig.model_validate(
    {
        "hidden_dims": [8, 16],
        "latent_dim": 8,
        "epochs": 4,
        "segments_per_epoch": 96,
        "mel": {"rate_hz": RATE_HZ, "n_mels": 32},
    }
)


def music(seconds: float, seed: int = 1) -> NDArray[np.float32]:
    """A chord progression with a pulse, shape (n,): something an autoencoder can learn."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    roots_hz = np.array([220.0, 165.0, 196.0, 247.0])[(time_s // 2.0).astype(int) % 4]
    tone = sum(np.sin(2 * np.pi * roots_hz * ratio * time_s) / ratio for ratio in (1.0, 1.25, 1.5, 3.0))
    pulse = 0.4 + 0.6 * np.exp(-8.0 * (time_s % 0.5))
    noise = 0.01 * rng.standard_normal(time_s.size)
    return (0.2 * tone * pulse + noise).astype(np.float32)


def computing_s() -> float:
    """Return how long this machine computes a fixed piece of work just now; on a quiet one 0.1 s."""
    noise = np.random.default_rng(0).standard_normal(1 << 16)
    begun_s = time.process_time()
    for _ in range(TRANSFORMS):
        np.fft.rfft(noise)
    return time.process_time() - begun_s


class Checks:
    """Progress that measures how much is computed between two looks for a cancel.

    Computing time, not the clock's, and beside a fixed piece of work: a busy machine must not fail a test.
    """

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._last_s = time.process_time()

    @property
    def longest_pieces(self) -> float:
        """The longest time, in fixed pieces of work."""
        return self.longest_s / computing_s()

    def report(self, fraction: float, text: str, **figures: float) -> None:
        """Nobody listens."""

    def check_cancelled(self) -> None:
        now_s = time.process_time()
        self.longest_s = max(self.longest_s, now_s - self._last_s)
        self._last_s = now_s

    def part(self, start: float, stop: float) -> Checks:  # noqa: ARG002
        return self

    def step(self, number: int, count: int) -> Checks:  # noqa: ARG002
        return self


@pytest.fixture
def checks() -> Checks:
    """A progress that measures the time between looks for a cancel."""
    return Checks()


@pytest.fixture(scope="session")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds of music, as it was kept."""
    path = tmp_path_factory.mktemp("edited") / "kept.wav"
    soundfile.write(path, music(20.0), RATE_HZ, "FLOAT")
    return path


@pytest.fixture(scope="session")
def taste_path(edited: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A taste learned from that music with a tiny recipe and seed 3."""
    out = tmp_path_factory.mktemp("taste") / "tiny.taste"
    learn(LearnRequest((edited,), TINY, 3, out), SILENT)
    return out


@pytest.fixture(scope="session")
def taste(taste_path: Path) -> Taste:
    """That taste, loaded."""
    return load_taste(taste_path)


@pytest.fixture(scope="session")
def tiny_clap(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ClapModel]:
    """Return the folder of a checkpoint of CLAP, and the whole model that it holds."""
    folder = tmp_path_factory.mktemp("clap") / "tiny"
    return folder, checkpoint(folder, fusion=False)
